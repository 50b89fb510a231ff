// The client's half of the algebra. It is the same as in Go (client-go/pending.go, reopen.go), where it is simulated.

import {
  baseLength,
  checkKeys,
  checkKind,
  compose,
  Content,
  DefaultLimits,
  diff,
  type DocumentKind,
  encodeOp,
  isInsert,
  type Limits as OpLimits,
  MaxDocument,
  type Op,
  OpBuilder,
  OpError,
  split,
  StoredLimits,
  targetLength,
  transform,
  transformOffset,
  validate,
} from "./op.js"
import { ClientError, NO_LINEAGE, type Outcome, type Place } from "./vocabulary.js"

/** A lineage that no server knows. */
const DISTRUSTED = "ff00000000000000"

/** A submission is frozen: once it was sent, neither its name (client, seq) nor its base and bytes change. */
export interface Submission {
  /** Under which it was frozen, 32 hex digits. */
  readonly client: string
  readonly seq: number
  readonly base: Place
  readonly op: Op
  readonly bytes: Uint8Array
  /** In op's target; null: not known. */
  readonly caret: number | null
}

interface Outstanding {
  readonly submission: Submission
  /** submission.op, moved to base. */
  readonly op: Op
  readonly edits: number
}

/** The server's answer to an open. */
export interface Opened {
  readonly place: Place
  readonly outcome: Outcome
  readonly lastSeq: number
  readonly resume: boolean
}

/** What an opening made of the user's content. */
export interface Change {
  /** Brings the content that the user saw to what it is now. */
  readonly op: Op
  /** Content that was outstanding, and of which nobody knows whether it was committed: it is not submitted again, but offered. */
  readonly lost?: Content
  /** What the user saw, where acknowledged text was taken away: an older state of the server was restored. */
  readonly before?: Content
}

/** Bound what is frozen into one submission; more is sent as several, one after the other. */
export interface Limits {
  /** Bytes of UTF-8. */
  readonly text: number
  readonly components: number
  /** Bytes of the encoded op. */
  readonly message: number
}

/** Those of a server that was not told otherwise. */
export const DefaultSubmission: Limits = { text: DefaultLimits.text, components: DefaultLimits.components, message: 250 * 1024 }

const editLimits: OpLimits = { ...StoredLimits, attributes: DefaultLimits.attributes }

/**
 * PURE: no socket, no timer, no callback. It holds
 *
 *	base         the content at the place held, as the server has it
 *	outstanding  a submission that was sent, or named in an open, and is not decided: its bytes are frozen
 *	buffer       what was edited since
 *
 * and what its user sees is base∘outstanding∘buffer. Every method that changes what the user sees from outside returns the
 * op that does it. A method that throws has changed nothing, except that the pieces of a snapshot are forgotten.
 */
export class Pending {
  /** 32 hex digits. */
  readonly client: string
  readonly kind: DocumentKind

  #seq = 0 // the last one given away
  #held: Place | undefined // of base; undefined: there is no content yet
  #base = Content.empty
  #content = Content.empty

  #outstanding: Outstanding | undefined
  #buffer: Op = []
  #edits = 0 // in the buffer
  #caret: number | null = null // after the buffer

  /** An open that is answered with a snapshot, while its pieces arrive. */
  #opening: { readonly opened: Opened; readonly pieces: OpBuilder } | undefined

  constructor(client: string, kind: DocumentKind) {
    this.client = client
    this.kind = kind
  }

  /** What the user sees. */
  get content(): Content {
    return this.#content
  }

  /** Whether there is content. */
  get ready(): boolean {
    return this.#held !== undefined
  }

  /** The place of the content that the server is known to have; undefined before there is any. */
  get held(): Place | undefined {
    return this.#held
  }

  /** Nothing is pending. */
  get saved(): boolean {
    return this.#outstanding === undefined && this.#buffer.length === 0
  }

  /** How many edits are not acknowledged. */
  get edits(): number {
    return this.#edits + (this.#outstanding?.edits ?? 0)
  }

  /** The submission that is not decided. */
  get outstanding(): Submission | undefined {
    return this.#outstanding?.submission
  }

  /** The outstanding submission's op as it stands on the content held; [] where there is none. */
  get moved(): Op {
    return this.#outstanding?.op ?? []
  }

  /** Where an offset of another user, in the content held, is in what this user sees. */
  shown(offset: number): number {
    return transformOffset(this.#buffer, transformOffset(this.moved, offset, "left"), "left")
  }

  /** Takes in an edit of the user, made on content; caret is in its target. */
  edit(op: Op, caret: number | null): void {
    if (!this.ready) throw new ClientError("not-ready", "there is no content yet: await ready")
    try {
      this.#checkEdit(op)
      const buffer = compose(this.#buffer, op)
      this.#content = this.#content.apply(op)
      this.#buffer = buffer
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      throw new ClientError("edit", `the edit does not apply: ${error.message}`, { cause: error })
    }
    this.#caret = caret
    this.#edits++
    this.#settle()
  }

  #checkEdit(op: Op): void {
    validate(op, editLimits)
    checkKind(op, this.kind)
    checkKeys(op)
    const n = this.#content.length + targetLength(op) - baseLength(op)
    if (n > MaxDocument) throw new OpError("limit", `the document would have ${n} code units, at most ${MaxDocument} are allowed`)
    this.#content.check(op)
  }

  /** Forgets a buffer that has become empty: it is never sent. */
  #settle(): void {
    if (this.#buffer.length > 0) return
    this.#edits = 0
    this.#caret = null
  }

  /**
   * Makes the buffer, or as much of it as the limits allow, the outstanding submission, and returns it to be sent; undefined
   * where there is nothing to send, or something is outstanding. It must not be called between an open and the end of what
   * answers it, nor in the middle of a frame, where the lineage is not known.
   */
  freeze(limits: Limits = DefaultSubmission): Submission | undefined {
    if (this.#outstanding !== undefined || this.#buffer.length === 0 || this.#opening !== undefined || this.#held === undefined) return undefined
    const units = Math.max(1, Math.floor(limits.text / 3)) // a code unit takes at most three bytes
    let n = limits.components
    let [op, rest] = split(this.#buffer, units, n)
    let bytes = encodeOp(op)
    while (bytes.length > limits.message && n > 2) {
      n = Math.max(2, Math.floor(n / 2))
      ;[op, rest] = split(this.#buffer, units, n)
      bytes = encodeOp(op)
    }
    const last = rest.length === 0
    const submission = { client: this.client, seq: ++this.#seq, base: this.#held, op, bytes, caret: last ? this.#caret : null }
    // The edits count until the last part is acknowledged.
    this.#outstanding = { submission, op, edits: last ? this.#edits : 0 }
    this.#buffer = rest
    if (last) this.#edits = 0
    this.#settle()
    return submission
  }

  /** Takes in count commits of others, composed, and returns the op that brings them to the user's content. */
  commits(first: number, count: number, op: Op, lineage: string | null): Op {
    const held = this.#held
    if (held === undefined || this.#opening !== undefined) throw new ClientError("protocol", "commits before the content")
    if (first !== held.rev + 1) throw new ClientError("gap", `revision ${first} came, ${held.rev} is held`)
    const same = this.#content === this.#base
    const base = this.#applied(this.#base, op, `revision ${first} does not fit`)
    const shown = this.#receive(op, same && this.saved ? base : undefined)
    this.#base = base
    this.#held = { ...held, rev: first + count - 1, lineage: lineage ?? NO_LINEAGE }
    return shown
  }

  #applied(content: Content, op: Op, wrong: string): Content {
    try {
      return content.apply(op)
    } catch (error) {
      throw new ClientError("diverged", wrong, { cause: error })
    }
  }

  /** Moves what is pending over an op of others, and that over what is pending; content is what that makes, if it is known. */
  #receive(op: Op, content?: Content): Op {
    const o = this.#outstanding
    const outstanding = o && { ...o, op: transform(o.op, op, "left") }
    const overOutstanding = o === undefined ? op : transform(op, o.op, "right")
    const shown = transform(overOutstanding, this.#buffer, "right")
    this.#content = content ?? this.#applied(this.#content, shown, "what came does not fit what is shown")
    this.#outstanding = outstanding
    this.#buffer = transform(this.#buffer, overOutstanding, "left")
    if (this.#caret !== null) this.#caret = transformOffset(shown, this.#caret, "left")
    this.#settle()
    return shown
  }

  /** Takes in the acknowledgement of the outstanding submission. One that belongs to nothing here is an error, never ignored. */
  ack(seq: number, place: Place): void {
    const o = this.#outstanding
    if (o === undefined || o.submission.seq !== seq) {
      throw new ClientError("protocol", `an ack of sequence ${seq}, which is not outstanding`)
    }
    if (place.rev !== (this.#held?.rev ?? 0) + 1) throw new ClientError("gap", `an ack at revision ${place.rev}, ${this.#held?.rev} is held`)
    // One text where there can be one: half the work and memory, and checks look at what the user sees.
    const saved = this.#buffer.length === 0
    this.#base = saved ? this.#content : this.#applied(this.#base, o.op, "what was acknowledged does not fit")
    this.#held = place
    this.#outstanding = undefined
  }

  /** Compares the content at the place held with the server's hash. A check of another revision says nothing. */
  check(rev: number, hash: number): void {
    if (rev !== this.#held?.rev) return
    const have = this.#base.hash()
    if (have !== hash) throw new ClientError("diverged", `at revision ${rev} the hash is ${have}, the server's is ${hash}`)
  }

  /** Forgets the place held, so that the next open brings a snapshot: after "diverged". What is pending stays. */
  distrust(): void {
    if (this.#held !== undefined) this.#held = { ...this.#held, lineage: DISTRUSTED }
  }

  /**
   * Takes in the answer to an open. Where it resumes, commits and the ack follow; otherwise the pieces of a snapshot.
   * ClientError "foreign": there is another document under the name now; what the user sees is theirs to keep.
   */
  opened(o: Opened): void {
    this.#opening = undefined
    if (this.#held !== undefined && o.place.id !== this.#held.id) {
      throw new ClientError("foreign", `the document was ${this.#held.id}, it is ${o.place.id}`)
    }
    if ((o.outcome === "none") !== (this.#outstanding === undefined)) throw new ClientError("protocol", `the outcome is ${o.outcome}`)
    this.#seq = Math.max(this.#seq, o.lastSeq)
    if (!o.resume) {
      this.#opening = { opened: o, pieces: new OpBuilder() }
      return
    }
    if (!this.ready || o.outcome === "unknown") throw new ClientError("protocol", `resuming from nothing, or after ${o.outcome}`)
    if (o.outcome === "void") this.#join()
  }

  /** Makes what was outstanding part of the buffer again, to be sent under another name. */
  #join(): void {
    const o = this.#outstanding
    if (o === undefined) return
    this.#buffer = compose(o.op, this.#buffer)
    this.#edits += o.edits
    this.#outstanding = undefined
    this.#settle()
  }

  /**
   * Takes in a piece of the content; undefined while there are more. With the last one the outcome and the content are taken
   * in one step; until then nothing has changed, and a new open starts over.
   */
  snapshot(piece: Op, more: boolean): Change | undefined {
    const opening = this.#opening
    if (opening === undefined) throw new ClientError("protocol", "a snapshot that was not announced")
    if (!piece.every(isInsert)) throw new ClientError("protocol", "a snapshot that is not inserts only")
    for (const c of piece) opening.pieces.push(c)
    if (more) return undefined
    this.#opening = undefined
    return this.#reload(opening.opened, Content.of(opening.pieces.op()))
  }

  /** Puts the server's content in the place of base, and rebases what is pending over the difference. */
  #reload(o: Opened, content: Content): Change {
    const shown = this.#content
    const held = this.#held
    let known = this.#base // what the server had, as far as this client knows
    if (o.outcome === "committed" || o.outcome === "unknown") {
      known = this.#applied(known, this.moved, "what is outstanding does not fit")
      this.#outstanding = undefined
    } else if (o.outcome === "void") {
      this.#join()
    }
    // Minimal: a coarser difference would bring back text whose deletion is pending.
    const difference = diff(known, content)
    const cut = held !== undefined && (o.place.epoch !== held.epoch || o.place.rev < held.rev) && difference.some((c) => "delete" in c)
    this.#base = content
    this.#held = o.place
    return {
      op: this.#receive(difference, this.saved ? content : undefined),
      ...(o.outcome === "unknown" && { lost: shown }),
      ...(cut && { before: shown }),
    }
  }
}
