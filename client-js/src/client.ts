import { type DocumentKind, invert, type Op, type Range, targetLength } from "./op.js"
import { Backoff } from "./backoff.js"
import { Emitter } from "./emitter.js"
import { ClientError, type Change, type Limits, Pending } from "./pending.js"
import { Carets, clip, PRESENCE_EVERY, type User } from "./presence.js"
import {
  type AckMessage,
  type ClientMessage,
  type CommitsMessage,
  type ErrorMessage,
  errorKind,
  type OpenedMessage,
  type PresenceMessage,
  type SessionMessage,
  MaxColor,
  MaxName,
  MaxUserName,
} from "./protocol.js"
import type { Host, Timer } from "./socket.js"
import { Undo } from "./undo.js"

/** A submission that is not acknowledged within this time: the connection is taken for dead. Milliseconds. */
export const ACK_WITHIN = 10_000
/** An open, or a piece of a snapshot, that does not come within this time: the same. */
export const OPENED_WITHIN = 30_000
/** How long a refused submission rests where the server named no time. */
export const REFUSED_FOR = 30_000
/** How long close waits for what is pending. */
export const CLOSE_WITHIN = 10_000
const LONGEST = 3_600_000

export type Status = "connecting" | "live" | "offline" | "closed"
export type Access = "write" | "read"

/** What keeps edits from being saved. */
export interface Problem {
  /** A word: an error code of the protocol, or "foreign", "unknown", "restored". */
  readonly code: string
  /** For people. */
  readonly message: string
  /** The text that could not be saved, to be offered; "" where nothing was lost. */
  readonly text: string
}

/** What goes with a change. */
export interface ChangeInfo {
  /** It was made through this Doc. */
  readonly local: boolean
  /** The author's session, of a single commit. */
  readonly session?: number
  /** The author's caret after it, in the text shown. */
  readonly caret?: number
}

export type DocEvents = {
  /** The text changed by op. What the server sends instead of history arrives as one change, too. */
  change: [op: Op, info: ChangeInfo]
  /** Status, its reason, or the time of the next attempt. */
  status: [status: Status]
  saved: [saved: boolean]
  presence: []
  /** undefined: it is over. */
  problem: [problem: Problem | undefined]
  access: [access: Access]
}

/** What a Client needs of its connection. */
export interface Link {
  readonly host: Host
  readonly user: User
  /** Those of the server; undefined while there is no connection. */
  readonly limits: Limits | undefined
  /** Why there is no connection, and when the next attempt is made. */
  readonly reason: string | undefined
  readonly nextTryAt: number | undefined
  /** In the middle of a frame: nothing may be frozen, since the lineage may not be known. settle is called at its end. */
  readonly busy: boolean
  send(m: ClientMessage): void
  /** A channel on which the client is told messages, until it is detached. */
  attach(client: Client): number
  detach(channel: number): void
  /** The connection is taken for dead. */
  giveUp(reason: string): void
  /** Tries to connect at once. */
  retryNow(): void
  /** The client has closed. */
  remove(client: Client): void
  report(error: unknown, document?: string): void
}

/**
 * One open copy of a document, which outlives connections: it carries out what Pending says, over a Link. Doc is its public face.
 *
 * It is in one of four states: closed; live (a session, with everything up to its opening); opening (a channel, awaiting
 * that); or waiting (for the connection, or for the time to open again).
 */
export class Client {
  // Immutable.
  readonly name: string
  readonly ready: Promise<void>
  readonly events: Emitter<DocEvents>
  readonly pending: Pending
  readonly carets = new Carets()
  readonly #link: Link
  readonly #undo = new Undo()
  readonly #backoff = new Backoff()

  // What is known to the public.
  access: Access = "write"
  #closed = false
  #closedReason: string | undefined
  #problem: { readonly code: string; readonly message: string; readonly text?: string } | undefined
  #told = { status: "connecting" as Status, reason: undefined as string | undefined, nextTryAt: undefined as number | undefined, saved: true }
  #readied: { done: () => void; failed: (error: ClientError) => void }

  // The session.
  #channel = 0 // 0: none
  #live = false
  /** The outstanding submission was refused: it rests until it is named in another open. */
  #refused = false
  #waitingReason: string | undefined
  #reopenAt: number | undefined
  #reopening: Timer | undefined
  /** Until something that is awaited comes. */
  #deadline: Timer | undefined
  #presenceTimer: Timer | undefined
  #presenceAt = -Infinity
  #peersMoved = false
  #onSaved: (() => void) | undefined // while closing

  constructor(link: Link, id: string, name: string, kind: DocumentKind) {
    this.#link = link
    this.name = name
    this.pending = new Pending(id, kind)
    this.events = new Emitter((error) => link.report(error, name))
    let readied: typeof this.#readied | undefined
    this.ready = new Promise((done, failed) => (readied = { done, failed }))
    this.#readied = readied as unknown as typeof this.#readied
    this.ready.catch(() => {}) // who does not wait for it learns it from problem
  }

  // What the public sees.

  get status(): Status {
    if (this.#closed) return "closed"
    if (this.#live) return "live"
    return this.pending.ready ? "offline" : "connecting"
  }

  get statusReason(): string | undefined {
    if (this.#closed) return this.#closedReason
    return this.#live ? undefined : (this.#link.reason ?? this.#waitingReason)
  }

  get nextTryAt(): number | undefined {
    return this.#closed || this.#live ? undefined : (this.#link.nextTryAt ?? this.#reopenAt)
  }

  get problem(): Problem | undefined {
    const p = this.#problem
    return p && { code: p.code, message: p.message, text: p.text ?? (this.pending.saved ? "" : this.pending.content.text) }
  }

  retryNow(): void {
    if (this.#closed) return
    if (this.#link.limits === undefined || this.#channel !== 0) this.#link.retryNow()
    else this.open()
  }

  /** Takes in an edit of the user, sends it if nothing is outstanding, and tells of it. */
  edit(op: Op, caret: number | null, undoing = false): void {
    this.#checkWritable()
    if (op.length === 0) return
    const before = this.pending.content
    const end = before.length + targetLength(op) - (before.length === 0 ? 0 : lengthDeletedBy(op))
    void end
    this.pending.edit(op, caret)
    if (!undoing) this.#undo.edited(op, before, this.#link.host.now())
    this.carets.edited(op, caret)
    this.events.emit("change", op, { local: true })
    this.settle()
  }
}
