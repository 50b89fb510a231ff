// The vectors that Go and TypeScript share: testdata/ot/*.jsonl, one case a line.

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import {
  apply,
  checkKind,
  compose,
  contentHash,
  decodeOp,
  encodeOp,
  fromWire,
  invert,
  type Op,
  OpError,
  type Side,
  StoredLimits,
  toWire,
  transform,
  transformOffset,
  transformRange,
} from "../src/op.js"

interface Vector {
  readonly name: string
  readonly fn: string
  readonly [field: string]: unknown
}

const dir = join(process.cwd(), "../testdata/ot")

/** Each answers what is held against want. */
const functions: Record<string, (v: Vector) => unknown> = {
  apply: (v) => toWire(apply(doc(v.doc), op(v.op))),
  compose: (v) => toWire(compose(op(v.a), op(v.b))),
  transform: (v) => toWire(transform(op(v.a), op(v.over), v.side as Side)),
  invert: (v) => toWire(invert(op(v.op), doc(v.doc))),
  offset: (v) => transformOffset(op(v.op), v.offset as number, v.side as Side),
  range: (v) => {
    const { anchor, head } = transformRange(op(v.op), { anchor: v.anchor as number, head: v.head as number }, v.side as Side)
    return [anchor, head]
  },
  encode: (v) => {
    assert.deepEqual(toWire(decodeOp(bytes(v.hex))), v.op)
    return hex(encodeOp(op(v.op)))
  },
  hash: (v) => contentHash(doc(v.doc)),
}

/** Each must throw the error that the vector names. */
const refusals: Record<string, (v: Vector) => unknown> = {
  "decode-refuse": (v) => decodeOp(bytes(v.hex)),
  refuse: (v) => fromWire(v.op),
  "apply-refuse": (v) => apply(doc(v.doc), op(v.op)),
  "compose-refuse": (v) => compose(op(v.a), op(v.b)),
  "kind-refuse": (v) => checkKind(op(v.op), "text"),
}

function op(x: unknown): Op {
  return fromWire(x)
}

function doc(x: unknown): Op {
  return fromWire(typeof x === "string" ? (x === "" ? [] : [x]) : x, StoredLimits)
}

function bytes(x: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(x as string, "hex"))
}

function hex(b: Uint8Array): string {
  return Buffer.from(b).toString("hex")
}

function check(v: Vector): void {
  const fn = functions[v.fn]
  const refusal = refusals[v.fn]
  if (fn !== undefined) {
    assert.deepEqual(fn(v), v.fn === "encode" ? v.hex : v.want)
  } else if (refusal !== undefined) {
    assert.throws(
      () => refusal(v),
      (err) => err instanceof OpError && (assert.equal(err.code, v.error), true),
    )
  } else {
    assert.fail("no such function")
  }
}

let found = 0
for (const file of readdirSync(dir).filter((name) => name.endsWith(".jsonl")).sort()) {
  test(`vectors of ${file}`, () => {
    const failures: string[] = []
    for (const line of readFileSync(join(dir, file), "utf8").split("\n")) {
      if (line.trim() === "") continue
      const v = JSON.parse(line) as Vector
      found++
      try {
        check(v)
      } catch (err) {
        failures.push(`${v.fn}: ${v.name}: ${(err as Error).message}`)
      }
    }
    assert.equal(failures.length, 0, failures.join("\n"))
  })
}

test("there are vectors", () => {
  assert.ok(found >= 300, `${found} vectors in ${dir}, at least 300 are expected`)
})
