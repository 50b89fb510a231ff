import { type Draft, sortedKeys } from "./attrs.js"
import type { Attrs, Component, Op, Value } from "./component.js"
import { OpError } from "./errors.js"
import { encoded, Reader, type Writer } from "./pack.js"
import { AttrsReader, withRead } from "./shape.js"
import { Checker, DefaultLimits, type Limits } from "./validate.js"

/** The one encoding of an op, which must be valid. */
export function encodeOp(op: Op): Uint8Array {
  return encoded((w) => writeOp(w, op))
}

/** Reads an op that is all of bytes: an OpError says what is wrong. */
export function decodeOp(bytes: Uint8Array, limits: Limits = DefaultLimits): Op {
  const r = new Reader(bytes)
  const op = readOp(r, limits)
  r.end()
  return op
}

/** Writes an op as encodeOp does. */
export function writeOp(w: Writer, op: Op): void {
  w.array(op.length)
  for (const c of op) writeComponent(w, c)
}

function writeComponent(w: Writer, c: Component): void {
  if ("delete" in c) return w.int(-c.delete)
  const keys = c.attrs === undefined ? [] : sortedKeys(c.attrs)
  if ("embed" in c) {
    w.array(3 + 2 * keys.length)
    w.nil()
    w.str(c.embed[0])
    w.str(c.embed[1])
  } else {
    if (keys.length > 0) w.array(1 + 2 * keys.length)
    if ("retain" in c) w.int(c.retain)
    else w.str(c.insert)
  }
  if (c.attrs !== undefined) writePairs(w, c.attrs, keys)
}

/** Writes key, value, key, value …; hash.ts hashes attributes in this form. */
export function writePairs(w: Writer, attrs: Attrs, keys: readonly string[]): void {
  for (const key of keys) {
    w.str(key)
    const value = attrs[key] as Value
    if (value === null) w.nil()
    else if (typeof value === "boolean") w.bool(value)
    else if (typeof value === "number") w.int(value)
    else w.str(value)
  }
}

/** Reads an op as decodeOp does. */
export function readOp(r: Reader, limits: Limits): Op {
  const n = r.array(limits.components)
  const checker = new Checker(limits)
  const op: Component[] = []
  for (let i = 0; i < n; i++) {
    const c = r.peek() === "array" ? readBracketed(r, limits, checker) : readPlain(r, limits)
    checker.add(c)
    op.push(c)
  }
  checker.end()
  return op
}

function readPlain(r: Reader, limits: Limits): Component {
  if (r.peek() === "str") return { insert: r.str(limits.text) }
  const n = r.int()
  return n < 0 ? { delete: -n } : { retain: n }
}

function readBracketed(r: Reader, limits: Limits, checker: Checker): Component {
  const n = r.array(3 + 2 * limits.attributes)
  if (r.nil()) {
    const embed = [r.str(limits.embedType), r.str(limits.embed)] as const
    if (n < 3 || n % 2 === 0) throw new OpError("encoding", "a key without a value")
    return n === 3 ? { embed } : { embed, attrs: readPairs(r, (n - 3) / 2, limits, checker) }
  }
  const c = readPlain(r, limits)
  if (n === 1) throw new OpError("encoding", "a component without attributes in brackets")
  if (n % 2 === 0) throw new OpError("encoding", "a key without a value")
  const attrs = readPairs(r, (n - 1) / 2, limits, checker)
  return withRead(c, attrs, checker)
}

function readPairs(r: Reader, n: number, limits: Limits, checker: Checker): Draft {
  const reader = new AttrsReader(checker)
  for (let i = 0; i < n; i++) {
    const key = r.str(limits.key)
    reader.add(key, readValue(r, limits))
  }
  return reader.attrs
}

function readValue(r: Reader, limits: Limits): Value {
  switch (r.peek()) {
    case "nil":
      r.nil()
      return null
    case "bool":
      return r.bool()
    case "str":
      return r.str(limits.value)
    default:
      return r.int()
  }
}
