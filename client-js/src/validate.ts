import { hasAttrs, sortedKeys } from "./attrs.js"
import { isPlainRetain, join } from "./builder.js"
import { type Attrs, type Component, type DocumentKind, isInsert, lengthOf, type Op } from "./component.js"
import { OpError } from "./errors.js"
import { utf8Length } from "./text.js"

/** What one op may hold. Bytes are bytes of UTF-8. */
export interface Limits {
  readonly components: number
  /** Attributes of a component. */
  readonly attributes: number
  /** Bytes of an attribute's key. */
  readonly key: number
  /** Bytes of an attribute's string. */
  readonly value: number
  /** Bytes of inserted text and embeds' values, together. */
  readonly text: number
  /** Bytes of an embed's type. */
  readonly embedType: number
  /** Bytes of an embed's value. */
  readonly embed: number
  /** Code units of one component. */
  readonly length: number
}

/** The largest document, in UTF-16 code units. */
export const MaxDocument = 16 * 2 ** 20

/** The limits of one submission. */
export const DefaultLimits: Limits = {
  components: 4096,
  attributes: 16,
  key: 64,
  value: 1024,
  text: 128 * 1024,
  embedType: 64,
  embed: 16 * 1024,
  length: MaxDocument,
}

/** The limits of what the server made from ops within DefaultLimits: a piece of content, or many commits composed. */
export const StoredLimits: Limits = {
  ...DefaultLimits,
  components: 4 * MaxDocument,
  attributes: 1024,
  text: 4 * MaxDocument,
  length: 4 * MaxDocument,
}

/** Throws an OpError for an op that is not in normal form, has a lone surrogate, or something beyond limits. */
export function validate(op: Op, limits: Limits = DefaultLimits): void {
  if (!Array.isArray(op)) throw new OpError("encoding", "an op is not an array")
  const checker = new Checker(limits)
  for (const c of op) {
    checkShape(c)
    checker.add(c)
  }
  checker.end()
}

/** Holds a row of components against normal form and limits. */
export class Checker {
  /** What a reader has seen wrong with the component that it adds next. It is told only when its turn comes, as in Go. */
  flaw = ""

  private n = 0
  private text = 0
  private last: Component | undefined = undefined

  constructor(private readonly limits: Limits) {}

  /** Refuses a component that must not follow those before it. */
  add(c: Component): void {
    const { limits } = this
    this.n++
    if (this.n > limits.components) throw new OpError("limit", `more than ${limits.components} components`)
    const length = lengthOf(c)
    if (length < 1) throw this.abnormal(`has the length ${length}`)
    if (length > limits.length) throw new OpError("limit", `a component of ${length} code units, at most ${limits.length} are allowed`)
    if (isInsert(c)) this.inserted(c)
    const attrs = "delete" in c ? undefined : c.attrs
    if (attrs !== undefined) this.attrs(attrs, isInsert(c))
    if (this.flaw !== "") throw this.abnormal(this.flaw)
    if (this.last !== undefined && join(this.last, c) !== undefined) throw this.abnormal("is one with the component before it")
    this.last = c
  }

  /** Refuses what must not be the last component. */
  end(): void {
    if (this.last !== undefined && isPlainRetain(this.last)) throw this.abnormal("is a retain at the end")
  }

  private inserted(c: Component): void {
    const { limits } = this
    if ("insert" in c) {
      this.text += utf8Length(c.insert)
    } else if ("embed" in c) {
      const [type, value] = c.embed
      if (type === "") throw this.abnormal("is an embed without a type")
      within("an embed's type", type, limits.embedType)
      this.text += within("an embed", value, limits.embed)
    }
    if (this.text > limits.text) throw new OpError("limit", `the op inserts more than ${limits.text} bytes`)
  }

  private attrs(attrs: Attrs, inserted: boolean): void {
    const { limits } = this
    const keys = sortedKeys(attrs)
    if (keys.length === 0) throw this.abnormal("has attributes, but none in them")
    if (keys.length > limits.attributes) {
      throw new OpError("limit", `${keys.length} attributes, at most ${limits.attributes} are allowed`)
    }
    for (const key of keys) {
      const value = attrs[key]
      if (key === "") throw this.abnormal("has an attribute without a key")
      within("a key", key, limits.key)
      if (typeof value === "string") within("an attribute's value", value, limits.value)
      if (inserted && value === null) throw this.abnormal("inserts with an attribute that is null")
    }
  }

  private abnormal(what: string): OpError {
    return new OpError("normal form", `component ${this.n} ${what}`)
  }
}

function within(what: string, s: string, limit: number): number {
  const bytes = utf8Length(s)
  if (bytes > limit) throw new OpError("limit", `${what} has ${bytes} bytes, at most ${limit} are allowed`)
  return bytes
}

/** Refuses what the types rule out, for callers that have none. */
function checkShape(c: Component): void {
  if (typeof c !== "object" || c === null) throw new OpError("encoding", "a component is not an object")
  let length: unknown = 1
  let ok = false
  if ("retain" in c) ok = Number.isSafeInteger((length = c.retain))
  else if ("delete" in c) ok = Number.isSafeInteger((length = c.delete))
  else if ("insert" in c) ok = typeof c.insert === "string"
  else if ("embed" in c) ok = Array.isArray(c.embed) && c.embed.length === 2 && c.embed.every((s) => typeof s === "string")
  const attrs = (c as { attrs?: unknown }).attrs
  const keys = Object.keys(c).length
  if (!ok || keys !== ("attrs" in c ? 2 : 1)) throw new OpError("encoding", "a component of no known shape")
  if ((length as number) < 1) throw new OpError("normal form", `a component has the length ${length}`)
  if (!("attrs" in c)) return
  if ("delete" in c) throw new OpError("normal form", "a delete with attributes")
  if (typeof attrs !== "object" || attrs === null || Array.isArray(attrs)) throw new OpError("encoding", "attributes are no object")
  if (hasAttrs(attrs as Attrs)) Object.values(attrs).forEach(checkValue)
}

/** Refuses what is no attribute's value. */
export function checkValue(value: unknown): void {
  const ok = value === null || typeof value === "boolean" || typeof value === "string" || Number.isSafeInteger(value)
  if (!ok) throw new OpError(typeof value === "number" ? "limit" : "encoding", "an attribute's value is of no accepted type")
}

/** Throws an OpError "kind" for an op of a user that speaks of an attribute which is the server's own: its key begins with NUL. */
export function checkKeys(op: Op): void {
  for (const c of op) {
    const keys = "delete" in c || c.attrs === undefined ? [] : Object.keys(c.attrs)
    if (keys.some((key) => key.startsWith("\0"))) throw new OpError("kind", "an attribute whose key begins with NUL, which is reserved")
  }
}

/** Throws an OpError "kind" for an op that a document of this kind cannot hold. */
export function checkKind(op: Op, kind: DocumentKind): void {
  if (kind === "rich") return
  for (const c of op) {
    if ("embed" in c) throw new OpError("kind", "an embed in a plain text")
    if (!("delete" in c) && c.attrs !== undefined) throw new OpError("kind", "attributes in a plain text")
    if ("insert" in c && c.insert.includes("\r")) throw new OpError("kind", "a carriage return in a plain text, where lines end with LF")
  }
}
