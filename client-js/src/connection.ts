import type { Attached, Link } from "./attachment.js"
import { Backoff } from "./backoff.js"
import { Client } from "./client.js"
import { Doc, type Status } from "./doc.js"
import { Emitter } from "./emitter.js"
import { DefaultLimits, type DocumentKind } from "./op.js"
import type { Limits } from "./pending.js"
import { ClientError } from "./vocabulary.js"
import { clip, type User } from "./presence.js"
import { MaxColor, MaxName, MaxUserName, type ServerMessage, type SessionMessage, toHex, type Welcome } from "./protocol.js"
import { type Host, Socket, type SocketEnd, thisHost, type Timer, type WebSocketClass, webSocketClass } from "./socket.js"

const SOFTWARE = "tandem-js 0.1.0"
/** Bytes of an open that are not the op. */
const OPEN_OVERHEAD = 1024
/** A wake-up does not repeat an attempt that was made within this time, in milliseconds. */
const WAKE_PAUSE = 1_000

/** What went wrong without being anybody's fault that a user could mend. */
export interface Report {
  readonly message: string
  readonly document?: string
  readonly error: unknown
}

export interface ConnectOptions {
  /** Who this is, as the server wants to know it. A function is asked for every connection. */
  readonly token?: string | (() => string | Promise<string>)
  /** How others see this user, and under whose name edits are kept. Default: no name. */
  readonly user?: User
  /** Needed where there is no global one: the class of the package "ws", say. */
  readonly WebSocket?: WebSocketClass
  /** Told of faults: content that differed and was loaded anew, a listener that threw. Default: console.warn. */
  readonly onReport?: (report: Report) => void
}

export interface OpenOptions {
  /** Default "text". A document keeps the kind it was created with. */
  readonly kind?: DocumentKind
}

export interface ConnectionEvents {
  /** The status, its reason, or the time of the next attempt have changed. */
  readonly status: readonly [status: Status]
}

/**
 * Connects to a server: "wss://host/ws", also with http and https, or a path on this page's own server. Default: /ws there.
 * A ClientError "bad-url" or "no-websocket".
 */
export function connect(url?: string, options: ConnectOptions = {}): Connection {
  return new Connection(url, options)
}

/** A connection to a server, which comes back by itself, and the documents opened over it. */
export class Connection {
  // Immutable.
  readonly #url: string
  readonly #options: ConnectOptions
  readonly #WebSocket: WebSocketClass
  readonly #host: Host
  readonly #link: Link
  readonly #events: Emitter<ConnectionEvents>
  readonly #backoff = new Backoff()
  readonly #asleep: () => void

  #user: User
  #status: Status = "connecting"
  #reason: string | undefined
  #nextTryAt: number | undefined
  #retry: Timer | undefined
  #attempts = 0
  #attemptAt = 0

  #socket: Socket | undefined
  #leaving: Timer | undefined // after goaway
  #limits: Limits | undefined
  #busy = false
  #channels = 0
  readonly #clients = new Set<Attached>()
  readonly #byChannel = new Map<number, Attached>()
  readonly #touched = new Set<Attached>()

  /** Use connect. host is for tests. */
  constructor(url: string | undefined, options: ConnectOptions = {}, host: Host = thisHost) {
    this.#url = socketURL(url)
    this.#options = options
    this.#WebSocket = webSocketClass(options.WebSocket)
    this.#host = host
    this.#user = clipped(options.user)
    this.#events = new Emitter((error) => this.#report(error))
    this.#link = this.#makeLink()
    this.#asleep = host.onWake(() => this.#wake())
    this.#connect()
  }

  get user(): User {
    return this.#user
  }

  get status(): Status {
    return this.#status
  }

  /** Why it is not live, for people. */
  get statusReason(): string | undefined {
    return this.#reason
  }

  /** When the next attempt is made, in milliseconds since 1970. */
  get nextTryAt(): number | undefined {
    return this.#nextTryAt
  }

  /** Opens a document, which is created if there is none of the name. */
  open(name: string, options: OpenOptions = {}): Doc {
    const id = toHex(crypto.getRandomValues(new Uint8Array(16)))
    const client = new Client(this.#link, id, name, options.kind ?? "text")
    const doc = new Doc(client)
    this.#clients.add(client)
    // Told later, so that listeners can be set first.
    if (name === "" || clip(name, MaxName) !== name) queueMicrotask(() => client.shut("bad-name", "this cannot be a document's name"))
    else if (this.#status === "closed") queueMicrotask(() => client.shut("closed", this.#reason ?? "the connection was closed"))
    else if (this.#limits !== undefined) client.open()
    return doc
  }

  /** Changes how others see this user. */
  setUser(user: User): void {
    this.#user = clipped(user)
    for (const client of this.#clients) client.userChanged()
  }

  /** Does not wait for the next attempt. */
  retryNow(): void {
    if (this.#status === "closed") return
    if (this.#socket === undefined) this.#connect()
    else this.#socket.probe()
  }

  on<K extends keyof ConnectionEvents>(event: K, fn: (...args: ConnectionEvents[K]) => void): () => void {
    return this.#events.on(event, fn)
  }

  /** Ends it, and its documents, at once. Await close of a document first where its edits are to be saved. */
  close(): void {
    this.#shut("closed", "the connection was closed", false)
  }

  #makeLink(): Link {
    const connection = this
    return {
      host: this.#host,
      get user() {
        return connection.#user
      },
      get limits() {
        return connection.#limits
      },
      get reason() {
        return connection.#reason
      },
      get nextTryAt() {
        return connection.#nextTryAt
      },
      send: (m) => this.#socket?.send(m),
      attach: (who) => {
        this.#byChannel.set(++this.#channels, who)
        return this.#channels
      },
      settlesLater: (who) => this.#busy && this.#touched.add(who).size > 0,
      detach: (channel) => this.#byChannel.delete(channel),
      giveUp: (reason) => this.#socket?.giveUp(reason, true),
      retryNow: () => this.retryNow(),
      remove: (who) => this.#clients.delete(who),
      report: (error, document) => this.#report(error, document),
    }
  }

  #connect(): void {
    this.#host.clearTimeout(this.#retry)
    this.#retry = this.#nextTryAt = undefined
    const attempt = ++this.#attempts
    this.#attemptAt = this.#host.now()
    this.#setStatus("connecting", this.#reason)
    const { token } = this.#options
    if (typeof token !== "function") return this.#start(token ?? null)
    Promise.resolve()
      .then(token)
      .then(
        (t) => attempt === this.#attempts && this.#start(t),
        (error: unknown) => {
          if (attempt !== this.#attempts) return
          this.#report(error)
          this.#ended({ code: "lost", reason: "the permission to connect could not be had", comeBack: true, retryAfter: 0 })
        },
      )
  }

  #start(token: string | null): void {
    if (this.#status === "closed" || this.#socket !== undefined) return
    try {
      this.#socket = new Socket(this.#url, this.#WebSocket, { token, software: SOFTWARE }, this.#host, {
        welcome: (m) => this.#welcomed(m),
        message: (m) => this.#message(m),
        frame: () => this.#frame(),
        goaway: (spread) => this.#goaway(spread),
        fault: (error) => this.#report(error),
        end: (end) => this.#ended(end),
      })
    } catch (error) {
      // An address that the browser does not let this page use. Told later, so that listeners can be set first.
      this.#report(error)
      queueMicrotask(() => this.#shut("bad-url", "this page may not connect to the server's address", true))
    }
  }

  #welcomed(m: Welcome): void {
    // What is encoded in so many bytes has no more text, that of embeds included.
    const message = Math.max(OPEN_OVERHEAD, Math.min(m.maxMessage - OPEN_OVERHEAD, m.maxOpText))
    this.#limits = { text: m.maxOpText, components: DefaultLimits.components, message }
    this.#backoff.succeeded(this.#host.now())
    this.#setStatus("live", undefined)
    for (const client of [...this.#clients]) client.connected()
  }

  #message(m: ServerMessage): void {
    const { channel } = m as SessionMessage
    const client = this.#byChannel.get(channel)
    if (client === undefined) return // it was closed while this was on its way
    this.#busy = true
    this.#touched.add(client)
    client.receive(m as SessionMessage)
  }

  #frame(): void {
    this.#busy = false
    const touched = [...this.#touched]
    this.#touched.clear()
    for (const client of touched) client.settle()
  }

  #goaway(spread: number): void {
    this.#leaving ??= this.#host.setTimeout(() => {
      this.#socket?.close()
      this.#dropped()
      this.#connect()
      for (const client of [...this.#clients]) client.lost()
    }, this.#host.random() * spread)
  }

  #ended(end: SocketEnd): void {
    const wasWelcomed = this.#socket?.welcomed ?? false
    this.#dropped()
    // A token that ran out while connected: a function may have a new one.
    const renew = end.code === "bad-token" && wasWelcomed && typeof this.#options.token === "function"
    if (!end.comeBack && !renew) return this.#shut(end.code, end.reason, true)
    const now = this.#host.now()
    const wait = end.retryAfter + this.#backoff.failed(end.unwell ? -Infinity : now, this.#host.random())
    this.#nextTryAt = now + wait
    this.#retry = this.#host.setTimeout(() => this.#connect(), wait)
    this.#setStatus("offline", this.#host.offline() ? "this device has no network" : end.reason)
    for (const client of [...this.#clients]) client.lost()
  }

  /** Forgets what belongs to a socket that is gone. */
  #dropped(): void {
    this.#socket = undefined
    this.#limits = undefined
    this.#busy = false
    this.#touched.clear()
    this.#byChannel.clear()
    this.#host.clearTimeout(this.#leaving)
    this.#leaving = undefined
  }

  #shut(code: string, reason: string, problem: boolean): void {
    if (this.#status === "closed") return
    this.#attempts++
    this.#asleep()
    this.#host.clearTimeout(this.#retry)
    this.#retry = this.#nextTryAt = undefined
    this.#socket?.close()
    this.#dropped()
    this.#setStatus("closed", reason)
    for (const client of [...this.#clients]) client.shut(code, reason, problem)
  }

  #wake(): void {
    if (this.#socket !== undefined || this.#host.now() - this.#attemptAt >= WAKE_PAUSE) this.retryNow()
  }

  #setStatus(status: Status, reason: string | undefined): void {
    this.#status = status
    this.#reason = reason
    this.#events.emit("status", status)
    if (status !== "closed") for (const client of [...this.#clients]) client.settle()
  }

  #report(error: unknown, document?: string): void {
    const message = error instanceof Error ? error.message : String(error)
    const report = { message, error, ...(document !== undefined && { document }) }
    try {
      if (this.#options.onReport !== undefined) this.#options.onReport(report)
      else console.warn(`tandem: ${message}`, error)
    } catch {
      // who is told of faults must not make more of them
    }
  }
}

function clipped(user: User | undefined): User {
  return { name: clip(user?.name ?? "", MaxUserName), color: clip(user?.color ?? "", MaxColor) }
}

function socketURL(given: string | undefined): string {
  const page = typeof location === "undefined" ? undefined : location.href
  let url: URL
  try {
    url = new URL(given ?? "/ws", page)
  } catch {
    throw new ClientError("bad-url", given === undefined ? "no address of a server was given" : `${JSON.stringify(given)} is no address`)
  }
  if (url.protocol === "http:") url.protocol = "ws:"
  if (url.protocol === "https:") url.protocol = "wss:"
  if (url.protocol !== "ws:" && url.protocol !== "wss:") throw new ClientError("bad-url", `${url.protocol} is none of ws, wss, http and https`)
  url.hash = ""
  return url.href
}
