import assert from "node:assert/strict"
import { test } from "node:test"
import { apply, checkKind, compose, Content, contentHash, fromWire, invert, type Op, OpBuilder, OpError, type OpErrorCode, toWire, validate } from "../src/op.js"

function refuses(code: OpErrorCode, fn: () => unknown): void {
  assert.throws(fn, (err) => err instanceof OpError && err.code === code)
}

test("content: text, length and slices", () => {
  const doc = Content.of(fromWire(["a😀", [null, "image", "x.png"], ["b", "bold", true]]))
  assert.equal(doc.text, "a😀\ufffcb")
  assert.equal(doc.length, 5)
  assert.deepEqual(toWire(doc.slice(1, 4).toOp()), ["😀", [null, "image", "x.png"]])
  assert.deepEqual(toWire(doc.slice(4).toOp()), [["b", "bold", true]])
  assert.equal(doc.slice(3, 3).length + doc.slice(5).length, 0)
  refuses("surrogate", () => doc.slice(0, 2))
  assert.throws(() => doc.slice(2, 6), RangeError)
  assert.throws(() => Content.of([{ delete: 1 }]), RangeError)
})

test("content: what does not fit is refused", () => {
  const rows: [doc: unknown[], op: unknown[], code: OpErrorCode][] = [
    [["ab"], [3, "x"], "length"],
    [["ab"], [-3], "length"],
    [[], [-1], "length"],
    [["😀"], [1, "x"], "surrogate"],
    [["😀"], [-1], "surrogate"],
    [["😀"], [[1, "bold", true]], "surrogate"],
    [[["😀", "bold", true]], [1, "x"], "surrogate"],
    [[[null, "e", ""], "😀"], [2, "x"], "surrogate"],
  ]
  for (const [doc, op, code] of rows) {
    refuses(code, () => apply(fromWire(doc), fromWire(op)))
    refuses(code, () => invert(fromWire(op), fromWire(doc)))
  }
  refuses("surrogate", () => compose(fromWire(["😀"]), fromWire([1, "x"])))
  refuses("kind", () => checkKind(fromWire(["a\r\n"]), "text"))
  refuses("kind", () => checkKind(fromWire([[1, "bold", null]]), "text"))
  refuses("kind", () => checkKind(fromWire([[null, "e", ""]]), "text"))
  checkKind(fromWire([[null, "e", "\r"]]), "rich")
})

test("builder: normal form", () => {
  const b = new OpBuilder().retain(0).retain(1).retain(2).insert("").insert("a").insert("b", {}).delete(1).delete(1)
  assert.deepEqual(toWire(b.insert("c").retain(1, { bold: null }).retain(2).retain(3).op()), [3, "ab", -2, "c", [1, "bold", null]])
  assert.deepEqual(toWire(new OpBuilder().retain(5).op()), [])
  assert.deepEqual(toWire(new OpBuilder().insert("a", { bold: null, link: "x" }).op()), [["a", "link", "x"]])
  assert.throws(() => new OpBuilder().retain(-1), RangeError)
  assert.throws(() => new OpBuilder().delete(1.5), RangeError)
})

test("validate: what TypeScript would have refused", () => {
  const rows: [op: unknown, code: OpErrorCode][] = [
    [{}, "encoding"],
    [[null], "encoding"],
    [[{}], "encoding"],
    [[{ retain: 1, delete: 1 }], "encoding"],
    [[{ retain: 1, extra: 1 }], "encoding"],
    [[{ retain: "1" }], "encoding"],
    [[{ retain: 1.5, attrs: { b: true } }], "encoding"],
    [[{ insert: 5 }], "encoding"],
    [[{ embed: ["a"] }], "encoding"],
    [[{ insert: "a", attrs: { b: {} } }], "encoding"],
    [[{ insert: "a", attrs: { b: undefined } }], "encoding"],
    [[{ insert: "a", attrs: { b: 2 ** 53 } }], "limit"],
    [[{ insert: "a", attrs: {} }], "normal form"],
    [[{ delete: 1, attrs: { b: true } }], "normal form"],
    [[{ delete: 0 }], "normal form"],
    [[{ delete: -1 }], "normal form"],
    [[{ insert: "" }], "normal form"],
    [[{ insert: "a" }, { insert: "b" }], "normal form"],
    [[{ retain: 1 }], "normal form"],
    [[{ insert: "a", attrs: { b: null } }], "normal form"],
    [[{ insert: "\ud800" }], "utf8"],
    [[{ insert: "a", attrs: { b: "\udc00x" } }], "utf8"],
    [[{ insert: "é".repeat(64 * 1024 + 1) }], "limit"],
    [[{ retain: 2 ** 24 + 1, attrs: { b: true } }], "limit"],
  ]
  for (const [op, code] of rows) refuses(code, () => validate(op as Op))
  validate([{ insert: "é".repeat(64 * 1024) }, { embed: ["e", ""] }, { embed: ["e", ""] }, { delete: 2 ** 24 }])
  validate([])
})

test("attributes: names that JavaScript's objects have already", () => {
  const op = fromWire([["a", "__proto__", 1, "constructor", true, "toString", "x"]])
  assert.deepEqual(toWire(compose(op, fromWire([[1, "__proto__", null, "constructor", 2]]))), [["a", "constructor", 2, "toString", "x"]])
  assert.deepEqual(toWire(invert(fromWire([[1, "hasOwnProperty", 1, "toString", 2]]), op)), [[1, "hasOwnProperty", null, "toString", "x"]])
  // Attributes that an application wrote with {} have a prototype; it counts for nothing.
  assert.deepEqual(toWire(invert([{ retain: 1, attrs: { constructor: 1 } as never }], [{ insert: "a", attrs: { bold: true } }])), [[1, "constructor", null]])
})

test("hash: known values", () => {
  // Worked out by hand from the definition: 'a' is 98 in both halves; "ab" is 98·B+99.
  assert.equal(contentHash([]), 0)
  assert.equal(contentHash(fromWire(["a"])), 98 * 2 ** 26 + 98)
  const h = (p: bigint, b: bigint) => (98n * b + 99n) % p
  assert.equal(contentHash(fromWire(["ab"])), Number(h(67108859n, 31415927n) * 2n ** 26n + h(67108837n, 27182819n)))
})

test("hash: against the definition in exact integers", () => {
  let seed = 1
  const text = Array.from({ length: 5000 }, () => String.fromCharCode((seed = (seed * 48271) % 2147483647) % 0xd800)).join("")
  let [h1, h2] = [0n, 0n]
  for (let i = 0; i < text.length; i++) {
    h1 = (h1 * 31415927n + BigInt(text.charCodeAt(i)) + 1n) % 67108859n
    h2 = (h2 * 27182819n + BigInt(text.charCodeAt(i)) + 1n) % 67108837n
  }
  assert.equal(Content.ofText(text).hash(), Number(h1 * 2n ** 26n + h2))
})

test("nothing is quadratic", () => {
  const started = performance.now()
  // A long op on a long document, and long rows of small pieces.
  const n = 200_000
  const b = new OpBuilder()
  for (let i = 0; i < n; i++) b.retain(1).insert("x").delete(1)
  const op = b.op()
  const doc = Content.ofText("ab".repeat(n))
  const after = doc.apply(op)
  assert.equal(after.length, 2 * n - n + n)
  assert.ok(after.apply(invert(op, doc)).equals(doc))
  assert.equal(compose(op, op).length > 0, true)
  const typed = new OpBuilder()
  for (let i = 0; i < n; i++) typed.insert("😀")
  assert.equal(Content.of(typed.op()).hash() > 0, true)
  const rich = new OpBuilder()
  for (let i = 0; i < n / 10; i++) rich.insert("a", { n: i })
  const format = new OpBuilder()
  for (let i = 0; i < n / 10; i++) format.retain(1, { n: i % 2 === 0 ? null : i + 1 })
  const runs = Content.of(rich.op())
  assert.ok(runs.apply(format.op()).apply(invert(format.op(), runs)).equals(runs))
  assert.ok(performance.now() - started < 30_000, "200,000 pieces take about a second; in quadratic time, minutes")
})
