import assert from "node:assert/strict"
import { test } from "node:test"
import { Content, type Op, OpBuilder } from "../src/op.js"
import { GROUP_WITHIN, MOST_STEPS, Undo } from "../src/undo.js"

/** A content that one user edits, and others too. */
class Desk {
  readonly undo = new Undo()
  content: Content
  now = 10_000

  constructor(text = "") {
    this.content = Content.ofText(text)
  }

  get text(): string {
    return this.content.text
  }

  edit(op: Op): this {
    const before = this.content
    this.content = before.apply(op)
    this.undo.edited(op, before, this.now)
    return this
  }

  insert(at: number, text: string): this {
    return this.edit(new OpBuilder().retain(at).insert(text).op())
  }

  delete(at: number, n: number): this {
    return this.edit(new OpBuilder().retain(at).delete(n).op())
  }

  others(op: Op): this {
    this.content = this.content.apply(op)
    this.undo.arrived(op)
    return this
  }

  pause(): this {
    this.now += GROUP_WITHIN
    return this
  }

  back(): string | undefined {
    return this.apply(this.undo.undo(this.content))
  }

  again(): string | undefined {
    return this.apply(this.undo.redo(this.content))
  }

  private apply(op: Op | undefined): string | undefined {
    if (op === undefined) return undefined
    this.content = this.content.apply(op)
    return this.text
  }
}

test("steps are undone and done again", () => {
  const d = new Desk("x").insert(1, "a").pause().insert(2, "b").pause().delete(0, 1)
  assert.equal(d.text, "ab")
  assert.deepEqual([d.back(), d.back(), d.back(), d.back()], ["xab", "xa", "x", undefined])
  assert.deepEqual([d.again(), d.again(), d.again(), d.again()], ["xa", "xab", "ab", undefined])
  assert.deepEqual([d.back(), d.again()], ["xab", "ab"])
})

test("typing that goes on is one step", () => {
  const d = new Desk().insert(0, "a").insert(1, "b").insert(2, "c").pause().insert(3, "d")
  assert.deepEqual([d.back(), d.back(), d.back()], ["abc", "", undefined])
})

test("typing elsewhere, a pause, another kind and undo begin a step", () => {
  const d = new Desk("----").insert(0, "a").insert(3, "b").delete(3, 1).delete(2, 1).delete(2, 1)
  assert.equal(d.text, "a--")
  assert.deepEqual([d.back(), d.back(), d.back()], ["a--b--", "a----", "----"])
})

test("backspace is one step", () => {
  const d = new Desk("hello").delete(4, 1).delete(3, 1).delete(2, 1)
  assert.equal(d.back(), "hello")
})

test("an edit after undo forgets what could be done again", () => {
  const d = new Desk().insert(0, "a")
  d.back()
  d.insert(0, "b")
  assert.equal(d.again(), undefined)
})

test("others' edits stay", () => {
  const d = new Desk("one two").delete(0, 4).pause().insert(3, "!")
  d.others(new OpBuilder().insert("> ").op())
  assert.equal(d.text, "> two!")
  assert.equal(d.back(), "> two")
  d.others(new OpBuilder().retain(5).insert(" three").op())
  assert.equal(d.back(), "one > two three") // the insert at the same place came later: it goes to the left
  assert.equal(d.again(), "> two three")
  assert.equal(d.again(), "> two! three")
})

test("a step that others have undone is passed over", () => {
  const d = new Desk().insert(0, "a").pause().insert(1, "b")
  d.others(new OpBuilder().retain(1).delete(1).op())
  assert.equal(d.back(), "")
  assert.equal(d.back(), undefined)
})

test("typing goes on as one step while others write before it", () => {
  const d = new Desk("..").insert(2, "a")
  d.others(new OpBuilder().insert("12").op()).insert(5, "b")
  assert.equal(d.text, "12..ab")
  assert.equal(d.back(), "12..")
})

test("attributes and embeds come back", () => {
  const d = new Desk("abc")
  d.edit(new OpBuilder().retain(2, { bold: true }).embed("image", "x.png").delete(1).op())
  d.others(new OpBuilder().insert("z").op())
  d.back()
  assert.deepEqual(d.content.toOp(), [{ insert: "zabc" }])
})

test("undoing everything under random edits of others gives their text", () => {
  let state = 7
  const random = (n: number): number => (state = (state * 48271) % 2147483647) % n
  for (let round = 0; round < 200; round++) {
    const d = new Desk("0123456789")
    let theirs = Content.ofText("0123456789")
    // Others only write at the end, so that their text is known whatever the user does before it.
    for (let i = 0; i < 12; i++) {
      if (random(3) === 0) {
        d.others(new OpBuilder().retain(d.content.length).insert(`<${i}>`).op())
        theirs = theirs.apply(new OpBuilder().retain(theirs.length).insert(`<${i}>`).op())
        continue
      }
      d.pause()
      if (random(2) === 0) d.insert(random(d.content.length), "xy")
      else d.delete(random(5), 1)
    }
    const shown = d.text
    while (d.back() !== undefined);
    assert.equal(d.text, theirs.text)
    while (d.again() !== undefined);
    assert.equal(d.text, shown)
  }
})

test("the number of steps is bounded", () => {
  const d = new Desk()
  for (let i = 0; i < MOST_STEPS + 50; i++) d.pause().insert(0, "a")
  let n = 0
  while (d.back() !== undefined) n++
  assert.equal(n, MOST_STEPS)
})
