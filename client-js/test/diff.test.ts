import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { apply, Content, diff, fromWire, lengthOf, type Op, toWire, validate } from "../src/op.js"

/** Inserted and deleted code units. */
function edits(op: Op): number {
  return op.reduce((n, c) => n + ("retain" in c ? 0 : lengthOf(c)), 0)
}

/** The edits of a smallest difference, by the plain table. */
function fewest(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(a[i - 1] === b[j - 1] ? row[j - 1]! : 1 + Math.min(row[j]!, next[j - 1]!))
    }
    row = next
  }
  return row[b.length]!
}

function random(seed: number): (n: number) => number {
  return (n) => (seed = (seed * 48271) % 2147483647) % n
}

test("diff: named cases", () => {
  const rows: [a: unknown[], b: unknown[], want: unknown[]][] = [
    [[], [], []],
    [["abc"], ["abc"], []],
    [[], ["abc"], ["abc"]],
    [["abc"], [], [-3]],
    [["abc"], ["axc"], [1, -1, "x"]],
    [["😀"], ["😁"], [-2, "😁"]], // they share a half
    [["a😀b"], ["a😀😀b"], [3, "😀"]],
    [["\u{1f600}"], ["\u{1fa00}"], [-2, "\u{1fa00}"]],
    [["ab"], [["ab", "bold", true]], [-2, ["ab", "bold", true]]],
    [[[null, "i", "x"], "a"], [[null, "i", "y"], "a"], [-1, [null, "i", "y"]]],
    [[["a", "k", 1], "b"], ["b"], [-1]],
  ]
  for (const [a, b, want] of rows) assert.deepEqual(toWire(diff(fromWire(a), fromWire(b))), want)
})

test("diff: the fewest edits", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 24 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      const d = diff(Content.ofText(a), Content.ofText(b))
      validate(d)
      assert.equal(Content.ofText(a).apply(d).text, b)
      assert.equal(edits(d), fewest(a, b))
    }),
    { numRuns: 20_000 },
  )
})

test("diff: few edits in a long text are found exactly", () => {
  const next = random(7)
  const a = Array.from({ length: 300_000 }, () => String.fromCharCode(97 + next(20)))
  const b = [...a]
  for (let i = 0; i < 200; i++) b.splice(next(b.length), next(2), "X")
  const started = performance.now()
  const d = diff(Content.ofText(a.join("")), Content.ofText(b.join("")))
  assert.equal(apply(Content.ofText(a.join("")), d).text, b.join(""))
  assert.ok(edits(d) <= 400, `${edits(d)} edits`)
  assert.ok(performance.now() - started < 20_000)
})

test("diff: texts with nothing in common come to an end", () => {
  const next = random(11)
  const one = Array.from({ length: 400_000 }, () => String.fromCharCode(97 + next(3))).join("")
  const two = Array.from({ length: 400_000 }, () => String.fromCharCode(97 + next(3))).join("")
  const started = performance.now()
  const d = diff(Content.ofText(one), Content.ofText(two))
  assert.equal(apply(Content.ofText(one), d).text, two)
  assert.ok(performance.now() - started < 20_000)
})

test("diff: beyond the reach it is coarser, and still keeps most of what is kept", () => {
  const next = random(13)
  const a = Array.from({ length: 50_000 }, () => String.fromCharCode(97 + next(20)))
  const b = [...a]
  for (let i = 0; i < 3000; i++) b.splice(next(b.length), 1, "X")
  const d = diff(Content.ofText(a.join("")), Content.ofText(b.join("")))
  assert.equal(apply(Content.ofText(a.join("")), d).text, b.join(""))
  assert.ok(edits(d) < 9000, `${edits(d)} edits where 6000 would do`)
})
