import type { Attrs, Component, Op } from "./component.js"
import { OpError } from "./errors.js"
import { splitsPair } from "./text.js"

/** What the head of an Iter is. */
export const End = 0
export const Retain = 1
export const Insert = 2
export const Delete = 3

/** Walks over an op's components, cutting them where the other op's end. */
export class Iter {
  kind: typeof End | typeof Retain | typeof Insert | typeof Delete = End
  /** The code units that are left of the head; Infinity at the end. */
  left = Infinity
  attrs: Attrs | undefined = undefined

  private at = -1
  private used = 0 // code units of the head that were taken
  private head: Component | undefined = undefined

  constructor(private readonly op: Op) {
    this.next()
  }

  /** Goes on to the next component. */
  next(): void {
    const c = this.op[++this.at]
    this.head = c
    this.used = 0
    this.attrs = undefined
    if (c === undefined) {
      this.kind = End
      this.left = Infinity
    } else if ("retain" in c) {
      this.kind = Retain
      this.left = c.retain
      this.attrs = c.attrs
    } else if ("delete" in c) {
      this.kind = Delete
      this.left = c.delete
    } else {
      this.kind = Insert
      this.left = "insert" in c ? c.insert.length : 1
      this.attrs = c.attrs
    }
  }

  /** Drops n code units of the head. */
  skip(n: number): void {
    if (n === this.left) return this.next()
    this.used += n
    this.left -= n
  }

  /** The first n code units of the head, which it drops; OpError "surrogate" where that cuts a pair in two. */
  take(n: number): Component {
    const part = this.part(n)
    this.skip(n)
    return part
  }

  /** What is left of the head, which it drops. */
  rest(): Component {
    return this.take(this.left)
  }

  private part(n: number): Component {
    const c = this.head
    if (c === undefined) throw new RangeError("taken from the end of an op")
    if ((this.used === 0 && n === this.left) || "embed" in c) return c
    if ("delete" in c) return { delete: n }
    if ("retain" in c) return c.attrs === undefined ? { retain: n } : { retain: n, attrs: c.attrs }
    const end = this.used + n
    if (splitsPair(c.insert, end)) throw new OpError("surrogate", `offset ${end} of an inserted text lies inside a pair`)
    const insert = c.insert.slice(this.used, end)
    return c.attrs === undefined ? { insert } : { insert, attrs: c.attrs }
  }
}
