import { type Attached, Attachment, type Link } from "./attachment.js"
import type { DocEvents, Problem, Status } from "./doc.js"
import { Emitter } from "./emitter.js"
import { baseLength, type DocumentKind, type Op, type Range, targetLength } from "./op.js"
import { Pending, type Submission } from "./pending.js"
import { ClientError } from "./vocabulary.js"
import { Carets, type Ground, PRESENCE_EVERY } from "./presence.js"
import {
  type Access,
  type AckMessage,
  type CommitsMessage,
  type ErrorMessage,
  errorKind,
  type OpenedMessage,
  type SessionMessage,
  type SnapshotMessage,
} from "./protocol.js"
import type { Host, Timer } from "./socket.js"
import { Undo } from "./undo.js"

/** A submission that is not acknowledged within this time: the connection is taken for dead. Milliseconds, as all times here. */
export const ACK_WITHIN = 10_000
/** An answer to an open, or the next piece of a snapshot, that does not come within this time: the same. */
export const OPENED_WITHIN = 30_000
/** How long a refused submission rests where the server named no time. */
export const REFUSED_FOR = 30_000
/** Codes after which the document is no longer on the server as it was: the whole text is offered, not only what was pending. */
const GONE = new Set(["not-found", "damaged", "foreign"])

/** One open copy of a document, which outlives connections: carries out what Pending says, over a Link. Doc is its public face. */
export class Client implements Attached {
  // Immutable.
  readonly name: string
  readonly ready: Promise<void>
  readonly events: Emitter<DocEvents>
  readonly pending: Pending
  readonly carets = new Carets()
  readonly #link: Link
  readonly #undo = new Undo()
  readonly #attachment: Attachment
  #resolveReady = (): void => {}
  #rejectReady = (_: ClientError): void => {}

  // What is shown.
  #access: Access = "write"
  #closing = false // no more edits
  #closed = false
  #reason: string | undefined // why it is closed, or not opened
  #problem: { readonly code: string; readonly message: string; readonly text?: string } | undefined
  #offer: Problem | undefined
  #told: { status: Status; reason: string | undefined; nextTryAt: number | undefined; saved: boolean }
  #othersChanged = false

  // The session.
  /** The outstanding submission was refused: it rests until another open names it. */
  #refused = false
  #presenceTimer: Timer | undefined
  #presenceAt = -Infinity

  constructor(link: Link, id: string, name: string, kind: DocumentKind) {
    this.#link = link
    this.#attachment = new Attachment(link, () => this.open())
    this.name = name
    this.pending = new Pending(id, kind)
    this.events = new Emitter((error) => link.report(error, name))
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#rejectReady = reject
    })
    this.ready.catch(() => {}) // who does not wait for it learns it from problem
    this.#told = { status: "connecting", reason: this.statusReason, nextTryAt: this.nextTryAt, saved: true }
  }

  get status(): Status {
    if (this.#closed) return "closed"
    if (this.#attachment.live) return "live"
    return this.pending.ready ? "offline" : "connecting"
  }

  get statusReason(): string | undefined {
    if (this.#closed) return this.#reason
    return this.#attachment.live ? undefined : (this.#link.reason ?? this.#reason)
  }

  get nextTryAt(): number | undefined {
    return this.#closed || this.#attachment.live ? undefined : (this.#link.nextTryAt ?? this.#attachment.reopenAt)
  }

  get access(): Access {
    return this.#access
  }

  get host(): Host {
    return this.#link.host
  }

  get problem(): Problem | undefined {
    const p = this.#problem
    if (p === undefined) return this.#offer
    return { code: p.code, message: p.message, text: p.text ?? (this.pending.saved ? "" : this.pending.content.text) }
  }

  get offer(): Problem | undefined {
    return this.#offer
  }

  dismiss(): void {
    if (this.#offer === undefined) return
    this.#offer = undefined
    this.events.emit("problem", this.problem)
  }

  // What the user does.

  /** Takes in an edit, tells of it, and sends it if nothing is outstanding. */
  edit(op: Op, caret: number | null): void {
    this.#checkWritable()
    if (op.length === 0) return
    const before = this.pending.content
    const length = before.length + targetLength(op) - baseLength(op)
    if (caret !== null && !(Number.isSafeInteger(caret) && caret >= 0 && caret <= length)) {
      throw new ClientError("edit", `a caret at ${caret} of ${length}`)
    }
    this.pending.edit(op, caret)
    this.#undo.edited(op, before, this.#link.host.now())
    this.#edited(op, caret)
  }

  undo(): boolean {
    this.#checkWritable()
    return this.#retrace(this.#undo.undo(this.pending.content))
  }

  redo(): boolean {
    this.#checkWritable()
    return this.#retrace(this.#undo.redo(this.pending.content))
  }

  #retrace(op: Op | undefined): boolean {
    if (op === undefined) return false
    this.pending.edit(op, null)
    this.#edited(op, null)
    return true
  }

  #checkWritable(): void {
    if (this.#closing || this.#closed) throw new ClientError("closed", `the document ${this.name} is closed`)
    if (!this.pending.ready) throw new ClientError("not-ready", `the document ${this.name} has no content yet: await ready`)
    if (this.#access === "read") throw new ClientError("read-only", `the document ${this.name} may only be read`)
  }

  #edited(op: Op, caret: number | null): void {
    this.carets.edited(op, caret)
    this.events.emit("change", op, { local: true })
    this.settle()
  }

  /** Shows the user's caret to others; ignored while there is no text. */
  setCaret(caret: Range | null): void {
    if (!this.pending.ready || this.#closed) return
    const { length } = this.pending.content
    const within = (offset: number): number => {
      if (!Number.isSafeInteger(offset)) throw new ClientError("edit", `a caret at ${offset}`)
      return Math.min(Math.max(offset, 0), length)
    }
    if (this.carets.set(caret && { anchor: within(caret.anchor), head: within(caret.head) })) this.settle()
  }

  userChanged(): void {
    this.carets.userChanged()
    this.settle()
  }

  retryNow(): void {
    if (this.#closed) return
    if (this.#link.limits !== undefined && this.#attachment.phase === "idle") this.open()
    else this.#link.retryNow()
  }

  /** Takes no more edits. Whether what is pending can be saved soon. */
  finish(): boolean {
    this.#closing = true
    return this.#attachment.live && !this.#refused && !this.pending.saved
  }

  // What the connection tells.

  /** There is a connection. */
  connected(): void {
    if (this.#attachment.reopenAt === undefined) this.open()
  }

  /** It is gone. */
  lost(): void {
    this.#attachment.end()
    this.#detached()
    this.settle()
  }

  /** Opens the document, naming what is outstanding. Whatever is pending is frozen first, so that its fate is decided by name. */
  open(): void {
    const { limits } = this.#link
    if (this.#closed || limits === undefined) return this.#attachment.stopReopening()
    const channel = this.#attachment.ask(this)
    this.#detached()
    const s = this.pending.freeze(limits) ?? this.pending.outstanding
    this.#link.send({
      kind: "open",
      channel,
      document: this.name,
      documentKind: this.pending.kind,
      client: this.pending.client,
      held: this.pending.held ?? null,
      outstanding: s ? { client: s.client, seq: s.seq, base: s.base, op: s.bytes } : null,
      user: this.#link.user,
    })
    this.carets.asked()
    this.#attachment.await(OPENED_WITHIN, "the server does not open the document")
    this.settle()
  }

  /** Takes in a message of the session. */
  receive(m: SessionMessage): void {
    try {
      this.#receive(m)
    } catch (error) {
      this.#restart(error)
    }
  }

  /** Ends it for good. problem: the user is told, and offered their text. */
  shut(code: string, message: string, problem = true): void {
    if (this.#closed) return
    this.#attachment.leave()
    this.#detached()
    this.#closed = true
    this.#reason = message
    this.#attachment.stopReopening()
    if (!this.pending.ready) this.#rejectReady(new ClientError(problem ? "refused" : "closed", `${this.name}: ${message}`))
    if (problem) {
      const gone = GONE.has(code) && this.pending.ready
      this.#setProblem(gone ? { code, message, text: this.pending.content.text } : { code, message })
    }
    this.settle()
    this.#link.remove(this)
  }

  /** Sends what is due and tells what has changed, once a frame has been taken in or the user has done something. */
  settle(): void {
    if (this.#link.settlesLater(this)) return
    const { limits } = this.#link
    if (this.#attachment.live && limits !== undefined) {
      const s = this.pending.freeze(limits)
      if (s !== undefined) this.#submit(s)
      this.#sendPresence()
    }
    if (this.#othersChanged) {
      this.#othersChanged = false
      this.events.emit("presence")
    }
    this.#tell()
  }

  #tell(): void {
    const told = this.#told
    this.#told = { status: this.status, reason: this.statusReason, nextTryAt: this.nextTryAt, saved: this.pending.saved }
    const { status, reason, nextTryAt, saved } = this.#told
    if (saved !== told.saved) this.events.emit("saved", saved)
    if (status !== told.status || reason !== told.reason || nextTryAt !== told.nextTryAt) this.events.emit("status", status)
  }

  #submit(s: Submission): void {
    this.#link.send({ kind: "submit", channel: this.#attachment.channel, seq: s.seq, base: s.base.rev, op: s.bytes, caret: s.caret })
    this.#attachment.await(ACK_WITHIN, "an edit was not acknowledged in time")
  }

  #sendPresence(): void {
    const { host, user } = this.#link
    const held = this.pending.held
    // While something is pending the caret travels with it, or waits: its offset is not one of a revision.
    if (!this.carets.news || !this.pending.saved || held === undefined || this.#presenceTimer !== undefined) return
    const wait = this.#presenceAt + PRESENCE_EVERY - host.now()
    if (wait > 0) {
      this.#presenceTimer = host.setTimeout(() => {
        this.#presenceTimer = undefined
        this.settle()
      }, wait)
      return
    }
    const { own, userIsNews } = this.carets
    this.#presenceAt = host.now()
    this.carets.told()
    this.#link.send({
      kind: "presence",
      channel: this.#attachment.channel,
      rev: held.rev,
      anchor: own?.anchor ?? null,
      head: own?.head ?? null,
      user: userIsNews ? user : null,
    })
  }

  // The session.

  #receive(m: SessionMessage): void {
    if (m.kind === "error") return this.#error(m)
    if (m.kind === "opened") return this.#opened(m)
    if (m.kind === "snapshot") return this.#snapshot(m)
    if (!this.#attachment.live) throw new ClientError("protocol", `${m.kind} before the document was opened`)
    switch (m.kind) {
      case "commits":
        return this.#commits(m)
      case "ack":
        return this.#ack(m)
      case "presence":
        this.carets.received(m, this.#ground, this.#link.host.now())
        this.#othersChanged = true
        return
      case "access":
        this.#setAccess(m.access)
        if (m.access === "write" && this.#refused) this.#attachment.openLater(0)
        return
      case "check":
        return this.pending.check(m.rev, m.hash)
    }
  }

  #opened(m: OpenedMessage): void {
    if (this.#attachment.phase !== "asked") throw new ClientError("protocol", "opened twice")
    this.pending.opened(m)
    this.carets.opened(m.session)
    this.#othersChanged = true
    this.#setAccess(m.access)
    if (m.outcome === "refused") this.#refuse(m.refusal ?? 0, "", null)
    if (m.resume) return this.#goLive()
    this.#attachment.loading()
    this.#attachment.await(OPENED_WITHIN, "the text does not arrive")
  }

  #snapshot(m: SnapshotMessage): void {
    if (this.#attachment.phase !== "loading") throw new ClientError("protocol", "a snapshot that was not announced")
    const change = this.pending.snapshot(m.op, m.more)
    if (change === undefined) return this.#attachment.await(OPENED_WITHIN, "the text does not arrive")
    this.#goLive()
    this.#arrived(change.op)
    this.#resolveReady()
    if (change.op.length > 0) this.events.emit("change", change.op, { local: false })
    const { lost, before } = change
    if (before !== undefined) {
      this.#setOffer({ code: "restored", message: "an older state of the document was restored", text: before.text })
    }
    if (lost !== undefined) {
      this.#setOffer({ code: "unknown", message: "it is not known whether the last edits were saved", text: lost.text })
    }
  }

  #goLive(): void {
    this.#attachment.goLive()
    this.#reason = undefined
    // What was outstanding and is committed has its ack to come.
    if (this.pending.outstanding !== undefined && !this.#refused) {
      this.#attachment.await(ACK_WITHIN, "an edit was not acknowledged in time")
    }
    if (!this.#refused) this.#endRefusal()
  }

  #commits(m: CommitsMessage): void {
    const shown = this.pending.commits(m.first, m.count, m.op, m.lineage)
    const now = this.#link.host.now()
    const ground = this.#ground
    const caret = m.caret === null ? undefined : Math.min(this.pending.shown(m.caret), ground.length)
    this.#arrived(shown)
    if (m.session !== null && caret !== undefined) {
      this.carets.authored(m.session, caret, now)
      this.#othersChanged = true
    }
    if (this.carets.reached(m.first + m.count - 1, m.op, ground, now)) this.#othersChanged = true
    if (shown.length === 0) return
    const author = { ...(m.session !== null && { session: m.session }), ...(caret !== undefined && { caret }) }
    this.events.emit("change", shown, { local: false, ...author })
  }

  #ack(m: AckMessage): void {
    const op = this.pending.moved
    this.pending.ack(m.seq, m.place)
    this.#refused = false
    this.#endRefusal()
    this.#attachment.stopWaiting()
    if (this.carets.reached(m.place.rev, op, this.#ground, this.#link.host.now())) this.#othersChanged = true
  }

  #error(m: ErrorMessage): void {
    const { word, meaning, again, ends } = errorKind(m.code)
    if (m.seq !== null && !ends) {
      if (m.seq === this.pending.outstanding?.seq) this.#refuse(m.code, m.text, m.retryAfter)
      return
    }
    this.#attachment.end()
    this.#detached()
    // What passes is said in our own words: the server's are about the server.
    const message = m.text || meaning
    if (again) this.#pause(meaning, m.retryAfter ?? 0)
    else this.shut(word, message, word !== "replaced" || !this.pending.saved || !this.pending.ready)
  }

  /** The outstanding submission is not taken now. It stays what it is. */
  #refuse(code: number, text: string, retryAfter: number | null): void {
    const { word, meaning, again } = errorKind(code)
    this.#refused = true
    this.#attachment.stopWaiting()
    this.#setProblem({ code: word, message: text || meaning })
    if (again) this.#attachment.openLater(retryAfter ?? REFUSED_FOR * (1 + this.#link.host.random()))
  }

  #endRefusal(): void {
    if (this.#problem !== undefined) this.#setProblem(undefined)
  }

  /** What others did is shown. It is told once everything agrees again: who hears of it may edit. */
  #arrived(op: Op): void {
    this.carets.arrived(op)
    this.#undo.arrived(op)
  }

  get #ground(): Ground {
    const { pending } = this
    return { rev: pending.held?.rev ?? 0, length: pending.content.length, shown: (offset) => pending.shown(offset) }
  }

  #setAccess(access: Access): void {
    if (access === this.#access) return
    this.#access = access
    this.events.emit("access", access)
  }

  #setProblem(problem: { readonly code: string; readonly message: string; readonly text?: string } | undefined): void {
    this.#problem = problem
    this.events.emit("problem", this.problem)
  }

  #setOffer(offer: Problem): void {
    this.#offer = offer
    this.events.emit("problem", this.problem)
  }

  /** Something came that does not fit. What is pending stays; the document is opened anew, after a pause that grows. */
  #restart(error: unknown): void {
    if (this.#closed) return
    if (error instanceof ClientError && error.code === "foreign") {
      return this.shut("foreign", "there is another document under this name now")
    }
    this.#link.report(error, this.name)
    const known = error instanceof ClientError && (error.code === "gap" || error.code === "protocol")
    if (!known) this.pending.distrust()
    this.#attachment.leave()
    this.#detached()
    this.#pause("the document is loaded anew", 0)
  }

  #pause(reason: string, retryAfter: number): void {
    this.#reason = reason
    this.#attachment.pause(retryAfter)
    this.settle()
  }

  /** The session is over, or ended from here. */
  #detached(): void {
    this.#refused = false
    this.#link.host.clearTimeout(this.#presenceTimer)
    this.#presenceTimer = undefined
    if (this.carets.others.size > 0) this.#othersChanged = true
    this.carets.ended()
  }
}
