import { without } from "./attrs.js"
import { OpBuilder, withAttrs } from "./builder.js"
import { lengthOf, type Op, type Side } from "./component.js"
import { Delete, End, Insert, Iter, Retain } from "./iter.js"

/**
 * Moves op over a concurrent op: both were made on the same document, and the result does after over what op did before it.
 *
 * TP1: where b arrives later, a then transform(b, a, "left") and b then transform(a, b, "right") make the same document.
 */
export function transform(op: Op, over: Op, side: Side): Op {
  const out = new OpBuilder()
  const it = new Iter(op)
  const io = new Iter(over)
  while (it.kind !== End) {
    if (it.kind === Insert && (side === "left" || io.kind !== Insert)) {
      out.push(it.rest())
    } else if (io.kind === Insert) {
      out.push({ retain: io.left })
      io.next()
    } else if (io.kind === End) {
      out.push(it.rest())
    } else {
      transformPair(out, it, io, side)
    }
  }
  return out.op()
}

/** Moves what op retains or deletes over what the other op retains or deletes. */
function transformPair(out: OpBuilder, it: Iter, io: Iter, side: Side): void {
  const n = Math.min(it.left, io.left)
  const kept = io.kind === Retain
  const attrs = io.attrs
  io.skip(n)
  if (!kept) return it.skip(n)
  if (it.kind === Delete) {
    it.skip(n)
    out.push({ delete: n })
    return
  }
  const c = it.take(n)
  out.push(side === "right" && "retain" in c ? withAttrs(c, without(c.attrs, attrs)) : c)
}

/**
 * Moves an offset over an op. An insert at the offset itself moves it with side right, the owner's, and leaves it with left,
 * the side for inserts of others. An offset in text that goes falls to its left edge.
 */
export function transformOffset(op: Op, offset: number, side: Side): number {
  let at = 0 // how far the target is written; left is what there is still to go in the base
  let left = offset
  for (const c of op) {
    const n = lengthOf(c)
    if ("retain" in c) {
      if (left < n) return at + left
      at += n
      left -= n
    } else if ("delete" in c) {
      if (left < n) return at
      left -= n
    } else if (left > 0 || side === "right") {
      at += n
    } else {
      return at
    }
  }
  return at + left
}

/** A selection: it reaches from anchor, where it was begun, to head, where the caret is. */
export interface Range {
  readonly anchor: number
  readonly head: number
}

/** Moves both ends of a range over an op. */
export function transformRange(op: Op, range: Range, side: Side): Range {
  return { anchor: transformOffset(op, range.anchor, side), head: transformOffset(op, range.head, side) }
}
