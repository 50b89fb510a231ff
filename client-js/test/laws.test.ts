// The laws of ot/doc.go, by number.

import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  apply,
  checkKind,
  compose,
  Content,
  contentHash,
  decodeOp,
  diff,
  encodeOp,
  equal,
  fromWire,
  invert,
  lengthOf,
  type Op,
  type Side,
  split,
  StoredLimits,
  targetLength,
  toWire,
  transform,
  transformOffset,
  validate,
} from "../src/op.js"
import { splitsPair } from "../src/text.js"
import { carryOut, concurrent, content, plan, sequence } from "./arbitrary.js"

const sides: Side[] = ["left", "right"]

function same(got: Op, want: Op, law: string): void {
  validate(got, StoredLimits) // L5
  assert.equal(JSON.stringify(toWire(got)), JSON.stringify(toWire(want)), law)
}

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { numRuns: 3000 })
}

test("L1: composing is applying one after the other", () => {
  check(sequence(2), ({ doc, ops: [a, b] }) => {
    same(apply(doc, compose(a!, b!)), apply(apply(doc, a!), b!), "L1")
  })
})

test("L2: compose is associative", () => {
  check(sequence(3), ({ ops: [a, b, c] }) => {
    same(compose(compose(a!, b!), c!), compose(a!, compose(b!, c!)), "L2")
  })
})

test("L3: TP1", () => {
  check(concurrent(2), ({ doc, ops: [a, b] }) => {
    const ab = apply(apply(doc, a!), transform(b!, a!, "left"))
    same(ab, apply(apply(doc, b!), transform(a!, b!, "right")), "L3")
  })
})

test("L4: invert", () => {
  check(concurrent(1), ({ doc, ops: [a] }) => {
    same(apply(apply(doc, a!), invert(a!, doc)), doc, "L4")
  })
})

test("L6: decoding and encoding", () => {
  check(concurrent(1), ({ ops: [a] }) => {
    const bytes = encodeOp(a!)
    const back = decodeOp(bytes)
    assert.ok(equal(back, a!))
    assert.deepEqual(encodeOp(back), bytes)
    assert.ok(equal(fromWire(JSON.parse(JSON.stringify(toWire(a!)))), a!))
  })
})

test("L7: transforming over a composition is transforming one by one", () => {
  check(fc.tuple(content, plan, plan, plan), ([doc, pa, pb, pc]) => {
    const a = carryOut(pa, doc)
    const b = carryOut(pb, doc)
    const c = carryOut(pc, apply(doc, b))
    // With side right it does not hold: on "A", "x" at 0 over (delete A, then "y" at 0) is "xy" as a whole and "yx" in parts.
    // TP1 makes that the same as composing the first argument. A client moves what is pending with side left.
    same(transform(a, compose(b, c), "left"), transform(transform(a, b, "left"), c, "left"), "L7")
    for (let k = 0; k <= targetLength(doc); k++) {
      assert.equal(transformOffset(compose(b, c), k, "left"), transformOffset(c, transformOffset(b, k, "left"), "left"), `L7 offset ${k}`)
    }
  })
})

test("L8: the empty op", () => {
  check(concurrent(1), ({ doc, ops: [a] }) => {
    same(compose(a!, []), a!, "L8")
    same(compose([], a!), a!, "L8")
    for (const side of sides) {
      same(transform(a!, [], side), a!, "L8")
      same(transform([], a!, side), [], "L8")
    }
    same(apply(doc, []), doc, "L8")
    same(invert([], doc), [], "L8")
  })
})

test("an insert is where a caret of its side goes", () => {
  check(concurrent(1), ({ doc, ops: [a] }) => {
    for (let k = 0; k <= targetLength(doc); k++) {
      const before = transformOffset(a!, k, "left")
      const after = transformOffset(a!, k, "right")
      assert.ok(before <= after)
      // An insert of one at k, made at the same time, lands where the caret goes.
      const mark: Op = k === 0 ? [{ insert: "^" }] : [{ retain: k }, { insert: "^" }]
      for (const side of sides) {
        const moved = transform(mark, a!, side)
        const first = moved[0]!
        const at = "retain" in first ? lengthOf(first) : 0
        assert.equal(at, side === "left" ? before : after)
      }
    }
  })
})

test("diff makes one content of another, and touches no half of a pair", () => {
  check(fc.tuple(content, content), ([a, b]) => {
    const d = diff(a, b)
    same(apply(a, d), b, "diff")
    const text = Content.of(a).text
    let at = 0
    for (const c of d) {
      if ("retain" in c || "delete" in c) at += lengthOf(c)
      assert.ok(!splitsPair(text, at))
    }
  })
})

test("split: the parts make the whole", () => {
  check(fc.tuple(concurrent(1), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 4 })), ([{ ops }, units, components]) => {
    let whole: Op = []
    let rest = ops[0]!
    for (let n = 0; rest.length > 0; n++) {
      assert.ok(n < 100, "split comes to no end")
      const [head, tail] = split(rest, units, components)
      validate(head)
      validate(tail)
      same(compose(head, tail), rest, "split")
      assert.ok(head.length > 0 && head.length <= components)
      const inserted = head.reduce((sum, c) => sum + ("insert" in c ? c.insert.length : 0), 0)
      assert.ok(inserted <= Math.max(units, 2))
      whole = compose(whole, head)
      rest = tail
    }
    same(whole, ops[0]!, "split")
  })
})

test("the hash is of the content, not of how it came about", () => {
  check(sequence(2), ({ doc, ops: [a, b] }) => {
    const one = Content.of(doc).apply(a!).apply(b!)
    const two = Content.of(doc).apply(compose(a!, b!))
    assert.equal(one.hash(), two.hash())
    assert.equal(one.hash(), contentHash(decodeOp(encodeOp(one.toOp()), StoredLimits)))
    assert.ok(one.equals(two) && Number.isSafeInteger(one.hash()))
  })
})

test("a plain document takes the same way as a rich one", () => {
  check(fc.tuple(content, plan, plan), ([doc, pa]) => {
    const plain = Content.ofText(Content.of(doc).text)
    const op = carryOut(pa, plain.toOp()).flatMap((c) => ("embed" in c || ("attrs" in c && c.attrs) ? [] : [c]))
    let usable = true
    try {
      validate(op)
      plain.check(op)
    } catch {
      usable = false
    }
    fc.pre(usable)
    checkKind(op, "text")
    same(plain.apply(op).toOp(), compose(plain.toOp(), op), "plain")
  })
})
