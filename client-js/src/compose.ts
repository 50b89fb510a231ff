import { overlay } from "./attrs.js"
import { OpBuilder, withAttrs } from "./builder.js"
import { type Component, isInsert, lengthOf, type Op } from "./component.js"
import { Delete, End, Insert, Iter, Retain } from "./iter.js"
import { splitsPair, utf8Length } from "./text.js"

/**
 * a and then b as one op. An insert of b that falls on text deleted by a stands after those deletes: transforming over a
 * composition is exact because of it (L7). OpError "surrogate" where b has a boundary inside a pair that a inserts.
 */
export function compose(a: Op, b: Op): Op {
  const out = new OpBuilder()
  const ia = new Iter(a)
  const ib = new Iter(b)
  for (;;) {
    if (ia.kind === Delete) out.push(ia.rest())
    else if (ib.kind === Insert) out.push(ib.rest())
    else if (ib.kind === End) {
      // b keeps everything that is left
      if (ia.kind === End) return out.op()
      out.push(ia.rest())
    } else if (ia.kind === End) out.push(ib.rest())
    else composePair(out, ia, ib)
  }
}

/** Joins what a retains or inserts with what b makes of it: a retain or a delete. */
function composePair(out: OpBuilder, ia: Iter, ib: Iter): void {
  const n = Math.min(ia.left, ib.left)
  const retained = ia.kind === Retain
  const { kind, attrs } = ib
  const was = ia.take(n)
  ib.skip(n)
  if (kind === Delete) {
    if (retained) out.push({ delete: n })
  } else if (attrs === undefined) {
    out.push(was)
  } else {
    const c = was as Exclude<Component, { delete: number }>
    out.push(withAttrs(c, overlay(c.attrs, attrs, retained)))
  }
}

/**
 * Cuts an op in two, to be submitted one after the other: compose(head, rest) = op. head has at most maxComponents
 * components (2 or more) and inserts at most maxUnits code units, where an embed counts 1 and the bytes of its value; yet
 * it always has something in it, at least one whole character or embed. rest is empty where op fits.
 */
export function split(op: Op, maxUnits: number, maxComponents = Infinity): [head: Op, rest: Op] {
  if (!(maxUnits >= 1 && maxComponents >= 2)) throw new RangeError(`a split at ${maxUnits} units, ${maxComponents} components`)
  let units = 0
  for (let i = 0; i < op.length; i++) {
    const c = op[i] as Component
    if (i >= maxComponents) return cut(op, i, 0)
    if (!isInsert(c)) continue
    const left = maxUnits - units
    const cost = "embed" in c ? 1 + utf8Length(c.embed[1]) : c.insert.length
    if (cost > left) {
      let take = 0
      if ("insert" in c) take = splitsPair(c.insert, left) ? left - 1 : left
      if (take === 0 && units === 0) take = "embed" in c ? 1 : 2 // an embed, or a pair, that alone is too much
      return cut(op, i, take)
    }
    units += cost
  }
  return [op, []]
}

/** op up to its component i and units code units of that one, and what follows, made to follow it. */
function cut(op: Op, i: number, units: number): [head: Op, rest: Op] {
  const head = new OpBuilder()
  let kept = 0
  const keep = (c: Component) => {
    head.push(c)
    if (!("delete" in c)) kept += lengthOf(c)
  }
  for (const c of op.slice(0, i)) keep(c)
  const it = new Iter(op.slice(i))
  if (units > 0) keep(it.take(Math.min(units, it.left)))
  const rest = new OpBuilder().retain(kept)
  while (it.kind !== End) rest.push(it.rest())
  return [head.op(), rest.op()]
}
