// The parts of the CodeMirror binding that need no browser: changes and operations, and a screen that is behind.
import assert from "node:assert/strict"
import { test } from "node:test"
import { ChangeSet, type ChangeSpec, EditorState, Text } from "@codemirror/state"
import fc from "fast-check"
import { changesOf, editOf, replacement } from "../src/codemirror-changes.js"
import { Lag } from "../src/codemirror-lag.js"
import { apply, Content, type Op, OpBuilder, validate } from "../src/index.js"

const text = (s: string): Text => Text.of(s.split("\n"))

function applied(before: string, op: Op): string {
  validate(op)
  return apply(Content.of(before ? [{ insert: before }] : []), op).text
}

/** Carries op out as the editor does. */
function shown(before: string, op: Op): string {
  return ChangeSet.of(changesOf(op), before.length).apply(text(before)).toString()
}

function edit(before: string, changes: ChangeSpec) {
  const set = EditorState.create({ doc: text(before) }).changes(changes)
  return { after: set.apply(text(before)).toString(), ...editOf(set, text(before)) }
}

const wellFormed = (s: string): string => s.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (u) => (u.length === 2 ? u : "\ufffd"))

test("a change that splits a surrogate pair is widened", () => {
  const cases: ReadonlyArray<readonly [string, string, ChangeSpec, Op]> = [
    ["low half replaced", "a😀b", { from: 2, to: 3, insert: "😁".charAt(1) }, [{ retain: 1 }, { insert: "😁" }, { delete: 2 }]],
    ["high half replaced", "𝒜", { from: 0, to: 1, insert: "😁".charAt(0) }, [{ insert: "\ud83d\udc9c" }, { delete: 2 }]],
    ["insert in the middle", "a😀b", { from: 2, insert: "x" }, [{ retain: 1 }, { insert: "\ufffdx\ufffd" }, { delete: 2 }]],
    ["low half deleted", "😀b", { from: 1, to: 2 }, [{ insert: "\ufffd" }, { delete: 2 }]],
    ["delete touches a widened change", "😀b", [{ from: 1, insert: "x" }, { from: 2, to: 3 }], [{ insert: "\ufffdx\ufffd" }, { delete: 3 }]],
    ["insert touches a widened change", "a😀", [{ from: 1, insert: "y" }, { from: 2, to: 3, insert: "😁".charAt(1) }], [{ retain: 1 }, { insert: "y😁" }, { delete: 2 }]],
  ]
  for (const [name, before, changes, want] of cases) assert.deepEqual(edit(before, changes).op, want, name)
})

test("what no text may hold is replaced, and mended on the screen", () => {
  const { op, repair, after } = edit("ab", [{ from: 1, insert: "x\ud83d" }, { from: 2, insert: "\ude00" }])
  assert.deepEqual(op, [{ retain: 1 }, { insert: "x\ufffd" }, { retain: 1 }, { insert: "\ufffd" }])
  assert.equal(shown(after, repair), applied("ab", op))
  const carriage = ChangeSet.of([{ from: 0, insert: Text.of(["a\rb"]) }], 0)
  assert.deepEqual(editOf(carriage, Text.empty).op, [{ insert: "a\ufffdb" }])
})

test("replacement", () => {
  for (const [a, b] of [["", ""], ["", "x"], ["x", ""], ["ab", "cd"], ["ab", "ab"]] as const) assert.equal(applied(a, replacement(a, b)), b)
})

// Sequences: a screen and a document; G1 after each step.

const word = fc.array(fc.constantFrom("a", "b", "\n", "😀", "é"), { maxLength: 4 }).map((letters) => letters.join(""))
const odd = fc.array(fc.constantFrom("a", "\ud83d", "\ude00", "😀"), { maxLength: 3 }).map((letters) => letters.join(""))
const place = fc.nat({ max: 999 })
const splice = fc.record({ from: place, length: fc.nat({ max: 5 }), insert: fc.oneof(word, odd) })
const step = fc.oneof(
  fc.record({ kind: fc.constant("local" as const), splices: fc.array(splice, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant("remote" as const), splices: fc.array(fc.record({ from: place, length: fc.nat({ max: 5 }), insert: word }), { minLength: 1, maxLength: 2 }) }),
  fc.record({ kind: fc.constant("show" as const), splices: fc.constant([]) }),
)

/** Splices as changes of a text of this length, in order and apart. */
function changesIn(length: number, splices: ReadonlyArray<{ from: number; length: number; insert: string }>): Array<{ from: number; to: number; insert: Text }> {
  let done = 0
  return splices.map((s) => s).sort((a, b) => a.from - b.from).map((s) => {
    const from = Math.max(done, Math.min(length, s.from % (length + 1)))
    const to = Math.min(length, from + s.length)
    done = to
    return { from, to, insert: text(s.insert) }
  })
}

test("a screen that is behind: G1 holds after every step, and it ends with the document's text", () => {
  fc.assert(
    fc.property(word, fc.array(step, { maxLength: 40 }), (start, steps) => {
      const lag = new Lag()
      let screen = start
      let document = start
      for (const { kind, splices } of steps) {
        if (kind === "local") {
          const before = text(screen)
          const set = ChangeSet.of(changesIn(screen.length, splices), screen.length)
          const { op, repair } = editOf(set, before)
          document = applied(document, lag.edited(op))
          screen = set.apply(before).toString()
          if (repair.length > 0) lag.mend(repair)
        } else if (kind === "remote") {
          const op = remoteOp(document, splices)
          document = applied(document, op)
          lag.arrived(op)
        } else {
          screen = shown(screen, lag.behind)
          lag.shown()
          assert.equal(screen, document)
        }
        assert.equal(shown(screen, lag.behind), document)
        assert.equal(document, wellFormed(document))
        for (const at of [0, screen.length >> 1, screen.length]) assert.ok(lag.toDocument(at) <= document.length)
      }
      screen = shown(screen, lag.behind)
      assert.equal(screen, document)
    }),
    { numRuns: 2000, seed: 41 },
  )
})

/** An operation that somebody else could have made: it splits no pair. */
function remoteOp(document: string, splices: ReadonlyArray<{ from: number; length: number; insert: string }>): Op {
  const inside = (at: number): boolean => /^[\ud800-\udbff][\udc00-\udfff]$/.test(document.slice(at - 1, at + 1)) && at > 0
  const op = new OpBuilder()
  let done = 0
  for (const { from, to, insert } of changesIn(document.length, splices)) {
    const a = Math.max(done, inside(from) ? from - 1 : from)
    const b = Math.max(a, inside(to) ? to + 1 : to)
    op.retain(a - done).insert(insert.toString()).delete(b - a)
    done = b
  }
  return op.op()
}

test("an edit reaches the document to the left of what is held at its place", () => {
  const lag = new Lag()
  lag.arrived([{ retain: 1 }, { insert: "THEIRS" }])
  assert.deepEqual(lag.edited([{ retain: 1 }, { insert: "mine" }]), [{ retain: 1 }, { insert: "mine" }])
  assert.deepEqual(lag.behind, [{ retain: 5 }, { insert: "THEIRS" }])
  assert.equal(lag.toDocument(5), 5) // one's own caret stays behind one's own word
})
