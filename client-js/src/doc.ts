import type { Client } from "./client.js"
import { type Attrs, type DocumentKind, type Op, OpBuilder } from "./op.js"
import type { Peer } from "./presence.js"
import type { Access } from "./protocol.js"

/** How long close waits for what is pending, in milliseconds. */
const CLOSE_WITHIN = 10_000

/** How a Doc, or a Connection, is: before it was there, there, away for now, away for good. */
export type Status = "connecting" | "live" | "offline" | "closed"

/** What keeps edits from being saved, or took text away. "restored" and "unknown": the document lives on. */
export interface Problem {
  /** The word of an error code of the protocol, or "foreign", "unknown", "restored", "lost". */
  readonly code: string
  /** For people. */
  readonly message: string
  /** The text to be offered; "" where nothing was lost. */
  readonly text: string
}

/** What goes with a change. */
export interface ChangeInfo {
  /** It was made through this Doc. */
  readonly local: boolean
  /** The author's session, where it is one commit of somebody else. */
  readonly session?: number
  /** The author's caret after it, in the text shown. */
  readonly caret?: number
}

export interface DocEvents {
  /** The text changed by op. A reload from the server arrives as a change, too. */
  readonly change: readonly [op: Op, info: ChangeInfo]
  /** The status, its reason, or the time of the next attempt have changed. */
  readonly status: readonly [status: Status]
  readonly saved: readonly [saved: boolean]
  readonly presence: readonly []
  /** undefined: it is over. */
  readonly problem: readonly [problem: Problem | undefined]
  readonly access: readonly [access: Access]
}

/** A document that is open here: text that others write as well. Offsets are UTF-16 code units, as JavaScript's own. */
export class Doc {
  /** Who else is here, and where this user is. */
  readonly presence: Presence
  readonly #client: Client

  /** Connection.open makes it. */
  constructor(client: Client) {
    this.#client = client
    this.presence = new Presence(client)
  }

  get name(): string {
    return this.#client.name
  }

  get kind(): DocumentKind {
    return this.#client.pending.kind
  }

  /** Done when the content is there; a ClientError when the document cannot be opened. */
  get ready(): Promise<void> {
    return this.#client.ready
  }

  /** The text as this user sees it, with U+FFFC for every embed. */
  get text(): string {
    return this.#client.pending.content.text
  }

  /** The content as this user sees it, as an op of inserts only. */
  get content(): Op {
    return this.#client.pending.content.toOp()
  }

  /** The last revision known; 0 before there is content. */
  get revision(): number {
    return this.#client.pending.held?.rev ?? 0
  }

  get status(): Status {
    return this.#client.status
  }

  /** Why it is not live, for people. */
  get statusReason(): string | undefined {
    return this.#client.statusReason
  }

  /** When the next attempt is made, in milliseconds since 1970; undefined while there is none to wait for. */
  get nextTryAt(): number | undefined {
    return this.#client.nextTryAt
  }

  /** Every edit is acknowledged: it is on the server's disk. */
  get saved(): boolean {
    return this.#client.pending.saved
  }

  /** How many edits are not acknowledged. */
  get pendingEdits(): number {
    return this.#client.pending.edits
  }

  get access(): Access {
    return this.#client.access
  }

  /** What keeps edits from being saved; where nothing does, the offer. */
  get problem(): Problem | undefined {
    return this.#client.problem
  }

  /**
   * Text that this user saw and that the document may no longer hold, while the document lives on: "restored", an older state
   * took acknowledged text away; "unknown", nobody knows whether the last edits arrived. It says nothing of the edits made
   * since, and stays until dismiss, or until there is another. Event: problem.
   */
  get offer(): Problem | undefined {
    return this.#client.offer
  }

  /** Puts the offer away: the user has the text, or does not want it. */
  dismiss(): void {
    this.#client.dismiss()
  }

  /** Does not wait for the next attempt. */
  retryNow(): void {
    this.#client.retryNow()
  }

  /** Inserts text, with attributes in a rich document. Errors as submit. */
  insert(offset: number, text: string, attrs?: Attrs): void {
    this.submit(new OpBuilder().retain(offset).insert(text, attrs).op())
  }

  /** Deletes n code units. Errors as submit. */
  delete(offset: number, n: number): void {
    this.submit(new OpBuilder().retain(offset).delete(n).op())
  }

  /**
   * Edits the document: shown at once, sent as soon as possible, kept while there is no connection. caret is where this user's
   * caret is after it. A ClientError "not-ready", "closed" or "read-only"; "edit" where op does not fit, with the OpError as cause.
   */
  submit(op: Op, caret?: number): void {
    this.#client.edit(op, caret ?? null)
  }

  /** Undoes this user's last step, and nobody else's. False: there is none. */
  undo(): boolean {
    return this.#client.undo()
  }

  redo(): boolean {
    return this.#client.redo()
  }

  /** Calls fn at every such event from now on; what it returns ends that. */
  on<K extends keyof DocEvents>(event: K, fn: (...args: DocEvents[K]) => void): () => void {
    return this.#client.events.on(event, fn)
  }

  /** Ends it here. What is pending is waited for, if it can be saved soon: saved tells. */
  async close(): Promise<void> {
    if (this.#client.finish()) await this.#savedSoon()
    this.#client.shut("closed", "the document was closed", false)
  }

  #savedSoon(): Promise<void> {
    const { host } = this.#client
    return new Promise((resolve) => {
      const done = (): void => {
        host.clearTimeout(timer)
        for (const off of offs) off()
        resolve()
      }
      const timer = host.setTimeout(done, CLOSE_WITHIN)
      const offs = [
        this.on("saved", (saved) => saved && done()),
        this.on("status", (status) => status === "closed" && done()),
      ]
    })
  }
}

/** Who is in a document, and where. */
export class Presence {
  readonly #client: Client

  /** Doc makes it. */
  constructor(client: Client) {
    this.#client = client
  }

  /** The number by which others know this session; undefined while not live. */
  get session(): number | undefined {
    return this.#client.carets.session
  }

  /** Everybody else, by session. */
  get others(): ReadonlyMap<number, Peer> {
    return this.#client.carets.others
  }

  /** Shows this user's selection to others; null: none. After typing the caret is told by submit. Ignored before there is text. */
  set(selection: { readonly anchor: number; readonly head: number } | null): void {
    this.#client.setCaret(selection)
  }
}
