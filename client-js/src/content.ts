import { undoAttrs } from "./attrs.js"
import { OpBuilder } from "./builder.js"
import { baseLength, type Component, equal, isInsert, lengthOf, type Op, targetLength } from "./component.js"
import { compose } from "./compose.js"
import { OpError } from "./errors.js"
import { contentHash } from "./hash.js"
import { Iter } from "./iter.js"
import { splitsPair } from "./text.js"

/** What stands for an embed in Content.text, so that offsets into it are offsets into the document. */
export const EMBED_CHARACTER = "\ufffc"

/**
 * The content of a document: an immutable value. It holds the runs of the document as an op of inserts only; a plain text is
 * one string, which V8 shares and flattens by itself.
 */
export class Content {
  static readonly empty = new Content([])

  /** UTF-16 code units; an embed counts 1. */
  readonly length: number

  private cachedText: string | undefined = undefined
  private cachedHash: number | undefined = undefined

  private constructor(private readonly runs: Op) {
    this.length = targetLength(runs)
  }

  /** The content that an op of inserts only makes of an empty document; the op must be valid. */
  static of(op: Op): Content {
    if (!op.every(isInsert)) throw new RangeError("a content that is not inserts only")
    return op.length === 0 ? Content.empty : new Content(op)
  }

  /** A plain text. */
  static ofText(text: string): Content {
    return text === "" ? Content.empty : new Content([{ insert: text }])
  }

  /** The text without attributes, with U+FFFC for every embed. */
  get text(): string {
    this.cachedText ??= this.runs.map((c) => ("insert" in c ? c.insert : EMBED_CHARACTER)).join("")
    return this.cachedText
  }

  /** The content as an op of inserts only. */
  toOp(): Op {
    return this.runs
  }

  /** contentHash of the content; kept once it was asked for. */
  hash(): number {
    this.cachedHash ??= contentHash(this.runs)
    return this.cachedHash
  }

  /** Whether two contents are the same. */
  equals(other: Content): boolean {
    return equal(this.runs, other.runs)
  }

  /** Throws an OpError "length" where op reaches past the end, "surrogate" where it has a boundary inside a pair. */
  check(op: Op): void {
    const base = baseLength(op)
    if (base > this.length) {
      throw new OpError("length", `the op speaks of ${base} code units, the document has ${this.length}`)
    }
    let at = 0
    let run = 0
    let start = 0 // offset of the run
    for (const c of op) {
      if (isInsert(c)) continue
      at += lengthOf(c)
      for (let r = this.runs[run]; r !== undefined && start + lengthOf(r) <= at; r = this.runs[++run]) start += lengthOf(r)
      const r = this.runs[run]
      if (r !== undefined && "insert" in r && splitsPair(r.insert, at - start)) {
        throw new OpError("surrogate", `offset ${at} of the document lies inside a pair`)
      }
    }
  }

  /** The content after op; errors as check. */
  apply(op: Op): Content {
    this.check(op)
    const plain = this.runs.length === 0 ? "" : this.plain()
    const text = plain === undefined ? undefined : applyPlain(plain, op)
    return text === undefined ? Content.of(compose(this.runs, op)) : Content.ofText(text)
  }

  /** The content from one offset to another; a RangeError outside of it, an OpError "surrogate" inside a pair. */
  slice(from: number, to: number = this.length): Content {
    if (!(0 <= from && from <= to && to <= this.length)) throw new RangeError(`slice ${from} to ${to} of ${this.length}`)
    const it = new Iter(this.runs)
    moveOn(it, from, () => {})
    const out: Component[] = []
    moveOn(it, to - from, (c) => out.push(c))
    return Content.of(out)
  }

  /** The text of a content that is one run of plain text. */
  private plain(): string | undefined {
    const [c] = this.runs
    return this.runs.length === 1 && c !== undefined && "insert" in c && c.attrs === undefined ? c.insert : undefined
  }
}

/** Takes the next n code units of a content, run by run. */
function moveOn(it: Iter, n: number, each: (c: Component) => void): void {
  for (let left = n; left > 0; ) {
    const c = it.take(Math.min(left, it.left))
    left -= lengthOf(c)
    each(c)
  }
}

/** text after an op that was checked; undefined where the op has attributes or embeds in it. */
function applyPlain(text: string, op: Op): string | undefined {
  const out: string[] = []
  let at = 0
  for (const c of op) {
    if ("delete" in c) at += c.delete
    else if ("embed" in c || c.attrs !== undefined) return undefined
    else if ("insert" in c) out.push(c.insert)
    else {
      out.push(text.slice(at, at + c.retain))
      at += c.retain
    }
  }
  out.push(text.slice(at))
  return out.join("")
}

/** The content after op. A content is a Content, or an op of inserts only; the answer is of the same form. Errors as Content.check. */
export function apply(content: Content, op: Op): Content
export function apply(content: Op, op: Op): Op
export function apply(content: Content | Op, op: Op): Content | Op {
  return content instanceof Content ? content.apply(op) : Content.of(content).apply(op).toOp()
}

/** What undoes op on the content before it: apply(apply(d, op), invert(op, d)) = d. Errors as Content.check. */
export function invert(op: Op, before: Content | Op): Op {
  const content = before instanceof Content ? before : Content.of(before)
  content.check(op)
  const out = new OpBuilder()
  const it = new Iter(content.toOp())
  for (const c of op) {
    if (isInsert(c)) out.delete(lengthOf(c))
    else if ("delete" in c) moveOn(it, c.delete, (old) => out.push(old))
    else if (c.attrs === undefined) {
      out.push(c)
      moveOn(it, c.retain, () => {})
    } else {
      const change = c.attrs
      moveOn(it, c.retain, (old) => out.retain(lengthOf(old), undoAttrs("attrs" in old ? old.attrs : undefined, change)))
    }
  }
  return out.op()
}
