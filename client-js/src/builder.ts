import { equalAttrs, hasAttrs, withoutNulls } from "./attrs.js"
import { type Attrs, type Component, lengthOf, type Op } from "./component.js"

/**
 * Makes an Op in normal form from components in order: joins neighbours, leaves out what is empty and what keeps the rest.
 *
 *     new OpBuilder().retain(3).insert("abc").delete(2).op()
 */
export class OpBuilder {
  private readonly out: Component[] = []

  /** Keeps n code units, and sets attrs on them (null: removes). */
  retain(n: number, attrs?: Attrs): this {
    return this.push(hasAttrs(attrs) ? { retain: count(n), attrs } : { retain: count(n) })
  }

  /** Inserts text with attrs, whose nulls are left out. */
  insert(text: string, attrs?: Attrs): this {
    const some = withoutNulls(attrs)
    return this.push(hasAttrs(some) ? { insert: text, attrs: some } : { insert: text })
  }

  /** Inserts an embed, which counts one code unit, with attrs, whose nulls are left out. */
  embed(type: string, value: string, attrs?: Attrs): this {
    const some = withoutNulls(attrs)
    return this.push(hasAttrs(some) ? { embed: [type, value], attrs: some } : { embed: [type, value] })
  }

  /** Deletes n code units. */
  delete(n: number): this {
    return this.push({ delete: count(n) })
  }

  /** Appends a component of another op, which must be a valid one. */
  push(c: Component): this {
    if (lengthOf(c) === 0) return this
    const last = this.out.length - 1
    const joined = last < 0 ? undefined : join(this.out[last] as Component, c)
    if (joined === undefined) this.out.push(c)
    else this.out[last] = joined
    return this
  }

  /** The op. The builder must not be used after it. */
  op(): Op {
    for (let last = this.out.at(-1); last !== undefined && isPlainRetain(last); last = this.out.at(-1)) this.out.pop()
    return this.out
  }
}

/** The one component that normal form makes of c and d side by side; undefined where they stay two. */
export function join(c: Component, d: Component): Component | undefined {
  if ("delete" in c) return "delete" in d ? { delete: c.delete + d.delete } : undefined
  if ("retain" in c) {
    if (!("retain" in d) || !equalAttrs(c.attrs, d.attrs)) return undefined
    return withAttrs({ retain: c.retain + d.retain }, c.attrs)
  }
  if (!("insert" in c && "insert" in d) || !equalAttrs(c.attrs, d.attrs)) return undefined
  return withAttrs({ insert: c.insert + d.insert }, c.attrs)
}

/** c with the attributes attrs in place of its own. */
export function withAttrs(c: Exclude<Component, { delete: number }>, attrs: Attrs | undefined): Component {
  if (c.attrs === attrs) return c
  if ("retain" in c) return attrs === undefined ? { retain: c.retain } : { retain: c.retain, attrs }
  if ("insert" in c) return attrs === undefined ? { insert: c.insert } : { insert: c.insert, attrs }
  return attrs === undefined ? { embed: c.embed } : { embed: c.embed, attrs }
}

export function isPlainRetain(c: Component): boolean {
  return "retain" in c && c.attrs === undefined
}

function count(n: number): number {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`a length of ${n}`)
  return n
}
