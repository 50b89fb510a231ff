// A host whose clock is turned by hand, and a WebSocket whose other end is the test.

import assert from "node:assert/strict"
import { Connection, type ConnectOptions, type Report } from "../src/connection.js"
import { NO_LINEAGE, type Place } from "../src/vocabulary.js"
import { type ClientMessage, decodeClient, encodeServer, type OpenedMessage, type ServerMessage } from "../src/protocol.js"
import type { Host, Timer } from "../src/socket.js"

export class FakeHost implements Host {
  time = 1_000_000
  chance = 0.5
  isOffline = false
  private readonly timers = new Map<number, { readonly at: number; readonly fn: () => void }>()
  private last = 0
  private wakers: (() => void)[] = []

  now(): number {
    return this.time
  }

  random(): number {
    return this.chance
  }

  setTimeout(fn: () => void, ms: number): Timer {
    assert.ok(ms >= 0 && ms < 2 ** 31, `a timer of ${ms} ms`)
    this.timers.set(++this.last, { at: this.time + ms, fn })
    return this.last as unknown as Timer
  }

  clearTimeout(timer: Timer | undefined): void {
    this.timers.delete(timer as unknown as number)
  }

  onWake(fn: () => void): () => void {
    this.wakers.push(fn)
    return () => (this.wakers = this.wakers.filter((w) => w !== fn))
  }

  offline(): boolean {
    return this.isOffline
  }

  wake(): void {
    for (const fn of this.wakers) fn()
  }

  get pendingTimers(): number {
    return this.timers.size
  }

  /** Lets time pass, timer by timer. */
  pass(ms: number): void {
    const until = this.time + ms
    for (;;) {
      const [id, next] = [...this.timers].sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0] ?? []
      if (id === undefined || next === undefined || next.at > until) break
      this.timers.delete(id)
      this.time = Math.max(this.time, next.at)
      next.fn()
    }
    this.time = until
  }
}

export class FakeSocket {
  static all: FakeSocket[] = []
  /** 2 while the server's close is answered: the close event has still to come. */
  readyState = 1
  binaryType = ""
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: (() => void) | null = null
  closed: number | undefined
  readonly frames: Uint8Array[] = []
  private read = 0

  constructor(
    readonly url: string,
    readonly protocols?: string | string[],
  ) {
    FakeSocket.all.push(this)
  }

  send(data: Uint8Array): void {
    assert.equal(this.closed, undefined, "sent on a closed socket")
    assert.equal(this.readyState, 1, "sent on a socket that is not open")
    this.frames.push(data)
  }

  close(code?: number): void {
    this.closed ??= code ?? 1005
  }

  // The other end.

  /** The messages that came since the last call. */
  got(): ClientMessage[] {
    const out: ClientMessage[] = []
    for (; this.read < this.frames.length; this.read++) decodeClient(this.frames[this.read] as Uint8Array, (m) => out.push(m))
    return out
  }

  /** The one message that came since the last call. */
  only<K extends ClientMessage["kind"]>(kind: K): Extract<ClientMessage, { kind: K }> {
    const got = this.got()
    assert.deepEqual(got.map((m) => m.kind), [kind])
    return got[0] as Extract<ClientMessage, { kind: K }>
  }

  /** Sends messages in one frame. */
  say(...messages: ServerMessage[]): void {
    const bytes = messages.flatMap((m) => [...encodeServer(m)])
    this.onmessage?.({ data: Uint8Array.from(bytes).buffer })
  }

  drop(code = 1006): void {
    this.onclose?.({ code })
  }
}

export const welcome: ServerMessage = {
  kind: "welcome",
  version: 1,
  software: "test",
  maxOpText: 131072,
  maxMessage: 262144,
  maxDocument: 16777216,
  pingInterval: 25000,
}

export function place(rev: number, over: Partial<Place> = {}): Place {
  return { id: "d".repeat(32), epoch: "e".repeat(16), rev, lineage: rev === 0 ? NO_LINEAGE : rev.toString(16).padStart(16, "0"), ...over }
}

export function opened(channel: number, rev: number, over: Partial<OpenedMessage> = {}): OpenedMessage {
  return {
    kind: "opened",
    channel,
    place: place(rev),
    access: "write",
    session: 7,
    outcome: "none",
    outcomeRev: null,
    lastSeq: 0,
    resume: false,
    refusal: null,
    ...over,
  }
}

export function failure(code: number, over: Partial<Extract<ServerMessage, { kind: "error" }>> = {}): ServerMessage {
  return { kind: "error", channel: null, code, seq: null, lastSeq: null, retryAfter: null, text: "", ...over }
}

/** A connection, and the sockets that it makes. */
export class Rig {
  readonly host = new FakeHost()
  readonly reports: Report[] = []
  readonly conn: Connection

  constructor(options: ConnectOptions = {}) {
    FakeSocket.all = []
    this.conn = new Connection("ws://test/ws", { WebSocket: FakeSocket, onReport: (r) => this.reports.push(r), ...options }, this.host)
  }

  get sockets(): FakeSocket[] {
    return FakeSocket.all
  }

  get socket(): FakeSocket {
    return FakeSocket.all.at(-1) as FakeSocket
  }

  /** The newest socket says hello and is welcomed. */
  welcomed(): FakeSocket {
    const { socket } = this
    socket.onopen?.()
    socket.only("hello")
    socket.say(welcome)
    return socket
  }
}
