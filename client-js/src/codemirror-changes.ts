// Between CodeMirror's changes and operations. Both count UTF-16 code units, and CodeMirror's texts have LF only.
import { type ChangeSet, type ChangeSpec, Text } from "@codemirror/state"
import { EMBED_CHARACTER, type Op, OpBuilder } from "./index.js"

/** An operation made from an editor's change, and what the editor must change in its own text to agree with it. */
export interface Edit {
  readonly op: Op
  /** Replaces what no text may hold (half of a surrogate pair) in the text after the change; empty nearly always. */
  readonly repair: Op
}

const REPLACEMENT = "\ufffd"
/** Whole pairs match too, and stay: this does without lookbehind. */
const UNFIT = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff\r]/g

/**
 * The operation that a change of `before` amounts to. A change that begins or ends inside a surrogate pair is widened to
 * the whole character: an editor that compares texts turns 😀 into 😁 by replacing half of it.
 */
export function editOf(changes: ChangeSet, before: Text): Edit {
  const op = new OpBuilder()
  const repair = new OpBuilder()
  let done = 0 // in `before`, behind the last component of op
  let made = 0 // in the text after the change, the same place
  let repaired = 0 // in the text after the change, behind the last component of repair
  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    let from = fromA
    let to = toA
    let text = inserted.toString()
    if (from > done && splitsPair(before, from)) text = before.sliceString(--from, fromA) + text
    if (splitsPair(before, to)) text += before.sliceString(to, ++to)
    op.retain(from - done)
    made += from - done
    const fit = text.replace(UNFIT, (found: string, at: number) => {
      if (found.length === 2) return found
      repair.retain(made + at - repaired)
      repair.insert(REPLACEMENT)
      repair.delete(1)
      repaired = made + at + 1
      return REPLACEMENT
    })
    op.insert(fit)
    op.delete(to - from)
    made += text.length
    done = to
  })
  return { op: op.op(), repair: repair.op() }
}

function splitsPair(text: Text, at: number): boolean {
  return at > 0 && at < text.length && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.sliceString(at - 1, at + 1))
}

/** The changes that carry an operation out in the editor. An embed, which only rich text has, is shown as EMBED_CHARACTER. */
export function changesOf(op: Op): ChangeSpec[] {
  const changes: ChangeSpec[] = []
  let at = 0
  for (const c of op) {
    if ("retain" in c) at += c.retain
    else if ("delete" in c) changes.push({ from: at, to: (at += c.delete) })
    // Split by hand: a string would be split by the editor's own idea of a line's end.
    else changes.push({ from: at, insert: Text.of(("insert" in c ? c.insert : EMBED_CHARACTER).split("\n")) })
  }
  return changes
}

/** The operation that replaces one whole text by another. */
export function replacement(from: string, to: string): Op {
  if (from === to) return []
  return new OpBuilder().insert(to).delete(from.length).op()
}
