import assert from "node:assert/strict"
import { test } from "node:test"
import type { Doc } from "../src/doc.js"
import { contentHash, type Op, OpBuilder } from "../src/op.js"
import { ClientError, type ClientErrorCode } from "../src/vocabulary.js"
import type { ServerMessage } from "../src/protocol.js"
import { Connection } from "../src/connection.js"
import { failure, FakeSocket, opened, place, Rig } from "./fakes.js"

function insert(at: number, text: string): Op {
  return new OpBuilder().retain(at).insert(text).op()
}

function commits(channel: number, first: number, op: Op, over: Partial<Extract<ServerMessage, { kind: "commits" }>> = {}): ServerMessage {
  return { kind: "commits", channel, first, count: 1, op, session: 3, caret: null, lineage: place(first).lineage, ...over }
}

function fails(code: ClientErrorCode, fn: () => unknown): void {
  assert.throws(fn, (error) => error instanceof ClientError && (assert.equal(error.code, code, error.message), true))
}

/** A document that is live with text at revision 5, on channel 1. */
function live(text = "hello", rig = new Rig()): { rig: Rig; doc: Doc; socket: FakeSocket } {
  const doc = rig.conn.open("notes")
  const socket = rig.welcomed()
  socket.only("open")
  socket.say(opened(1, 5), { kind: "snapshot", channel: 1, op: text === "" ? [] : [{ insert: text }], more: false })
  rig.host.pass(1_000)
  return { rig, doc, socket }
}

test("hello, welcome, open, snapshot", async () => {
  const rig = new Rig({ token: "secret", user: { name: "Ada", color: "h3" } })
  const doc = rig.conn.open("notes/today", { kind: "rich" })
  const seen: string[] = []
  doc.on("status", (s) => seen.push(s))
  fails("not-ready", () => doc.insert(0, "x"))
  assert.deepEqual([doc.status, doc.text, doc.revision, doc.saved, rig.conn.status], ["connecting", "", 0, true, "connecting"])
  const { socket } = rig
  assert.deepEqual([socket.url, socket.protocols, socket.binaryType], ["ws://test/ws", "tandem.v1", "arraybuffer"])
  socket.onopen?.()
  assert.deepEqual(socket.only("hello"), { kind: "hello", version: 1, token: "secret", software: "tandem-js 0.1.0" })
  socket.say({ kind: "welcome", version: 1, software: "s", maxOpText: 99, maxMessage: 9999, maxDocument: 999, pingInterval: 25000 })
  const open = socket.only("open")
  assert.match(open.client, /^[0-9a-f]{32}$/)
  assert.deepEqual([open.channel, open.document, open.documentKind, open.held, open.outstanding], [1, "notes/today", "rich", null, null])
  assert.deepEqual(open.user, { name: "Ada", color: "h3" })
  socket.say(opened(1, 5), { kind: "snapshot", channel: 1, op: [{ insert: "Hello " }], more: true })
  assert.equal(doc.status, "connecting")
  const changes: unknown[] = []
  doc.on("change", (op, info) => changes.push([op, info]))
  socket.say({ kind: "snapshot", channel: 1, op: [{ insert: "you", attrs: { b: true } }], more: false })
  await doc.ready
  assert.deepEqual([doc.status, doc.text, doc.revision, doc.presence.session, doc.access], ["live", "Hello you", 5, 7, "write"])
  assert.equal(changes.length, 1)
  assert.deepEqual(seen, ["live"])
  assert.deepEqual(socket.got(), [], "who we are came with open")
  rig.conn.close()
  assert.equal(rig.host.pendingTimers, 0)
})

test("submit, ack, and one submission at a time", () => {
  const { doc, socket } = live()
  const saved: boolean[] = []
  doc.on("saved", (s) => saved.push(s))
  doc.submit(insert(5, "!"), 6)
  const submit = socket.only("submit")
  assert.deepEqual([submit.seq, submit.base, submit.caret, submit.op], [1, 5, 6, insert(5, "!")])
  doc.insert(6, "?")
  doc.insert(7, "?")
  assert.deepEqual([socket.got(), doc.pendingEdits, doc.saved], [[], 3, false])
  socket.say({ kind: "ack", channel: 1, seq: 1, place: place(6) })
  const next = socket.only("submit")
  assert.deepEqual([next.seq, next.base, next.op], [2, 6, insert(6, "??")])
  assert.equal(doc.pendingEdits, 2)
  socket.say({ kind: "ack", channel: 1, seq: 2, place: place(7) })
  assert.deepEqual([doc.text, doc.revision, doc.saved, doc.pendingEdits, saved], ["hello!??", 7, true, 0, [false, true]])
})

test("commits of others", () => {
  const { doc, socket } = live()
  const changes: unknown[] = []
  doc.on("change", (op, info) => changes.push([op, info]))
  doc.insert(0, "A")
  socket.say(commits(1, 6, insert(0, "B"), { caret: 1 }))
  assert.equal(doc.text, "ABhello")
  assert.deepEqual(changes, [
    [insert(0, "A"), { local: true }],
    [insert(1, "B"), { local: false, session: 3, caret: 2 }],
  ])
})

test("a lost ack: the same bytes go again in the next open", () => {
  const { rig, doc, socket } = live()
  doc.insert(5, "!")
  const submit = socket.only("submit")
  socket.drop()
  assert.deepEqual([doc.status, doc.saved, doc.statusReason], ["offline", false, "the connection was lost"])
  assert.equal(doc.nextTryAt, rig.host.time + 250)
  doc.insert(6, "?") // offline
  rig.host.pass(250)
  const second = rig.welcomed()
  const open = second.only("open")
  assert.deepEqual(open.held, place(5))
  assert.deepEqual(open.outstanding, { client: open.client, seq: submit.seq, base: place(5), op: submit.op })
  second.say(
    opened(2, 7, { outcome: "committed", outcomeRev: 6, lastSeq: 1, resume: true }),
    { kind: "ack", channel: 2, seq: 1, place: place(6) },
    commits(2, 7, insert(0, ">")),
  )
  assert.deepEqual([doc.text, doc.status], [">hello!?", "live"])
  const next = second.only("submit")
  assert.deepEqual([next.seq, next.base, next.op], [2, 7, insert(7, "?")])
})

test("an edit while the socket is closing: nothing is sent on it, and the next open names the edit", () => {
  const { rig, doc, socket } = live()
  socket.readyState = 2
  doc.insert(5, "!")
  assert.deepEqual(socket.got(), [])
  socket.drop()
  rig.host.pass(500)
  assert.deepEqual(rig.welcomed().only("open").outstanding?.op, insert(5, "!"))
})

test("offline edits are frozen before the open that names them", () => {
  const { rig, doc, socket } = live()
  socket.drop()
  doc.insert(0, "x")
  rig.host.pass(500)
  const open = rig.welcomed().only("open")
  assert.equal(open.outstanding?.seq, 1)
  doc.insert(0, "y")
  const again = rig.socket
  again.say(opened(2, 6, { outcome: "void", lastSeq: 4 }), { kind: "snapshot", channel: 2, op: [{ insert: "hello" }], more: false })
  assert.equal(doc.text, "yxhello")
  const submit = again.only("submit")
  assert.deepEqual([submit.seq, submit.base, submit.op], [5, 6, insert(0, "yx")])
})

test("a half-open socket: no ack for 10 s", () => {
  const { rig, doc, socket } = live()
  doc.insert(0, "x")
  socket.got()
  rig.host.pass(9_000)
  socket.say({ kind: "ping", n: 4 }) // other signs of life do not count
  assert.deepEqual(socket.only("pong"), { kind: "pong", n: 4 })
  rig.host.pass(999)
  assert.equal(rig.sockets.length, 1)
  rig.host.pass(1)
  assert.deepEqual([doc.status, socket.closed], ["offline", 1000])
  rig.host.pass(250)
  assert.equal(rig.sockets.length, 2)
  socket.say({ kind: "ack", channel: 1, seq: 1, place: place(6) }) // too late
  assert.equal(doc.saved, false)
})

test("silence: a ping after 25 s, given up after 40 s", () => {
  const { rig, socket } = live()
  rig.host.pass(24_000)
  const ping = socket.only("ping")
  socket.say({ kind: "pong", n: ping.n })
  rig.host.pass(24_999)
  assert.deepEqual(socket.got(), [])
  rig.host.pass(1)
  socket.only("ping")
  rig.host.pass(14_999)
  assert.equal(rig.conn.status, "live")
  rig.host.pass(1)
  assert.deepEqual([rig.conn.status, rig.conn.statusReason], ["offline", "the server has fallen silent"])
})

test("a timer that comes late pings first", () => {
  const { rig, socket } = live()
  rig.host.time += 3_600_000 // the device slept
  rig.host.pass(0)
  const ping = socket.only("ping")
  socket.say({ kind: "pong", n: ping.n })
  rig.host.pass(20_000)
  assert.equal(rig.conn.status, "live")
})

test("no welcome", () => {
  const rig = new Rig()
  rig.host.pass(15_000)
  assert.deepEqual([rig.conn.status, rig.conn.statusReason, rig.conn.nextTryAt], ["offline", "the server does not answer", rig.host.time + 250])
})

test("pauses grow, and end after a good connection", () => {
  const rig = new Rig()
  const pauses: number[] = []
  for (let i = 0; i < 8; i++) {
    rig.socket.drop()
    const pause = (rig.conn.nextTryAt as number) - rig.host.time
    pauses.push(pause)
    rig.host.pass(pause)
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000])
  rig.welcomed()
  rig.host.pass(6_000)
  rig.socket.drop()
  assert.equal(rig.conn.nextTryAt, rig.host.time + 250)
})

test("the network comes back: at once, and a connection that stands is asked", () => {
  const { rig, socket } = live()
  rig.host.pass(10_000)
  rig.host.wake()
  rig.host.wake()
  socket.only("ping")
  rig.host.pass(5_000)
  assert.equal(rig.conn.status, "offline")
  rig.host.pass(250)
  rig.host.isOffline = true
  rig.socket.drop()
  assert.equal(rig.conn.statusReason, "this device has no network")
  const before = rig.sockets.length
  rig.host.wake() // too soon after the last attempt
  rig.host.chance = 0.999
  for (let i = 0; i < 5; i++) {
    rig.host.pass((rig.conn.nextTryAt ?? 0) - rig.host.time)
    rig.socket.drop()
  }
  rig.host.pass(2_000)
  rig.host.wake()
  assert.equal(rig.sockets.length, before + 6)
  assert.equal(rig.conn.status, "connecting")
})

test("retryNow", () => {
  const { rig, doc, socket } = live()
  socket.drop()
  doc.retryNow()
  assert.equal(rig.sockets.length, 2)
  assert.equal(doc.nextTryAt, undefined)
})

test("goaway: away within the spread, and back at once", () => {
  const { rig, doc, socket } = live()
  doc.insert(0, "x")
  socket.got()
  socket.say({ kind: "goaway", spread: 4000 })
  rig.host.pass(1_999)
  assert.deepEqual([doc.status, rig.sockets.length], ["live", 1])
  rig.host.pass(1)
  assert.deepEqual([socket.closed, rig.sockets.length, doc.status], [1000, 2, "offline"])
  assert.equal(rig.welcomed().only("open").outstanding?.seq, 1)
})

test("refused: it stays outstanding, and is named again when the right is back", () => {
  const { rig, doc, socket } = live()
  const problems: (string | undefined)[] = []
  doc.on("problem", (p) => problems.push(p?.code))
  doc.insert(0, "x")
  const submit = socket.only("submit")
  socket.say(failure(9, { channel: 1, seq: 1, lastSeq: 0, text: "you may only read" }), { kind: "access", channel: 1, access: "read" })
  assert.deepEqual(doc.problem, { code: "read-only", message: "you may only read", text: "xhello" })
  assert.deepEqual([doc.status, doc.access, doc.saved], ["live", "read", false])
  fails("read-only", () => doc.insert(0, "y"))
  socket.say(commits(1, 6, insert(6 - 1, "!")))
  assert.equal(doc.text, "xhello!")
  rig.host.pass(20_000)
  assert.equal(rig.sockets.length, 1, "a refusal is an answer")
  socket.say({ kind: "access", channel: 1, access: "write" })
  rig.host.pass(0)
  const [close, open] = socket.got()
  assert.deepEqual(close, { kind: "close", channel: 1 })
  assert.ok(open?.kind === "open")
  assert.deepEqual([open.channel, open.held, open.outstanding?.base, open.outstanding?.op], [2, place(6), place(5), submit.op])
  socket.say(opened(2, 7, { outcome: "committed", outcomeRev: 7, lastSeq: 1, resume: true }), { kind: "ack", channel: 2, seq: 1, place: place(7) })
  assert.deepEqual([doc.saved, doc.problem, problems], [true, undefined, ["read-only", undefined]])
})

test("no space: named again after a while", () => {
  const { rig, doc, socket } = live()
  rig.host.chance = 0
  doc.insert(0, "x")
  socket.say(failure(10, { channel: 1, seq: 1, retryAfter: 3_000 }))
  assert.equal(doc.problem?.code, "no-space")
  doc.insert(0, "y") // goes into the buffer
  socket.got()
  rig.host.pass(3_000)
  assert.deepEqual(socket.got().map((m) => m.kind), ["close", "open"])
  socket.say(opened(2, 5, { outcome: "refused", refusal: 10, resume: true }))
  assert.deepEqual([doc.status, socket.got().length, doc.pendingEdits], ["live", 0, 2])
  rig.host.pass(30_000)
  assert.ok(socket.got().some((m) => m.kind === "open"))
})

test("an edit that the server cannot take stops the document, and the text is offered", () => {
  const { doc, socket } = live()
  doc.insert(0, "x")
  socket.say(failure(3, { channel: 1, seq: 1 }))
  assert.equal(doc.status, "closed")
  assert.deepEqual([doc.problem?.code, doc.problem?.text, doc.text, doc.saved], ["bad-op", "xhello", "xhello", false])
  fails("closed", () => doc.insert(0, "y"))
})

test("another document under the name", () => {
  const { rig, doc, socket } = live()
  socket.drop()
  rig.host.pass(250)
  rig.welcomed().say(opened(2, 1, { place: place(1, { id: "f".repeat(32) }) }))
  assert.deepEqual([doc.status, doc.problem?.code, doc.problem?.text, doc.text], ["closed", "foreign", "hello", "hello"])
  assert.ok(rig.socket.got().some((m) => m.kind === "close"))
})

test("a document that cannot be opened", async () => {
  const rig = new Rig()
  const doc = rig.conn.open("no//name")
  rig.welcomed().say(failure(5, { channel: 1 }))
  await assert.rejects(doc.ready, (error) => error instanceof ClientError && error.code === "refused")
  assert.deepEqual(doc.problem, { code: "bad-name", message: "this cannot be a document's name", text: "" })
  const long = rig.conn.open("x".repeat(129))
  await assert.rejects(long.ready)
  assert.equal(long.problem?.code, "bad-name")
})

test("replaced: no problem where everything is saved", () => {
  const { doc, socket } = live()
  socket.say(failure(16, { channel: 1 }))
  assert.deepEqual([doc.status, doc.statusReason, doc.problem], ["closed", "another page took over", undefined])
})

test("open-again, busy and the like: opened again after a pause", () => {
  const { rig, doc, socket } = live()
  socket.say(failure(11, { channel: 1, retryAfter: 2_000, text: "the server is at one of its bounds" }))
  assert.deepEqual([doc.status, doc.statusReason, rig.conn.status], ["offline", "the server is busy", "live"])
  assert.equal(doc.nextTryAt, rig.host.time + 2_250)
  rig.host.pass(2_250)
  assert.equal(socket.only("open").channel, 2)
})

test("a gap: pending stays, the document is opened anew", () => {
  const { rig, doc, socket } = live()
  doc.insert(0, "x")
  socket.got()
  socket.say(commits(1, 8, insert(0, "y")))
  assert.deepEqual([doc.text, doc.status, rig.reports.length], ["xhello", "offline", 1])
  assert.deepEqual(socket.got(), [{ kind: "close", channel: 1 }])
  socket.say(commits(1, 6, insert(0, "z"))) // on its way
  assert.equal(doc.text, "xhello")
  rig.host.pass(250)
  const open = socket.only("open")
  assert.deepEqual([open.channel, open.held, open.outstanding?.seq], [2, place(5), 1])
})

test("a content that differs is loaded anew", () => {
  const { rig, doc, socket } = live()
  socket.say({ kind: "check", channel: 1, rev: 5, hash: contentHash([{ insert: "hello" }]) })
  assert.equal(rig.reports.length, 0)
  doc.insert(5, "x")
  socket.got()
  socket.say({ kind: "check", channel: 1, rev: 5, hash: 1 })
  assert.equal(rig.reports.length, 1)
  rig.host.pass(250)
  const open = socket.got().find((m) => m.kind === "open")
  assert.notEqual(open?.held?.lineage, place(5).lineage)
  socket.say(opened(2, 6, { outcome: "committed", outcomeRev: 6 }), { kind: "snapshot", channel: 2, op: [{ insert: "Hellox" }], more: false })
  assert.deepEqual([doc.text, doc.saved], ["Hellox", true])
})

test("an outcome that nobody knows: the text is offered, and not sent again", () => {
  const { rig, doc, socket } = live()
  doc.insert(5, "x")
  socket.drop()
  rig.host.pass(250)
  const again = rig.welcomed()
  again.only("open")
  again.say(opened(2, 9, { outcome: "unknown" }), { kind: "snapshot", channel: 2, op: [{ insert: "hello" }], more: false })
  assert.deepEqual([doc.text, doc.saved, doc.problem?.code, doc.problem?.text], ["hello", true, "unknown", "hellox"])
  assert.deepEqual(again.got(), [])
})

test("text on offer: a refusal is told meanwhile, the offer outlives it and a close, until it is dismissed", () => {
  const { rig, doc, socket } = live()
  const problems: (string | undefined)[] = []
  doc.on("problem", (p) => problems.push(p?.code))
  socket.drop()
  rig.host.pass(250)
  const again = rig.welcomed()
  again.got()
  const restored = place(2, { epoch: "e".repeat(16) })
  again.say(opened(2, 2, { place: restored }), { kind: "snapshot", channel: 2, op: [{ insert: "he" }], more: false })
  assert.deepEqual([doc.text, doc.saved, doc.offer?.code, doc.offer?.text, doc.problem], ["he", true, "restored", "hello", doc.offer])
  doc.insert(2, "y")
  again.say(failure(10, { channel: 2, seq: 1 }))
  assert.deepEqual([doc.problem?.code, doc.problem?.text, doc.offer?.text], ["no-space", "hey", "hello"])
  again.say({ kind: "ack", channel: 2, seq: 1, place: { ...restored, rev: 3 } })
  assert.deepEqual([doc.saved, doc.problem], [true, doc.offer])
  doc.insert(0, "z")
  again.say(failure(3, { channel: 2, seq: 2 }))
  assert.deepEqual([doc.status, doc.problem?.text, doc.offer?.text], ["closed", "zhey", "hello"])
  doc.dismiss()
  doc.dismiss()
  assert.deepEqual([doc.offer, doc.problem?.code], [undefined, "bad-op"])
  assert.deepEqual(problems, ["restored", "no-space", "restored", "bad-op", "bad-op"])
})

test("a frame that cannot be read ends the connection, with a pause", () => {
  for (const bad of ["text", Uint8Array.of(0x93, 0x13).buffer]) {
    const { rig, doc, socket } = live()
    socket.onmessage?.({ data: bad })
    assert.deepEqual([rig.conn.status, doc.status, rig.reports.length, socket.closed], ["offline", "offline", 1, 1000])
  }
})

test("codes after which there is no coming back", () => {
  for (const end of [(s: FakeSocket) => s.drop(4403), (s: FakeSocket) => s.say(failure(17)), (s: FakeSocket) => s.drop(1009)]) {
    const { rig, doc, socket } = live()
    doc.insert(0, "x")
    end(socket)
    assert.deepEqual([rig.conn.status, doc.status, doc.problem?.text], ["closed", "closed", "xhello"])
    assert.equal(rig.host.pendingTimers, 0)
  }
  const { rig, doc, socket } = live()
  socket.say(failure(11, { retryAfter: 9_000 }))
  assert.deepEqual([rig.conn.status, doc.nextTryAt], ["offline", rig.host.time + 9_250])
})

test("a function gives a token for each connection, and a new one when it has run out", async () => {
  let n = 0
  const rig = new Rig({ token: () => Promise.resolve(`t${++n}`) })
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  await settled()
  rig.socket.onopen?.()
  assert.equal(rig.socket.only("hello").token, "t1")
  rig.socket.say({ kind: "welcome", version: 1, software: "s", maxOpText: 99, maxMessage: 9999, maxDocument: 999, pingInterval: 25000 })
  rig.socket.say(failure(15))
  assert.equal(rig.conn.status, "offline")
  rig.host.pass(500)
  await settled()
  rig.socket.onopen?.()
  assert.equal(rig.socket.only("hello").token, "t2")
  rig.socket.drop(4401)
  assert.equal(rig.conn.status, "closed")
})

test("presence of others moves with the text", () => {
  const { rig, doc, socket } = live("hello world")
  let told = 0
  doc.on("presence", () => told++)
  const at = (session: number): unknown => {
    const p = doc.presence.others.get(session)
    return p && [p.anchor, p.head]
  }
  const peer = (session: number, anchor: number | null): { session: number; anchor: number | null; head: number | null; name: string; color: string } => ({
    session,
    anchor,
    head: anchor,
    name: "Ada",
    color: "",
  })
  socket.say({ kind: "presence", channel: 1, rev: 5, peers: [peer(3, 6), peer(4, null)], left: [] })
  assert.deepEqual([at(3), at(4), told], [[6, 6], [null, null], 1])
  const moved = doc.presence.others.get(3)?.movedAt
  rig.host.pass(50)
  doc.insert(0, "ab") // pending
  assert.deepEqual(at(3), [8, 8])
  doc.insert(8, "c") // at the caret: theirs stays to the left
  assert.deepEqual(at(3), [8, 8])
  assert.equal(doc.presence.others.get(3)?.movedAt, moved)
  // Offsets of the revision held move over what is pending.
  socket.say({ kind: "presence", channel: 1, rev: 5, peers: [peer(3, 7)], left: [4] })
  assert.deepEqual([at(3), at(4)], [[10, 10], undefined])
  assert.equal(doc.presence.others.get(3)?.movedAt, rig.host.time)
  // A commit of somebody else, with its author's caret.
  socket.say(commits(1, 6, insert(0, "--"), { session: 3, caret: 2 }))
  assert.equal(doc.text, "ab--hello cworld")
  assert.deepEqual(at(3), [4, 4])
  // An older revision is brought up to date; a newer one waits.
  socket.say({ kind: "presence", channel: 1, rev: 5, peers: [peer(3, 1)], left: [] })
  assert.deepEqual(at(3), [5, 5])
  socket.say({ kind: "presence", channel: 1, rev: 7, peers: [peer(3, 0)], left: [] })
  assert.deepEqual(at(3), [5, 5])
  socket.say(commits(1, 7, insert(0, "."), { session: 9 }))
  assert.deepEqual(at(3), [0, 0])
  socket.drop()
  assert.equal(doc.presence.others.size, 0)
})

test("own presence: when nothing is pending, ten times a second", () => {
  const { rig, doc, socket } = live()
  doc.presence.set({ anchor: 1, head: 3 })
  assert.deepEqual(socket.only("presence"), { kind: "presence", channel: 1, rev: 5, anchor: 1, head: 3, user: null })
  doc.presence.set({ anchor: 1, head: 3 })
  for (const head of [4, 5, 99]) doc.presence.set({ anchor: 1, head })
  assert.deepEqual(socket.got(), [])
  rig.host.pass(100)
  assert.deepEqual([socket.only("presence").head, rig.host.pendingTimers > 0], [5, true])
  rig.host.pass(1_000)
  doc.submit(insert(0, "x"), 1)
  socket.only("submit")
  doc.presence.set({ anchor: 2, head: 2 })
  assert.deepEqual(socket.got(), [])
  socket.say({ kind: "ack", channel: 1, seq: 1, place: place(6) })
  assert.deepEqual([socket.only("presence")].map((p) => [p.rev, p.anchor, p.head]), [[6, 2, 2]])
  rig.host.pass(1_000)
  doc.submit(insert(0, "y"), 1)
  socket.say({ kind: "ack", channel: 1, seq: 2, place: place(7) })
  assert.deepEqual(socket.got().map((m) => m.kind), ["submit"], "the caret travelled with it")
  rig.conn.setUser({ name: "N".repeat(63) + "é", color: "h1" })
  assert.deepEqual(socket.only("presence").user, { name: "N".repeat(63), color: "h1" })
  doc.presence.set(null)
  rig.host.pass(100)
  assert.equal(socket.only("presence").head, null)
})

test("who the user is: with open, and later where it has changed since", () => {
  const rig = new Rig({ user: { name: "Ada", color: "h1" } })
  const doc = rig.conn.open("d")
  const socket = rig.welcomed()
  assert.equal(socket.only("open").user?.name, "Ada")
  rig.conn.setUser({ name: "Bea", color: "h1" }) // the open is on its way
  assert.deepEqual(socket.got(), [])
  socket.say(opened(1, 5), { kind: "snapshot", channel: 1, op: [{ insert: "hello" }], more: false })
  assert.equal(socket.only("presence").user?.name, "Bea")
  socket.drop()
  rig.conn.setUser({ name: "Cleo", color: "h1" })
  doc.insert(0, "x")
  rig.host.pass(250)
  const again = rig.welcomed()
  const open = again.only("open")
  assert.deepEqual([open.user?.name, open.outstanding?.seq], ["Cleo", 1])
  again.say(opened(2, 6, { outcome: "committed", outcomeRev: 6, lastSeq: 1, resume: true }), { kind: "ack", channel: 2, seq: 1, place: place(6) })
  assert.deepEqual(again.got(), [])
})

test("a listener that throws harms nobody, and each hears in order", () => {
  const { rig, doc, socket } = live("")
  const first: string[] = []
  const second: string[] = []
  const text = (op: Op): string => op.map((c) => ("insert" in c ? c.insert : "")).join("")
  doc.on("change", (op) => {
    first.push(text(op))
    if (text(op) === "a") doc.insert(1, "b")
    throw new Error("mine")
  })
  const off = doc.on("change", (op) => second.push(text(op)))
  doc.insert(0, "a")
  assert.deepEqual([first, second, doc.text], [["a", "b"], ["a", "b"], "ab"])
  assert.equal(rig.reports.length, 2)
  assert.equal(rig.reports[0]?.document, "notes")
  off()
  socket.say(commits(1, 6, insert(0, "c")))
  assert.deepEqual([first.length, second.length], [3, 2])
})

test("an edit made while a frame is taken in waits for its end", () => {
  const { doc, socket } = live("")
  doc.on("change", (_, { local }) => {
    if (!local && doc.text.length < 4) doc.insert(0, "!")
  })
  socket.say(commits(1, 6, insert(0, "a"), { lineage: null }), commits(1, 7, insert(0, "b")))
  const submit = socket.only("submit")
  assert.deepEqual([submit.base, submit.op, doc.text], [7, insert(0, "!!"), "!!ba"])
})

test("undo is this user's own", () => {
  const { doc, socket } = live("")
  doc.insert(0, "mine")
  socket.say({ kind: "ack", channel: 1, seq: 1, place: place(6) }, commits(1, 7, insert(4, " theirs")))
  assert.equal(doc.undo(), true)
  assert.equal(doc.text, " theirs")
  assert.equal(doc.undo(), false)
  assert.equal(doc.redo(), true)
  assert.equal(doc.text, "mine theirs")
})

test("close waits for the ack, and no longer than that", async () => {
  const { rig, doc, socket } = live("")
  doc.insert(0, "x")
  socket.got()
  const closed = doc.close()
  fails("closed", () => doc.insert(0, "y"))
  assert.deepEqual([doc.status, socket.got()], ["live", []])
  socket.say({ kind: "ack", channel: 1, seq: 1, place: place(6) })
  await closed
  assert.deepEqual([doc.status, doc.saved, doc.problem], ["closed", true, undefined])
  assert.deepEqual(socket.got().at(-1), { kind: "close", channel: 1 })
  await doc.close()
  const other = rig.conn.open("other")
  rig.conn.close()
  await assert.rejects(other.ready)
  assert.equal(other.status, "closed")
})

test("several documents share a connection", () => {
  const { rig, doc, socket } = live()
  const other = rig.conn.open("other")
  assert.equal(socket.only("open").channel, 2)
  socket.say(commits(1, 6, insert(0, "1")), opened(2, 0), { kind: "snapshot", channel: 2, op: [], more: false }, commits(1, 7, insert(0, "2")))
  assert.deepEqual([doc.text, other.text, other.status], ["21hello", "", "live"])
})

test("addresses", () => {
  const url = (given?: string): string => {
    const conn = new Connection(given, { WebSocket: FakeSocket }, new Rig().host)
    conn.close()
    return (FakeSocket.all.at(-1) as FakeSocket).url
  }
  assert.deepEqual([url("http://h:1/ws"), url("https://h/x/ws#y"), url("wss://h/ws")], ["ws://h:1/ws", "wss://h/x/ws", "wss://h/ws"])
  fails("bad-url", () => url())
  fails("bad-url", () => url("ftp://h/"))
  const { WebSocket } = globalThis as { WebSocket?: unknown }
  if (WebSocket === undefined) fails("no-websocket", () => new Connection("ws://h/ws", {}, new Rig().host))
})
