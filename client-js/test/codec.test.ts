import assert from "node:assert/strict"
import { test } from "node:test"
import { Encoder } from "@msgpack/msgpack"
import fc from "fast-check"
import { decodeOp, encodeOp, fromWire, OpError, type OpErrorCode, toWire } from "../src/op.js"
import { Reader, Writer } from "../src/pack.js"
import { compareKeys } from "../src/text.js"
import { concurrent } from "./arbitrary.js"

const model = new Encoder()

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"))
}

function refuses(code: OpErrorCode, fn: () => unknown, message: string): void {
  assert.throws(fn, (err) => err instanceof OpError && (assert.equal(err.code, code, message), true), message)
}

/** Every length and number at which the form changes. */
const edges = [0, 1, 15, 16, 31, 32, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]

test("pack: integers as @msgpack/msgpack writes them, and back", () => {
  for (const edge of edges) {
    for (const n of [edge, edge - 1, -edge, -edge - 1, -edge + 1].filter(Number.isSafeInteger)) {
      const w = new Writer()
      w.int(n)
      const got = w.bytes()
      assert.deepEqual(got, model.encode(n), `${n}`)
      assert.equal(new Reader(got).int() + 0, n + 0)
    }
  }
  for (const n of [2 ** 53, -(2 ** 53), 0.5, NaN]) refuses("limit", () => new Writer().int(n), `${n}`)
})

test("pack: strings, binary strings and arrays at the edges of their forms", () => {
  for (const n of edges.filter((edge) => edge <= 65536)) {
    const w = new Writer()
    const s = "a".repeat(n)
    w.str(s)
    w.bin(new Uint8Array(n))
    w.array(n)
    for (let i = 0; i < n; i++) w.nil()
    w.bool(true)
    const got = w.bytes()
    const want = [s, new Uint8Array(n), Array(n).fill(null), true].map((x) => Buffer.from(model.encode(x)))
    assert.ok(Buffer.concat(want).equals(got), `${n}`)
    const r = new Reader(got)
    assert.equal(r.str(n), s)
    assert.equal(r.bin(n).length, n)
    assert.equal(r.array(n), n)
    for (let i = 0; i < n; i++) assert.ok(r.nil())
    assert.equal(r.bool(), true)
    r.end()
  }
  for (const s of ["é", "語", "😀", "\ufeffa", "a".repeat(30) + "é", "\0", "\u{10ffff}"]) {
    const w = new Writer()
    w.str(s)
    const got = w.bytes()
    assert.deepEqual(got, model.encode(s))
    assert.equal(new Reader(got).str(), s)
  }
})

test("pack: a writer grows at every byte", () => {
  const w = new Writer()
  for (let i = 0; i < 5000; i++) w.nil()
  assert.ok(w.bytes().every((b) => b === 0xc0))
  for (let n = 250; n < 260; n++) {
    const w = new Writer()
    w.raw(new Uint8Array(n))
    for (const k of [1, 200, 2 ** 40, -5, -(2 ** 40)]) w.int(k)
    w.str("a")
    assert.deepEqual(w.bytes().slice(n), Uint8Array.from(Buffer.concat([1, 200, 2 ** 40, -5, -(2 ** 40), "a"].map((x) => Buffer.from(model.encode(x))))))
  }
})

test("pack: what is not the one form is refused", () => {
  const rows: [hex: string, read: (r: Reader) => unknown, code: OpErrorCode][] = [
    ["", (r) => r.int(), "encoding"],
    ["cc7f", (r) => r.int(), "encoding"],
    ["cd00ff", (r) => r.int(), "encoding"],
    ["ce0000ffff", (r) => r.int(), "encoding"],
    ["cf00000000ffffffff", (r) => r.int(), "encoding"],
    ["cf0020000000000000", (r) => r.int(), "encoding"],
    ["cfffffffffffffffff", (r) => r.int(), "encoding"],
    ["d0e0", (r) => r.int(), "encoding"],
    ["d001", (r) => r.int(), "encoding"],
    ["d1ff80", (r) => r.int(), "encoding"],
    ["d2ffff8000", (r) => r.int(), "encoding"],
    ["d3ffffffff80000000", (r) => r.int(), "encoding"],
    ["d3ffe0000000000000", (r) => r.int(), "encoding"],
    ["d30000000100000000", (r) => r.int(), "encoding"],
    ["cd01", (r) => r.int(), "encoding"],
    ["ca00000000", (r) => r.int(), "encoding"],
    ["ff", (r) => r.uint(), "limit"],
    ["05", (r) => r.int(0, 4), "limit"],
    ["d900", (r) => r.str(), "encoding"],
    ["d91f" + "61".repeat(31), (r) => r.str(), "encoding"],
    ["da00ff" + "61".repeat(255), (r) => r.str(), "encoding"],
    ["db0000ffff" + "61".repeat(65535), (r) => r.str(), "encoding"],
    ["dbffffffff", (r) => r.str(), "encoding"],
    ["a261", (r) => r.str(), "encoding"],
    ["a26161", (r) => r.str(1), "limit"],
    ["a180", (r) => r.str(), "utf8"],
    ["a3eda080", (r) => r.str(), "utf8"],
    ["a2c080", (r) => r.str(), "utf8"],
    ["a4f4908080", (r) => r.str(), "utf8"],
    ["c40161", (r) => r.str(), "encoding"],
    ["c50001aa", (r) => r.bin(1), "encoding"],
    ["c402aabb", (r) => r.bin(1), "encoding"],
    ["a161", (r) => r.bin(1), "encoding"],
    ["dc000f" + "c0".repeat(15), (r) => r.array(), "encoding"],
    ["dd0000ffff" + "c0".repeat(65535), (r) => r.array(), "encoding"],
    ["ddffffffff", (r) => r.array(), "encoding"],
    ["92c0", (r) => r.array(), "encoding"],
    ["92c0c0", (r) => r.array(1), "limit"],
    ["80", (r) => r.array(), "encoding"],
    ["c0", (r) => r.bool(), "encoding"],
    ["c1", (r) => r.nil() || r.int(), "encoding"],
  ]
  for (const [hex, read, code] of rows) refuses(code, () => read(new Reader(bytes(hex))), hex.slice(0, 24))
  refuses("encoding", () => new Reader(bytes("c0")).end(), "left over")
  refuses("utf8", () => new Writer().str("a\ud800"), "lone high")
  refuses("utf8", () => new Writer().str("\udc00\ud800"), "lone low")
})

test("pack: a reader on a part of a buffer", () => {
  const whole = bytes("ff cd1234 a161 ff")
  const r = new Reader(whole.subarray(1, 6))
  assert.equal(r.int(), 0x1234)
  assert.equal(r.str(), "a")
  r.end()
})

test("decodeOp: any bytes are refused, or come back the same", () => {
  const some = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.array(fc.constantFrom(0x90, 0x91, 0x92, 0x93, 0x95, 0xa0, 0xa1, 0x61, 0x62, 0x01, 0x05, 0xff, 0xc0, 0xc3, 0xcc, 0x80, 0xd9), { maxLength: 14 }).map((a) => Uint8Array.from(a)),
  )
  fc.assert(
    fc.property(some, (data) => {
      let op
      try {
        op = decodeOp(data)
      } catch (err) {
        assert.ok(err instanceof OpError)
        return
      }
      assert.deepEqual(encodeOp(op), data)
    }),
    { numRuns: 20_000 },
  )
})

test("decodeOp: a changed byte is refused, or is another op", () => {
  fc.assert(
    fc.property(concurrent(1), fc.nat(), fc.integer({ min: 1, max: 255 }), ({ ops }, at, flip) => {
      const data = encodeOp(ops[0]!)
      data[at % data.length]! ^= flip
      try {
        assert.deepEqual(encodeOp(decodeOp(data)), data)
      } catch (err) {
        assert.ok(err instanceof OpError)
      }
    }),
    { numRuns: 5000 },
  )
})

test("shape: refused as the bytes would be", () => {
  const rows: [shape: unknown, code: OpErrorCode][] = [
    [5, "encoding"],
    [[1.5], "encoding"],
    [[true], "encoding"],
    [[null], "encoding"],
    [[[]], "encoding"],
    [[[5]], "encoding"],
    [[["a"]], "encoding"],
    [[[5, "k"]], "encoding"],
    [[[5, 1, true]], "encoding"],
    [[[5, "k", 1.5]], "encoding"],
    [[[5, "k", 2 ** 53]], "encoding"],
    [[[5, "k", []]], "encoding"],
    [[[null, "t"]], "encoding"],
    [[[null, "t", 1]], "encoding"],
    [[[[1], "k", true]], "encoding"],
    [[0], "normal form"],
    [[""], "normal form"],
    [[5], "normal form"],
    [[-1, -1], "normal form"],
    [["a", "b"], "normal form"],
    [[[-1, "k", true]], "normal form"],
    [[[1, "", true]], "normal form"],
    [[[null, "", "v"]], "normal form"],
    [[["a", "k", null]], "normal form"],
    [[[1, "b", true, "a", true]], "normal form"],
    [[[1, "a", true, "a", true]], "normal form"],
    [[[1, "\u{1f600}", 1, "\uff01", 1]], "normal form"],
    [["\ud800"], "utf8"],
    [[-(2 ** 24) - 1], "limit"],
    [Array(4097).fill([null, "t", ""]), "limit"],
  ]
  for (const [shape, code] of rows) {
    refuses(code, () => fromWire(shape), JSON.stringify(shape).slice(0, 60))
    if (code !== "utf8") refuses(code, () => decodeOp(model.encode(shape)), JSON.stringify(shape).slice(0, 60))
  }
  assert.deepEqual(toWire(fromWire([[1, "\uff01", 1, "\u{1f600}", 1]])), [[1, "\uff01", 1, "\u{1f600}", 1]])
})

test("keys are ordered as their bytes are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
    { numRuns: 5000 },
  )
})
