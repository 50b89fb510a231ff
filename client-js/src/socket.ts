import { ClientError } from "./vocabulary.js"
import {
  type ClientMessage,
  closeKinds,
  comesBack,
  decodeServer,
  encodeClient,
  errorKind,
  type ServerMessage,
  SUBPROTOCOL,
  VERSION,
  type Welcome,
} from "./protocol.js"

/** From the first attempt to the server's welcome; longer is a failure. All times are milliseconds. */
export const WELCOME_WITHIN = 15_000
/** After this much silence a ping is sent. */
export const SILENCE = 25_000
/** How long the pong may take: together 40 s. */
export const PONG_WITHIN = 15_000
/** The same where there is reason to suspect the connection: the network is back, the page is looked at again. */
export const PROBE_WITHIN = 5_000
/** A connection that was heard of in this time is not suspected. */
const FRESH = 1_000

export type Timer = ReturnType<typeof setTimeout>

/** What the world gives: time, chance, and the moments at which trying again is worth while. */
export interface Host {
  /** Milliseconds since 1970. */
  now(): number
  /** From 0 to below 1. */
  random(): number
  setTimeout(fn: () => void, ms: number): Timer
  clearTimeout(timer: Timer | undefined): void
  /** Calls fn when the network comes back or the page is looked at again; what it returns ends that. */
  onWake(fn: () => void): () => void
  /** Whether the device knows that it has no network. */
  offline(): boolean
}

/** The host of a page, or of a program. */
export const thisHost: Host = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (fn, ms) => setTimeout(fn, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  onWake(fn) {
    if (typeof addEventListener !== "function" || typeof document === "undefined") return () => {}
    const seen = (): void => {
      if (document.visibilityState === "visible") fn()
    }
    addEventListener("online", fn)
    document.addEventListener("visibilitychange", seen)
    return () => {
      removeEventListener("online", fn)
      document.removeEventListener("visibilitychange", seen)
    }
  },
  offline: () => typeof navigator !== "undefined" && navigator.onLine === false,
}

/** What of a WebSocket is used: a browser's own, or the class of the package "ws". */
export interface WebSocketLike {
  /** 1: what is sent goes out. */
  readonly readyState: number
  binaryType: string
  onopen: unknown
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(data: Uint8Array): void
  close(code?: number, reason?: string): void
}
const OPEN = 1
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocketLike

/** The class that was given, or the platform's own. */
export function webSocketClass(given: WebSocketClass | undefined): WebSocketClass {
  const found = given ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket
  if (found === undefined) {
    throw new ClientError("no-websocket", 'there is no WebSocket here: pass one to connect, such as { WebSocket } of the package "ws"')
  }
  return found
}

/** How a connection ended. */
export interface SocketEnd {
  /** The word of an error or close code; "lost" where there was none. */
  readonly code: string
  /** For people. */
  readonly reason: string
  readonly comeBack: boolean
  /** The server asked to wait at least so long. */
  readonly retryAfter: number
  /** It was given up because a submission was not acknowledged: no sign that the server is well. */
  readonly unwell?: boolean
}

/** What a Socket tells. After end it tells nothing. */
export interface SocketEvents {
  welcome(welcome: Welcome): void
  /** Everything else that is not the connection's own business, in order. */
  message(m: ServerMessage): void
  /** The messages of a frame have all been told. */
  frame(): void
  /** The connection is to be left within spread. */
  goaway(spread: number): void
  /** A frame that is refused. */
  fault(error: unknown): void
  end(end: SocketEnd): void
}

/** No wait that a server asks for is longer; timers cannot count beyond 2^31. */
const LONGEST = 3_600_000

/** One WebSocket, from the attempt to its end: hello and welcome, silence and pings. */
export class Socket {
  readonly #ws: WebSocketLike
  readonly #host: Host
  readonly #events: SocketEvents
  #timer: Timer | undefined
  #welcomed = false
  #ended = false
  #heard: number
  /** The answer to a ping is awaited until then. */
  #pongBy: number | undefined
  #pings = 0

  constructor(url: string, WebSocket: WebSocketClass, hello: { token: string | null; software: string }, host: Host, events: SocketEvents) {
    this.#host = host
    this.#events = events
    this.#heard = host.now()
    const ws = new WebSocket(url, SUBPROTOCOL)
    this.#ws = ws
    ws.binaryType = "arraybuffer"
    ws.onopen = () => this.send({ kind: "hello", version: VERSION, ...hello })
    ws.onmessage = (event: { data: unknown }) => this.#frame(event.data)
    ws.onerror = () => {} // its close event follows; without a handler the package "ws" throws
    ws.onclose = (event: { code: number }) => this.#closed(event.code)
    this.#timer = host.setTimeout(() => this.giveUp("the server does not answer"), WELCOME_WITHIN)
  }

  get welcomed(): boolean {
    return this.#welcomed
  }

  /** On a socket that is closing nothing is sent, which a browser would complain of: its close event is about to come. */
  send(m: ClientMessage): void {
    if (!this.#ended && this.#ws.readyState === OPEN) this.#ws.send(encodeClient(m))
  }

  /** Asks for a sign of life, soon, where there was none of late. */
  probe(): void {
    const now = this.#host.now()
    if (!this.#welcomed || this.#ended || this.#pongBy !== undefined || now - this.#heard < FRESH) return
    this.#ping(now, PROBE_WITHIN)
  }

  /** Ends a connection that is not worth more waiting. Half-open ones do not even close: nobody waits for that. */
  giveUp(reason: string, unwell = false): void {
    this.#end({ code: "lost", reason, comeBack: true, retryAfter: 0, unwell })
  }

  /** Ends the connection without telling of it. */
  close(): void {
    this.#silence()
  }

  #frame(data: unknown): void {
    this.#heard = this.#host.now()
    this.#pongBy = undefined
    try {
      if (typeof data === "string") throw new ClientError("protocol", "a text frame came; frames are binary")
      decodeServer(new Uint8Array(data as ArrayBuffer), (m) => this.#message(m))
    } catch (error) {
      if (this.#ended) return
      this.#events.fault(error)
      this.giveUp("what the server sent could not be read")
      return
    }
    if (!this.#ended) this.#events.frame()
  }

  #message(m: ServerMessage): void {
    if (this.#ended) return
    switch (m.kind) {
      case "ping":
        return this.send({ kind: "pong", n: m.n })
      case "pong":
        return
      case "goaway":
        return this.#events.goaway(Math.min(m.spread, LONGEST))
      case "welcome":
        if (this.#welcomed) throw new ClientError("protocol", "a second welcome")
        this.#welcomed = true
        this.#watch()
        return this.#events.welcome(m)
      case "error":
        if (m.channel === null) {
          const { word, meaning, again } = errorKind(m.code)
          const reason = again ? meaning : m.text || meaning
          return this.#end({ code: word, reason, comeBack: again, retryAfter: Math.min(m.retryAfter ?? 0, LONGEST) })
        }
    }
    if (!this.#welcomed) throw new ClientError("protocol", `${m.kind} before welcome`)
    this.#events.message(m)
  }

  #closed(code: number): void {
    const known = closeKinds.get(code)
    const reason = known?.meaning ?? (this.#welcomed ? "the connection was lost" : "the server does not answer")
    this.#end({ code: known?.word ?? "lost", reason, comeBack: comesBack(code), retryAfter: 0 })
  }

  #watch(): void {
    this.#host.clearTimeout(this.#timer)
    const now = this.#host.now()
    const due = this.#pongBy ?? this.#heard + SILENCE
    this.#timer = this.#host.setTimeout(() => this.#tick(), Math.max(0, due - now))
  }

  /**
   * A timer of a page in the background, or of a device that slept, comes late. So it never ends a connection by itself: what
   * counts is that a ping was sent and nothing heard since.
   */
  #tick(): void {
    const now = this.#host.now()
    if (this.#pongBy !== undefined && now >= this.#pongBy) return this.giveUp("the server has fallen silent")
    if (this.#pongBy === undefined && now - this.#heard >= SILENCE) return this.#ping(now, PONG_WITHIN)
    this.#watch()
  }

  #ping(now: number, within: number): void {
    this.#pongBy = now + within
    this.send({ kind: "ping", n: ++this.#pings })
    this.#watch()
  }

  #end(end: SocketEnd): void {
    if (this.#ended) return
    this.#silence()
    this.#events.end(end)
  }

  #silence(): void {
    if (this.#ended) return
    this.#ended = true
    this.#host.clearTimeout(this.#timer)
    this.#ws.onopen = this.#ws.onmessage = this.#ws.onclose = null
    try {
      this.#ws.close(1000)
    } catch {
      // it was not open yet, or not any more
    }
  }
}
