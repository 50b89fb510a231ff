// The JSON shape of an op, one to one with its bytes; the vectors are written in it.
//
//	component = n | [n, key, value, …]           retain n code units, setting attributes
//	          | -n                               delete n code units
//	          | "text" | ["text", key, value, …] insert
//	          | [null, type, value, key, value, …]  insert an embed

import { type Draft, draft, sortedKeys } from "./attrs.js"
import { withAttrs } from "./builder.js"
import type { Component, Op, Value } from "./component.js"
import { OpError } from "./errors.js"
import { compareKeys } from "./text.js"
import { Checker, checkValue, DefaultLimits, type Limits } from "./validate.js"

/** Reads the JSON shape of an op strictly: an OpError says what is wrong. */
export function fromWire(x: unknown, limits: Limits = DefaultLimits): Op {
  if (!Array.isArray(x)) throw new OpError("encoding", "an op is not an array")
  const checker = new Checker(limits)
  const op = x.map((item: unknown) => {
    const c = Array.isArray(item) ? bracketed(item, checker) : plain(item)
    checker.add(c)
    return c
  })
  checker.end()
  return op
}

function plain(x: unknown): Component {
  if (typeof x === "string") return { insert: x }
  if (!Number.isSafeInteger(x)) throw new OpError("encoding", "a component is neither a length nor a text")
  const n = x as number
  return n < 0 ? { delete: -n } : { retain: n }
}

function bracketed(x: readonly unknown[], checker: Checker): Component {
  const fixed = x[0] === null ? 3 : 1
  if (x.length < fixed || (x.length - fixed) % 2 !== 0) throw new OpError("encoding", "a key without a value")
  if (x[0] === null) {
    const [, type, value] = x
    if (typeof type !== "string" || typeof value !== "string") throw new OpError("encoding", "an embed is not two strings")
    const embed = [type, value] as const
    return x.length === fixed ? { embed } : { embed, attrs: readAttrs(x, fixed, checker) }
  }
  const c = plain(x[0])
  if (x.length === fixed) throw new OpError("encoding", "a component without attributes in brackets")
  const attrs = readAttrs(x, fixed, checker)
  return withRead(c, attrs, checker)
}

function readAttrs(x: readonly unknown[], from: number, checker: Checker): Draft {
  const reader = new AttrsReader(checker)
  for (let i = from; i < x.length; i += 2) {
    const key = x[i]
    if (typeof key !== "string") throw new OpError("encoding", "an attribute's key is not a string")
    if (typeof x[i + 1] === "number" && !Number.isSafeInteger(x[i + 1])) throw new OpError("encoding", "a number that is no safe integer")
    checkValue(x[i + 1])
    reader.add(key, x[i + 1] as Value)
  }
  return reader.attrs
}

/** c, which was read as one without attributes, with attrs. */
export function withRead(c: Component, attrs: Draft, checker: Checker): Component {
  if (!("delete" in c)) return withAttrs(c, attrs)
  checker.flaw = "deletes with attributes"
  return c
}

/** Gathers attributes that must come sorted, each key once; the checker is told where they do not. */
export class AttrsReader {
  readonly attrs = draft()
  private last: string | undefined = undefined

  constructor(private readonly checker: Checker) {}

  add(key: string, value: Value): void {
    if (this.last !== undefined && compareKeys(this.last, key) >= 0) this.checker.flaw = "has attributes out of order"
    this.last = key
    this.attrs[key] = value
  }
}

/** The JSON shape of an op. */
export function toWire(op: Op): unknown[] {
  return op.map((c) => {
    if ("delete" in c) return -c.delete
    const row: unknown[] = "embed" in c ? [null, ...c.embed] : ["retain" in c ? c.retain : c.insert]
    if (c.attrs !== undefined) for (const key of sortedKeys(c.attrs)) row.push(key, c.attrs[key])
    return row.length === 1 ? row[0] : row
  })
}
