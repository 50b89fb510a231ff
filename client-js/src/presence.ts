import { type Op, type Range, transformOffset, transformRange } from "./op.js"
import type { PresenceMessage } from "./protocol.js"

/** How a person is shown to others. */
export interface User {
  /** At most 64 bytes of UTF-8; more is cut off. */
  readonly name: string
  /** At most 32 bytes. */
  readonly color: string
}

/** Another session of the document. Offsets are in the text as this client shows it now. */
export interface Peer {
  readonly session: number
  /** The end of the selection that stays; null: no caret is shown. */
  readonly anchor: number | null
  /** The end that moves: the caret. */
  readonly head: number | null
  readonly name: string
  readonly color: string
  /** When the caret last moved otherwise than by others' edits, in milliseconds since 1970. */
  readonly movedAt: number
}

/** Presence is sent at most once in this time, in milliseconds. */
export const PRESENCE_EVERY = 100
/** So many of the last commits are kept to bring older offsets up to date. */
const RECENT = 128

/** What the carets rest on. */
export interface Ground {
  /** The revision that is held. */
  readonly rev: number
  /** The length of the content shown. */
  readonly length: number
  /** Where an offset in the content held is in the content shown. */
  shown(offset: number): number
}

/**
 * Everybody's carets, as pure values: one's own, and those of others, which move with every change of the text.
 *
 * Others' carets stay left of what is inserted at their place; one's own goes right of one's own insert.
 */
export class Carets {
  /** This session's number towards others; undefined while there is none. */
  session: number | undefined
  own: Range | null = null

  #others = new Map<number, Peer>()
  /** The last commits, each with the revision that it led to, on the content held. */
  #recent: { readonly rev: number; readonly op: Op }[] = []
  /** Told of a revision that is not held yet. */
  #early: PresenceMessage[] = []
  /** The server does not know of own. */
  #caretNew = false
  /** The user is another than the session's open has named. */
  #userNew = false

  get others(): ReadonlyMap<number, Peer> {
    return this.#others
  }

  /** A session has begun: others are told of anew. */
  opened(session: number): void {
    this.ended()
    this.session = session
    this.#caretNew = this.own !== null
  }

  /** The session is over: nobody is known to be there. */
  ended(): void {
    this.session = undefined
    this.#others = new Map()
    this.#recent = []
    this.#early = []
  }

  /** The user has moved. False: they were there. */
  set(caret: Range | null): boolean {
    if (caret?.anchor === this.own?.anchor && caret?.head === this.own?.head) return false
    this.own = caret
    this.#caretNew = true
    return true
  }

  userChanged(): void {
    this.#userNew = true
  }

  /** An open that names the user is sent. */
  asked(): void {
    this.#userNew = false
  }

  /** The user has edited; the caret after it travels with the submission, where it is known. */
  edited(op: Op, caret: number | null): void {
    this.#move(op)
    if (caret !== null) {
      this.own = { anchor: caret, head: caret }
      this.#caretNew = false
    } else if (this.own !== null) {
      this.own = transformRange(op, this.own, "right")
      this.#caretNew = true
    }
  }

  /** Others have changed what is shown. */
  arrived(op: Op): void {
    this.#move(op)
    if (this.own !== null) this.own = transformRange(op, this.own, "left")
  }

  #move(op: Op): void {
    for (const [session, peer] of this.#others) {
      if (peer.anchor === null || peer.head === null) continue
      const { anchor, head } = transformRange(op, { anchor: peer.anchor, head: peer.head }, "left")
      if (anchor !== peer.anchor || head !== peer.head) this.#others.set(session, { ...peer, anchor, head })
    }
  }

  /** A revision was reached by op, which is on the content held. True: somebody's caret is known by it. */
  reached(rev: number, op: Op, ground: Ground, now: number): boolean {
    this.#recent.push({ rev, op })
    if (this.#recent.length > RECENT) this.#recent.shift()
    if (this.#early.length === 0) return false
    const due = this.#early.filter((m) => m.rev <= rev)
    this.#early = this.#early.filter((m) => m.rev > rev)
    for (const m of due) this.received(m, ground, now)
    return due.length > 0
  }

  /** The author of a commit has the caret at offset, of the content shown, after it. */
  authored(session: number, offset: number, now: number): void {
    const peer = this.#others.get(session)
    if (peer !== undefined) this.#others.set(session, { ...peer, anchor: offset, head: offset, movedAt: now })
  }

  /** Takes in what the server tells of others. */
  received(m: PresenceMessage, ground: Ground, now: number): void {
    if (m.rev > ground.rev) {
      if (this.#early.length < RECENT) this.#early.push(m)
      return
    }
    const since = this.#recent.filter((c) => c.rev > m.rev)
    const place = (offset: number): number => {
      const held = since.reduce((at, c) => transformOffset(c.op, at, "left"), offset)
      return Math.min(ground.shown(held), ground.length)
    }
    for (const session of m.left) this.#others.delete(session)
    for (const { session, anchor, head, name, color } of m.peers) {
      const old = this.#others.get(session)
      const at = anchor === null || head === null ? null : { anchor: place(anchor), head: place(head) }
      const stayed = old !== undefined && old.anchor === (at?.anchor ?? null) && old.head === (at?.head ?? null)
      const movedAt = stayed ? old.movedAt : now
      this.#others.set(session, { session, anchor: at?.anchor ?? null, head: at?.head ?? null, name, color, movedAt })
    }
  }

  /** Whether the server is to be told something. */
  get news(): boolean {
    return this.#caretNew || this.#userNew
  }

  /** Whether the server is to be told of the user as well. */
  get userIsNews(): boolean {
    return this.#userNew
  }

  /** The server was told. */
  told(): void {
    this.#caretNew = false
    this.#userNew = false
  }
}

/** The text cut to at most so many bytes of UTF-8, without half characters. */
export function clip(text: string, bytes: number): string {
  let out = ""
  let n = 0
  for (const char of text) {
    const point = char.codePointAt(0) as number
    const lone = point >= 0xd800 && point <= 0xdfff
    n += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (n > bytes) break
    out += lone ? "\ufffd" : char
  }
  return out
}
