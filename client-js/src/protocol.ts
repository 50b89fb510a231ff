// Messages and their bytes: server/wire/PROTOCOL.md. A message here is its JSON form there, except that ops are Ops, and
// that an op which was encoded before may be given as its bytes. Reading is strict: what is not the one encoding of a
// message is refused.

import { readOp, writeOp } from "./codec.js"
import { isInsert, type Op } from "./component.js"
import { encoded, Reader, type Writer } from "./pack.js"
import { DefaultLimits, type Limits as OpLimits, StoredLimits } from "./validate.js"
import { OpError } from "./errors.js"
import type { Outcome, Place } from "./vocabulary.js"

export const VERSION = 1
/** The name of the protocol in the WebSocket handshake. */
export const SUBPROTOCOL = "tandem.v1"

/** Bytes of UTF-8. */
export const MaxName = 128
export const MaxUserName = 64
export const MaxColor = 32
const MaxToken = 2048
const MaxSoftware = 64
const MaxErrorText = 512
const MaxPeers = 4096

/** What a user may do with a document. */
export type Access = "write" | "read"

/** Who sends. */
export type Party = "client" | "server"

/** The largest frame that is read, in bytes, by its sender. */
const MaxFrame: Record<Party, number> = { client: 256 * 1024, server: 4 * 1024 * 1024 }
const opLimits: Record<Party, OpLimits> = { client: DefaultLimits, server: StoredLimits }

export type ProtocolErrorCode = "bad-message" | "bad-op" | "too-large" | "unsupported-version"

/** Thrown for a frame that is refused. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError"

  constructor(
    readonly code: ProtocolErrorCode,
    detail: string,
  ) {
    super(`${code}: ${detail}`)
  }
}

interface Field<T> {
  read(r: Reader, limits: OpLimits): T
  write(w: Writer, value: T): void
}

function integer(least: number, most = Number.MAX_SAFE_INTEGER): Field<number> {
  return { read: (r) => r.int(least, most), write: (w, n) => w.int(n) }
}

function str(limit: number): Field<string> {
  return { read: (r) => r.str(limit), write: (w, s) => w.str(s) }
}

/** A binary string of n bytes; hex digits here. */
function bin(n: number): Field<string> {
  return { read: (r) => toHex(r.bin(n)), write: (w, hex) => w.bin(fromHex(hex, n)) }
}

function optional<T>(field: Field<T>): Field<T | null> {
  return {
    read: (r, limits) => (r.nil() ? null : field.read(r, limits)),
    write: (w, value) => (value === null ? w.nil() : field.write(w, value)),
  }
}

function word<T extends string>(...words: readonly T[]): Field<T> {
  return {
    read(r) {
      const s = r.str(8)
      const found = words.find((w) => w === s)
      if (found === undefined) throw new OpError("encoding", `${JSON.stringify(s)} is none of ${words.join(", ")}`)
      return found
    },
    write: (w, s) => w.str(s),
  }
}

/** Written as the number of the word. */
function numbered<T extends string>(...words: readonly T[]): Field<T> {
  return { read: (r) => words[r.int(0, words.length - 1)] as T, write: (w, s) => w.int(words.indexOf(s)) }
}

function list<T>(limit: number, element: Field<T>): Field<readonly T[]> {
  return {
    read(r, limits) {
      const out: T[] = []
      for (let n = r.array(limit); n > 0; n--) out.push(element.read(r, limits))
      return out
    },
    write(w, values) {
      w.array(values.length)
      for (const v of values) element.write(w, v)
    },
  }
}

type Fields = { readonly [name: string]: Field<never> }
type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** An array of exactly these fields; an object here. */
function record<F extends object>(fields: F): Field<Values<F>> {
  const entries = Object.entries(fields as unknown as Fields)
  return {
    read(r, limits) {
      count(r.array(), entries.length)
      const out: Record<string, unknown> = {}
      for (const [name, field] of entries) out[name] = field.read(r, limits)
      return out as Values<F>
    },
    write(w, value) {
      w.array(entries.length)
      for (const [name, field] of entries) field.write(w, (value as Record<string, unknown>)[name] as never)
    },
  }
}

function count(got: number, want: number): void {
  if (got !== want) throw new OpError("encoding", `${got} elements, there should be ${want}`)
}

function readSoundOp(r: Reader, limits: OpLimits): Op {
  try {
    return readOp(r, limits)
  } catch (error) {
    if (!(error instanceof OpError)) throw error
    throw new ProtocolError(error.code === "limit" ? "too-large" : "bad-op", error.message)
  }
}

const bool: Field<boolean> = { read: (r) => r.bool(), write: (w, b) => w.bool(b) }
const int = integer(0)
const positive = integer(1)
const op: Field<Op> = { read: readSoundOp, write: writeOp }
const pieceOp: Field<Op> = {
  read(r, limits) {
    const piece = readSoundOp(r, limits)
    if (!piece.every(isInsert)) throw new ProtocolError("bad-op", "a snapshot that is not inserts only")
    return piece
  },
  write: writeOp,
}
const frozenOp: Field<Op | Uint8Array> = {
  read: readSoundOp,
  write: (w, o) => (o instanceof Uint8Array ? w.raw(o) : writeOp(w, o)),
}
const version: Field<number> = {
  read(r) {
    const v = r.int(0)
    if (v !== VERSION) throw new ProtocolError("unsupported-version", `version ${v}, this is ${VERSION}`)
    return v
  },
  write: (w, v) => w.int(v),
}
const id16 = bin(16)
const lineage = bin(8)
const place: Field<Place> = record({ id: id16, epoch: bin(8), rev: int, lineage })
const user = record({ name: str(MaxUserName), color: str(MaxColor) })
const peer = record({ session: int, anchor: optional(int), head: optional(int), name: str(MaxUserName), color: str(MaxColor) })
const documentKind = word("text", "rich")
const accessWord = word<Access>("write", "read")
const outcome = numbered<Outcome>("none", "committed", "void", "unknown", "refused")

const ping = { code: 7, fields: { n: int } }
const pong = { code: 8, fields: { n: int } }

/** The messages of a client, field by field in their order. */
const clientMessages = {
  hello: { code: 1, fields: { version, token: optional(str(MaxToken)), software: str(MaxSoftware) } },
  open: {
    code: 2,
    fields: {
      channel: positive,
      document: str(MaxName),
      documentKind,
      client: id16,
      held: optional(place),
      outstanding: optional(record({ client: id16, seq: positive, base: place, op: frozenOp })),
      user: optional(user),
    },
  },
  submit: { code: 3, fields: { channel: positive, seq: positive, base: int, op: frozenOp, caret: optional(int) } },
  presence: { code: 4, fields: { channel: positive, rev: int, anchor: optional(int), head: optional(int), user: optional(user) } },
  refresh: { code: 5, fields: { token: str(MaxToken) } },
  close: { code: 6, fields: { channel: positive } },
  ping,
  pong,
}

/** The messages of a server. */
const serverMessages = {
  ping,
  pong,
  welcome: { code: 16, fields: { version, software: str(MaxSoftware), maxOpText: int, maxMessage: int, maxDocument: int, pingInterval: int } },
  opened: {
    code: 17,
    fields: { channel: positive, place, access: accessWord, session: int, outcome, outcomeRev: optional(int), lastSeq: int, resume: bool, refusal: optional(integer(1, 2 ** 31 - 1)) },
  },
  snapshot: { code: 18, fields: { channel: positive, op: pieceOp, more: bool } },
  commits: {
    code: 19,
    fields: { channel: positive, first: int, count: positive, op, session: optional(int), caret: optional(int), lineage: optional(lineage) },
  },
  ack: { code: 20, fields: { channel: positive, seq: positive, place } },
  presence: { code: 21, fields: { channel: positive, rev: int, peers: list(MaxPeers, peer), left: list(MaxPeers, int) } },
  access: { code: 22, fields: { channel: positive, access: accessWord } },
  check: { code: 23, fields: { channel: positive, rev: int, hash: int } },
  error: {
    code: 24,
    fields: {
      channel: optional(positive),
      code: integer(1, 2 ** 31 - 1),
      seq: optional(positive),
      lastSeq: optional(int),
      retryAfter: optional(int),
      text: str(MaxErrorText),
    },
  },
  goaway: { code: 25, fields: { spread: int } },
}

type MessageOf<T> = { [K in keyof T]: { readonly kind: K } & (T[K] extends { fields: infer F } ? Values<F> : never) }[keyof T]
export type ClientMessage = MessageOf<typeof clientMessages>
export type ServerMessage = MessageOf<typeof serverMessages>
type Of<M, K> = Extract<M, { kind: K }>
export type Welcome = Of<ServerMessage, "welcome">
export type OpenedMessage = Of<ServerMessage, "opened">
export type SnapshotMessage = Of<ServerMessage, "snapshot">
export type CommitsMessage = Of<ServerMessage, "commits">
export type AckMessage = Of<ServerMessage, "ack">
export type PresenceMessage = Of<ServerMessage, "presence">
export type ErrorMessage = Of<ServerMessage, "error">
/** A message that belongs to a session. */
export type SessionMessage = Extract<ServerMessage, { channel: number }> | (ErrorMessage & { readonly channel: number })

interface Shape {
  readonly kind: string
  readonly code: number
  readonly fields: readonly (readonly [name: string, field: Field<never>])[]
  /** Its version comes first, before its length is looked at: another version may have other fields. */
  readonly versioned: boolean
}

function shapes(messages: { readonly [kind: string]: { readonly code: number; readonly fields: object } }): Shape[] {
  return Object.entries(messages).map(([kind, { code, fields }]) => ({
    kind,
    code,
    fields: Object.entries(fields as Fields),
    versioned: "version" in fields,
  }))
}

const shapesOf: Record<Party, readonly Shape[]> = { client: shapes(clientMessages), server: shapes(serverMessages) }
const byKind: Record<Party, ReadonlyMap<string, Shape>> = {
  client: new Map(shapesOf.client.map((s) => [s.kind, s])),
  server: new Map(shapesOf.server.map((s) => [s.kind, s])),
}
const byCode: Record<Party, ReadonlyMap<number, Shape>> = {
  client: new Map(shapesOf.client.map((s) => [s.code, s])),
  server: new Map(shapesOf.server.map((s) => [s.code, s])),
}
const MaxFields = 10

/** The bytes of a client's message. What is beyond a limit is the caller's mistake, and its reader's to refuse. */
export function encodeClient(m: ClientMessage): Uint8Array {
  return encode("client", m)
}

/** The bytes of a server's message: for tests. */
export function encodeServer(m: ServerMessage): Uint8Array {
  return encode("server", m)
}

function encode(party: Party, m: ClientMessage | ServerMessage): Uint8Array {
  const shape = byKind[party].get(m.kind)
  if (shape === undefined) throw new RangeError(`a ${party} sends no ${m.kind}`)
  return encoded((w) => {
    w.array(1 + shape.fields.length)
    w.int(shape.code)
    for (const [name, field] of shape.fields) field.write(w, (m as unknown as Record<string, unknown>)[name] as never)
  })
}

/** Hands the messages of a server's frame to each, in order. A ProtocolError says what is wrong; those before it were handed over. */
export function decodeServer(frame: Uint8Array, each: (m: ServerMessage) => void): void {
  decode("server", frame, (m) => each(m as ServerMessage))
}

/** decodeServer for the frames of a client: for tests. */
export function decodeClient(frame: Uint8Array, each: (m: ClientMessage) => void): void {
  decode("client", frame, (m) => each(m as ClientMessage))
}

function decode(party: Party, frame: Uint8Array, each: (m: unknown) => void): void {
  if (frame.length > MaxFrame[party]) throw new ProtocolError("too-large", `a frame of ${frame.length} bytes, at most ${MaxFrame[party]} are allowed`)
  const r = new Reader(frame)
  do each(readMessage(party, r))
  while (r.more)
}

function readMessage(party: Party, r: Reader): unknown {
  let at = "head"
  try {
    const n = r.array(MaxFields)
    const code = r.int(1)
    const shape = byCode[party].get(code)
    if (shape === undefined) throw new OpError("encoding", `${code} is no kind of message of a ${party}`)
    at = shape.kind
    if (!shape.versioned) count(n, 1 + shape.fields.length)
    const m: Record<string, unknown> = { kind: shape.kind }
    for (const [field, { read }] of shape.fields) {
      at = `${shape.kind}: ${field}`
      m[field] = read(r, opLimits[party])
      if (field === "version") count(n, 1 + shape.fields.length)
    }
    checkTogether(m as unknown as ClientMessage | ServerMessage)
    return m
  } catch (error) {
    if (!(error instanceof OpError)) throw error
    throw new ProtocolError("bad-message", `${at}: ${error.message}`)
  }
}

/** Refuses fields that do not go with one another. */
function checkTogether(m: ClientMessage | ServerMessage): void {
  let ok = true
  if (m.kind === "opened") ok = (m.outcomeRev === null || m.outcome === "committed") && (m.refusal !== null) === (m.outcome === "refused")
  else if (m.kind === "commits") ok = m.count === 1 || (m.session === null && m.caret === null)
  else if (m.kind === "presence") ok = ("peers" in m ? m.peers : [m]).every((p) => (p.anchor === null) === (p.head === null))
  if (!ok) throw new OpError("encoding", "a field that does not go with the others")
}

const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"))

export function toHex(bytes: Uint8Array): string {
  let s = ""
  for (const b of bytes) s += HEX[b] as string
  return s
}

function fromHex(hex: string, n: number): Uint8Array {
  if (hex.length !== 2 * n) throw new RangeError(`${hex.length} hex digits, there should be ${2 * n}`)
  return Uint8Array.from({ length: n }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

/** What a client does about an error code. */
export interface ErrorKind {
  readonly word: string
  /** In a person's words. */
  readonly meaning: string
  /** Opening, or connecting, again may help. */
  readonly again: boolean
  /** It ends the session even where it names a submission. */
  readonly ends: boolean
}

function kind(word: string, meaning: string, again = false, ends = true): ErrorKind {
  return { word, meaning, again, ends }
}

const internal = kind("internal", "something went wrong on the server", true)

/** The error codes, as PROTOCOL.md has them. */
export const errorKinds: ReadonlyMap<number, ErrorKind> = new Map([
  [1, kind("open-again", "the server loads the document anew", true)],
  [2, kind("bad-message", "the server could not read a message of this page")],
  [3, kind("bad-op", "the server could not take an edit")],
  [4, kind("too-large", "the document, or an edit, is too large")],
  [5, kind("bad-name", "this cannot be a document's name")],
  [6, kind("other-kind", "the document is of another kind")],
  [7, kind("not-found", "there is no such document")],
  [8, kind("forbidden", "you may not do this", false, false)],
  [9, kind("read-only", "you may only read this document", false, false)],
  [10, kind("no-space", "the server has no space left", true, false)],
  [11, kind("busy", "the server is busy", true)],
  [12, kind("unavailable", "the server cannot reach its storage for now", true)],
  [13, kind("damaged", "the document on the server is damaged")],
  [14, kind("conflict", "the server has something else in place of an edit")],
  [15, kind("bad-token", "the permission to be here is missing or has expired")],
  [16, kind("replaced", "another page took over")],
  [17, kind("unsupported-version", "the server speaks another version of the protocol")],
  [18, internal],
])

/** The meaning of an error code; one that is not known is taken for internal. */
export function errorKind(code: number): ErrorKind {
  return errorKinds.get(code) ?? internal
}

interface CloseKind {
  readonly word: string
  readonly meaning: string
}

/** The WebSocket close codes that a server sends. */
export const closeKinds: ReadonlyMap<number, CloseKind> = new Map([
  [1000, { word: "done", meaning: "the server closed the connection" }],
  [1001, { word: "goaway", meaning: "the server is restarting" }],
  [1003, { word: "text-frame", meaning: "something between here and the server changes what is sent" }],
  [1009, { word: "too-large", meaning: "what was sent is too large for the server" }],
  [4400, { word: "bad-message", meaning: "the server could not read a message of this page" }],
  [4401, { word: "bad-token", meaning: "the permission to be here is missing or has expired" }],
  [4403, { word: "forbidden", meaning: "you may not be here" }],
  [4404, { word: "unsupported-version", meaning: "the server speaks another version of the protocol" }],
  [4450, { word: "too-slow", meaning: "the connection was too slow" }],
  [4451, { word: "idle", meaning: "the connection was silent for too long" }],
  [4452, { word: "hello-timeout", meaning: "the connection was too slow" }],
  [4453, { word: "draining", meaning: "the server is restarting" }],
  [4454, { word: "busy", meaning: "the server is busy" }],
  [4455, { word: "internal", meaning: "something went wrong on the server" }],
])

/** Whether to connect again after a connection was closed with code. Unknown codes come from the network between: yes. */
export function comesBack(code: number): boolean {
  return code !== 1000 && code !== 1003 && code !== 1009 && !(code >= 4400 && code <= 4449)
}
