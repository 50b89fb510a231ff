// What operations are made of. Lengths and offsets are UTF-16 code units, as JavaScript's own; an embed counts 1.

import { equalAttrs } from "./attrs.js"

/** An attribute's value. null removes the attribute; integers lie within ±(2^53−1). */
export type Value = null | boolean | number | string

/** Attributes by key. Their order means nothing: what is written is sorted by the UTF-8 bytes of the keys. */
export type Attrs = Readonly<Record<string, Value>>

export interface Retain {
  readonly retain: number
  readonly attrs?: Attrs
}
export interface InsertText {
  readonly insert: string
  readonly attrs?: Attrs
}
export interface InsertEmbed {
  readonly embed: readonly [type: string, value: string]
  readonly attrs?: Attrs
}
export interface Delete {
  readonly delete: number
}
export type Insert = InsertText | InsertEmbed
export type Component = Retain | Insert | Delete

/** A whole change, in normal form (validate). It is a value: nothing changes an Op in place. */
export type Op = readonly Component[]

/** The kind of a document, fixed when it is created. A text has no attributes, no embeds and no carriage returns. */
export type DocumentKind = "text" | "rich"

/**
 * Which of two concurrent ops reaches the server later (the tie rule). left: the op itself; its inserts go to the left of
 * the other's at the same place, and its attributes win. right: the op that it is moved over.
 */
export type Side = "left" | "right"

export function isInsert(c: Component): c is Insert {
  return "insert" in c || "embed" in c
}

/** The number of code units that a component keeps, inserts or deletes. */
export function lengthOf(c: Component): number {
  if ("retain" in c) return c.retain
  if ("delete" in c) return c.delete
  return "insert" in c ? c.insert.length : 1
}

/** How many code units of the document an op speaks of. What lies beyond is kept. */
export function baseLength(op: Op): number {
  let n = 0
  for (const c of op) {
    if ("retain" in c) n += c.retain
    else if ("delete" in c) n += c.delete
  }
  return n
}

/** What the base length becomes. */
export function targetLength(op: Op): number {
  let n = 0
  for (const c of op) {
    if (!("delete" in c)) n += lengthOf(c)
  }
  return n
}

/** Whether two ops are the same, component by component. */
export function equal(a: Op, b: Op): boolean {
  return a.length === b.length && a.every((c, i) => same(c, b[i] as Component))
}

function same(c: Component, d: Component): boolean {
  if ("delete" in c) return "delete" in d && c.delete === d.delete
  if ("delete" in d || !equalAttrs(c.attrs, d.attrs)) return false
  if ("retain" in c) return "retain" in d && c.retain === d.retain
  if ("insert" in c) return "insert" in d && c.insert === d.insert
  return "embed" in d && c.embed[0] === d.embed[0] && c.embed[1] === d.embed[1]
}
