import assert from "node:assert/strict"
import { test } from "node:test"
import { compose, Content, contentHash, decodeOp, type Op, OpBuilder, transform } from "../src/op.js"
import { type Limits, type Opened, Pending, type Submission } from "../src/pending.js"
import { ClientError, type ClientErrorCode, NO_LINEAGE, type Outcome, type Place } from "../src/vocabulary.js"

const ids = ["a", "b", "c"].map((c) => c.repeat(32))
const DOCUMENT = "d".repeat(32)

function insert(at: number, text: string): Op {
  return new OpBuilder().retain(at).insert(text).op()
}

function remove(at: number, n: number): Op {
  return new OpBuilder().retain(at).delete(n).op()
}

function place(rev: number, over: Partial<Place> = {}): Place {
  return { id: DOCUMENT, epoch: "e".repeat(16), rev, lineage: rev.toString(16).padStart(16, "0"), ...over }
}

function opened(rev: number, over: Partial<Opened> = {}): Opened {
  return { place: place(rev), outcome: "none", lastSeq: 0, resume: false, ...over }
}

/** A client that holds text at revision rev. */
function holding(text: string, rev = 1): Pending {
  const p = new Pending(ids[0] as string, "text")
  p.opened(opened(rev))
  p.snapshot(Content.ofText(text).toOp(), false)
  return p
}

function fails(code: ClientErrorCode, fn: () => unknown): void {
  assert.throws(fn, (error) => error instanceof ClientError && (assert.equal(error.code, code, error.message), true))
}

test("nothing can be edited before there is content", () => {
  const p = new Pending(ids[0] as string, "text")
  fails("not-ready", () => p.edit(insert(0, "x"), null))
  assert.equal(p.freeze(), undefined)
  fails("protocol", () => p.commits(1, 1, insert(0, "x"), null))
  fails("protocol", () => p.snapshot([], false))
})

test("an edit, its submission and its ack", () => {
  const p = holding("hello")
  p.edit(insert(5, "!"), 6)
  assert.deepEqual([p.saved, p.edits, p.content.text], [false, 1, "hello!"])
  const s = p.freeze() as Submission
  assert.deepEqual([s.seq, s.base.rev, s.caret, decodeOp(s.bytes)], [1, 1, 6, insert(5, "!")])
  p.edit(insert(6, "?"), null)
  assert.equal(p.freeze(), undefined, "one submission is outstanding")
  assert.equal(p.edits, 2)
  p.ack(1, place(2))
  assert.deepEqual([p.saved, p.edits, p.held], [false, 1, place(2)])
  assert.deepEqual(p.freeze()?.base, place(2))
  p.ack(2, place(3))
  assert.deepEqual([p.saved, p.edits, p.content.text], [true, 0, "hello!?"])
})

test("an edit that does not fit changes nothing", () => {
  const p = holding("a😀")
  for (const op of [insert(4, "x"), remove(2, 1), insert(0, "\r"), insert(0, "\ud800"), [{ retain: 1 }], [{ embed: ["i", "v"] }] as Op]) {
    fails("edit", () => p.edit(op, null))
  }
  assert.deepEqual([p.saved, p.edits, p.content.text], [true, 0, "a😀"])
})

test("an edit does not speak of the server's attributes", () => {
  const p = new Pending(ids[0] as string, "rich")
  p.opened(opened(1))
  p.snapshot(Content.ofText("hello").toOp(), false)
  fails("edit", () => p.edit([{ insert: "x", attrs: { "\0by": "Ada" } }], null))
  fails("edit", () => p.edit([{ retain: 1, attrs: { "\0by": null } }], null))
  p.edit([{ insert: "x", attrs: { by: "Ada" } }], null)
})

test("a buffer that cancels out is never sent", () => {
  const p = holding("ab")
  p.edit(insert(1, "x"), null)
  p.edit(remove(1, 1), null)
  assert.deepEqual([p.saved, p.edits, p.freeze()], [true, 0, undefined])
})

test("commits of others move what is pending, and the caret", () => {
  const p = holding("ab")
  p.edit(insert(1, "X"), null)
  const s = p.freeze() as Submission
  p.edit(insert(2, "Y"), 3)
  const shown = p.commits(2, 2, insert(1, "--"), null)
  // Ours reaches the server later: it goes to the left of theirs.
  assert.equal(p.content.text, "aXY--b")
  assert.deepEqual(shown, insert(3, "--"))
  assert.equal(p.held?.lineage, NO_LINEAGE)
  assert.deepEqual(decodeOp(s.bytes), insert(1, "X"), "the bytes stay")
  assert.equal(p.outstanding, s)
  p.ack(1, place(4))
  assert.equal(p.freeze()?.caret, 3)
  assert.equal(p.shown(1), 1)
})

test("gaps and acks of nothing are errors, and change nothing", () => {
  const p = holding("ab", 5)
  p.edit(insert(0, "x"), null)
  p.freeze()
  fails("gap", () => p.commits(7, 1, insert(0, "y"), null))
  fails("gap", () => p.commits(5, 1, insert(0, "y"), null))
  fails("gap", () => p.ack(1, place(7)))
  fails("protocol", () => p.ack(2, place(6)))
  fails("diverged", () => p.commits(6, 1, remove(5, 1), null))
  assert.deepEqual([p.content.text, p.held?.rev, p.edits], ["xab", 5, 1])
  p.ack(1, place(6))
  assert.ok(p.saved)
})

test("checks", () => {
  const p = holding("Hello", 3)
  p.edit(insert(0, "x"), null)
  p.check(3, contentHash([{ insert: "Hello" }]))
  p.check(2, 1)
  fails("diverged", () => p.check(3, 1))
  p.distrust()
  assert.notEqual(p.held?.lineage, place(3).lineage)
  assert.equal(p.edits, 1)
})

test("a submission is cut to the limits", () => {
  const limits: Limits = { text: 9, components: 4, message: 1000 }
  const p = holding("")
  p.edit(insert(0, "abc😀def"), 8)
  const parts: string[] = []
  for (let rev = 2, s = p.freeze(limits); s !== undefined; rev++, s = p.freeze(limits)) {
    parts.push(s.op.map((c) => ("insert" in c ? c.insert : "")).join(""))
    assert.equal(s.caret, parts.join("").length === 8 ? 8 : null)
    assert.equal(p.edits, 1, "one edit until the last part is acknowledged")
    p.ack(s.seq, place(rev))
  }
  assert.deepEqual(parts, ["abc", "😀d", "ef"])
  assert.deepEqual([p.saved, p.edits], [true, 0])
})

test("a submission is cut to the size of a message", () => {
  const p = holding("0123456789".repeat(10))
  const op = new OpBuilder()
  for (let i = 0; i < 40; i++) op.retain(2).insert("x")
  p.edit(op.op(), null)
  let n = 0
  for (let s = p.freeze({ text: 1000, components: 4096, message: 20 }); s !== undefined; s = p.freeze({ text: 1000, components: 4096, message: 20 })) {
    assert.ok(s.bytes.length <= 20)
    p.ack(s.seq, place(2 + n++))
  }
  assert.ok(n >= 7 && p.saved)
})

test("what an open can answer", () => {
  const cases: [Outcome, boolean, string, Partial<{ outstanding: boolean; text: string; lost: boolean }>][] = [
    ["committed", true, "", { outstanding: true, text: "abXY" }],
    ["void", true, "", { outstanding: false, text: "abXY" }],
    ["refused", true, "", { outstanding: true, text: "abXY" }],
    ["committed", false, "abX>", { outstanding: false, text: "abXY>" }],
    ["void", false, "ab>", { outstanding: false, text: "abXY>" }],
    ["unknown", false, "ab>", { outstanding: false, text: "abY>", lost: true }],
    ["refused", false, "ab>", { outstanding: true, text: "abXY>" }],
  ]
  for (const [outcome, resume, text, want] of cases) {
    const p = holding("ab")
    p.edit(insert(2, "X"), null)
    p.freeze()
    p.edit(insert(3, "Y"), null)
    p.opened(opened(2, { outcome, resume, lastSeq: 4 }))
    const change = resume ? undefined : p.snapshot(Content.ofText(text).toOp(), false)
    const name = `${outcome} ${resume}`
    assert.equal(p.outstanding !== undefined, want.outstanding, name)
    assert.equal(p.content.text, want.text, name)
    assert.equal(change?.lost?.text, want.lost === true ? "abXY" : undefined, name)
    if (want.outstanding === false) assert.equal(p.freeze()?.seq, 5, name)
  }
})

test("until the last piece of a snapshot nothing has changed", () => {
  const p = holding("ab")
  p.edit(insert(2, "X"), null)
  const s = p.freeze()
  p.opened(opened(9, { outcome: "void" }))
  assert.equal(p.snapshot([{ insert: "new " }], true), undefined)
  p.edit(insert(0, "Z"), null)
  assert.equal(p.freeze(), undefined)
  assert.deepEqual([p.outstanding, p.held, p.content.text], [s, place(1), "ZabX"])
  p.opened(opened(9, { outcome: "void" })) // the connection broke: it starts over
  p.snapshot([{ insert: "ab" }], true)
  p.snapshot([{ insert: "c" }], false)
  assert.equal(p.content.text, "ZabXc")
  assert.equal(p.edits, 2)
})

test("answers that no correct server gives", () => {
  const p = holding("ab")
  fails("protocol", () => p.opened(opened(1, { outcome: "committed" })))
  p.edit(insert(2, "X"), null)
  p.freeze()
  fails("protocol", () => p.opened(opened(1, { outcome: "none" })))
  fails("protocol", () => p.opened(opened(1, { outcome: "unknown", resume: true })))
  fails("foreign", () => p.opened(opened(1, { outcome: "void", place: place(1, { id: ids[1] as string }) })))
  assert.deepEqual([p.content.text, p.edits], ["abX", 1])
  const fresh = new Pending(ids[1] as string, "text")
  fails("protocol", () => fresh.opened(opened(1, { resume: true })))
})

test("a pending deletion stays one over a reload", () => {
  const p = holding("one two three")
  p.edit(remove(4, 4), null)
  p.freeze()
  p.opened(opened(7, { outcome: "void" }))
  p.snapshot([{ insert: "One two thre!" }], false)
  assert.equal(p.content.text, "One thre!")
})

test("an older state that is restored offers the text before it", () => {
  const p = holding("saved text", 5)
  p.opened(opened(3, { place: place(3, { epoch: "f".repeat(16) }) }))
  const change = p.snapshot([{ insert: "saved" }], false)
  assert.equal(change?.before?.text, "saved text")
  assert.deepEqual([p.content.text, p.held?.rev], ["saved", 3])
})

// A small simulation: a server that is a totally ordered list of ops, three clients, connections with delay that are cut.

/** Gives the same numbers for the same seed. */
class Chance {
  constructor(private state: number) {
    for (let i = 0; i < 5; i++) this.below(1)
  }

  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.state / 2 ** 32) * n)
  }

  oneIn(n: number): boolean {
    return this.below(n) === 0
  }
}

interface Committed {
  readonly op: Op
  readonly client: string
  readonly seq: number
  readonly lineage: string
}

type ToClient =
  | { readonly kind: "opened"; readonly opened: Opened }
  | { readonly kind: "snapshot"; readonly op: Op; readonly more: boolean }
  | { readonly kind: "commits"; readonly first: number; readonly count: number; readonly op: Op; readonly lineage: string }
  | { readonly kind: "ack"; readonly seq: number; readonly place: Place }
  | { readonly kind: "ended" }
type ToServer = { readonly kind: "open"; readonly client: string; readonly held: Place | undefined; readonly outstanding: Submission | undefined } | { readonly kind: "submit"; readonly s: Submission }

/** One connection, with a session once its open has been taken in. */
interface Line {
  readonly up: ToServer[]
  readonly down: ToClient[]
  /** Nothing arrives at the client any more; what was sent may still arrive at the server. */
  cut: boolean
  session: { readonly epoch: string; readonly client: string; cursor: number; own: { client: string; seq: number } | undefined } | undefined
}

class Server {
  readonly log: Committed[] = []
  readonly records = new Map<string, { seq: number; rev: number }>()
  content = Content.empty
  epoch = "0".repeat(16)
  floor = 0
  recordsFloor = 0
  epochs = 0
  readonly lines: Line[] = []
  /** Characters that were in commits which a restore cut off: inserted, and deleted. */
  readonly cutInserts = new Set<string>()
  readonly cutDeletes = new Set<string>()

  constructor(private readonly chance: Chance) {}

  place(rev = this.log.length): Place {
    return { id: DOCUMENT, epoch: this.epoch, rev, lineage: this.log[rev - 1]?.lineage ?? NO_LINEAGE }
  }

  reaches(p: Place | undefined): boolean {
    return p !== undefined && p.epoch === this.epoch && p.rev >= this.floor && p.rev <= this.log.length && p.lineage === this.place(p.rev).lineage
  }

  take(line: Line): void {
    const m = line.up.shift()
    if (m === undefined) return
    if (m.kind === "open") return this.open(line, m)
    // By then the session may be of another time.
    if (line.session === undefined || line.session.epoch !== this.epoch) return
    line.session.own = { client: m.s.client, seq: m.s.seq }
    if (m.s.base.rev < this.floor) return
    this.commit(m.s)
  }

  commit(s: Submission): void {
    if ((this.records.get(s.client)?.seq ?? 0) >= s.seq) return
    let op = decodeOp(s.bytes)
    for (const c of this.log.slice(s.base.rev)) op = transform(op, c.op, "left")
    this.content = this.content.apply(op)
    const rev = this.log.length + 1
    this.log.push({ op, client: s.client, seq: s.seq, lineage: (rev * 1000 + this.epochs * 7 + this.chance.below(7)).toString(16).padStart(16, "0") })
    this.records.set(s.client, { seq: s.seq, rev })
  }

  open(line: Line, m: Extract<ToServer, { kind: "open" }>): void {
    let resume = this.reaches(m.held)
    let outcome: Outcome = "none"
    const o = m.outstanding
    if (o !== undefined) {
      const record = this.records.get(o.client)
      if (record !== undefined && record.seq >= o.seq) {
        outcome = "committed"
        if (m.held === undefined || record.rev <= m.held.rev) resume = false
      } else if (record === undefined && o.base.rev < this.recordsFloor) {
        outcome = "unknown"
        resume = false
      } else if (!this.reaches(o.base)) {
        outcome = "void"
      } else if (resume && this.chance.oneIn(8)) {
        outcome = "refused"
      } else {
        outcome = "committed"
        this.commit(o)
      }
    }
    if (outcome !== "refused" && this.chance.oneIn(6)) resume = false
    const lastSeq = this.records.get(m.client)?.seq ?? 0
    line.down.push({ kind: "opened", opened: { place: this.place(), outcome, lastSeq, resume } })
    line.session = { epoch: this.epoch, client: m.client, cursor: this.log.length, own: o && { client: o.client, seq: o.seq } }
    if (resume) line.session.cursor = (m.held as Place).rev
    else {
      const half = this.content.length >> 1
      line.down.push({ kind: "snapshot", op: this.content.slice(0, half).toOp(), more: true })
      line.down.push({ kind: "snapshot", op: this.content.slice(half).toOp(), more: false })
    }
  }

  /** Tells a session what lies behind its cursor; composed, cut at its own commit. */
  tell(line: Line): void {
    const { session } = line
    if (session === undefined) return
    if (session.epoch !== this.epoch || session.cursor < this.floor) {
      line.session = undefined
      line.down.push({ kind: "ended" })
      return
    }
    const most = 1 + this.chance.below(4)
    let op: Op = []
    let count = 0
    const flush = (): void => {
      const first = session.cursor - count + 1
      if (count > 0) line.down.push({ kind: "commits", first, count, op, lineage: this.place(session.cursor).lineage })
      op = []
      count = 0
    }
    while (session.cursor < this.log.length && count < most) {
      const c = this.log[session.cursor] as Committed
      if (c.client === session.own?.client && c.seq === session.own.seq) {
        flush()
        session.cursor++
        line.down.push({ kind: "ack", seq: c.seq, place: this.place(session.cursor) })
        continue
      }
      session.cursor++
      op = compose(op, c.op)
      count++
    }
    flush()
  }

  /** Goes back to an earlier revision, as a backup does. */
  restore(rev: number): void {
    let content = Content.empty
    this.log.forEach(({ op }, i) => {
      if (i >= rev) note(op, content, this.cutInserts, this.cutDeletes)
      content = content.apply(op)
    })
    this.log.length = rev
    this.content = this.log.reduce((c, { op }) => c.apply(op), Content.empty)
    this.epoch = (++this.epochs).toString(16).padStart(16, "0")
    for (const [client, r] of this.records) if (r.rev > rev) this.records.delete(client)
    // A client whose later submission is cut off had earlier ones, which the backup knows.
    this.log.forEach((c, i) => this.records.set(c.client, { seq: c.seq, rev: i + 1 }))
  }

  trim(rev: number): void {
    this.floor = Math.max(this.floor, rev)
  }

  /** Forgets the records of clients that were last heard of before the floor. */
  forget(): void {
    for (const [client, r] of this.records) {
      if (r.rev > this.floor) continue
      this.records.delete(client)
      this.recordsFloor = Math.max(this.recordsFloor, r.rev)
    }
  }
}

/** Notes what op inserts and deletes. */
function note(op: Op, before: Content, inserted: Set<string>, deleted: Set<string>): void {
  let at = 0
  for (const c of op) {
    if ("insert" in c) for (const char of c.insert) inserted.add(char)
    else if ("delete" in c) {
      for (const char of before.text.slice(at, at + c.delete)) deleted.add(char)
      at += c.delete
    } else if ("retain" in c) at += c.retain
  }
}

class Site {
  line: Line | undefined
  live = false
  /** What this user sees, made of the ops that were told. */
  seen = Content.empty

  constructor(
    readonly pending: Pending,
    private readonly world: World,
  ) {}

  connect(): void {
    if (this.line !== undefined) this.line.cut = true
    this.live = false
    this.line = { up: [], down: [], cut: false, session: undefined }
    this.world.server.lines.push(this.line)
    const outstanding = this.pending.freeze(this.world.limits) ?? this.pending.outstanding
    this.line.up.push({ kind: "open", client: this.pending.client, held: this.pending.held, outstanding })
  }

  edit(op: Op): void {
    this.pending.edit(op, null)
    this.seen = this.seen.apply(op)
    this.send()
  }

  private send(): void {
    const s = this.live ? this.pending.freeze(this.world.limits) : undefined
    if (s !== undefined) this.line?.up.push({ kind: "submit", s })
  }

  /** Takes in the next message. */
  hear(): void {
    const m = this.line?.down.shift()
    if (m === undefined) return
    if (m.kind === "ended") return this.connect()
    if (m.kind === "opened") {
      this.pending.opened(m.opened)
      this.live = m.opened.resume
      if (m.opened.outcome === "refused" && this.world.chance.oneIn(2)) this.connect()
    } else if (m.kind === "snapshot") {
      const change = this.pending.snapshot(m.op, m.more)
      if (change === undefined) return
      this.live = true
      this.seen = this.seen.apply(change.op)
      for (const char of change.lost?.text ?? "") this.world.offered.add(char)
    } else if (m.kind === "commits") {
      this.seen = this.seen.apply(this.pending.commits(m.first, m.count, m.op, m.lineage))
    } else {
      this.pending.ack(m.seq, m.place)
    }
    this.send()
  }
}

interface Kind {
  readonly deletes: boolean
  readonly restores: boolean
}

class World {
  readonly chance: Chance
  readonly server: Server
  readonly sites: Site[]
  readonly limits: Limits
  readonly inserted = new Set<string>()
  readonly deleted = new Set<string>()
  /** Text that was offered because nobody knows whether it was committed. */
  readonly offered = new Set<string>()
  private next = 0x4e00

  constructor(
    seed: number,
    private readonly kind: Kind,
  ) {
    this.chance = new Chance(seed)
    this.server = new Server(this.chance)
    this.limits = this.chance.oneIn(3) ? { text: 9, components: 3, message: 1000 } : { text: 9999, components: 99, message: 9999 }
    this.sites = ids.map((id) => new Site(new Pending(id, "text"), this))
  }

  run(steps: number): void {
    for (const site of this.sites) site.connect()
    for (let i = 0; i < steps; i++) this.step()
    // In the end everything arrives.
    for (let round = 0; ; round++) {
      assert.ok(round < 2_000, "it does not come to rest")
      for (const site of this.sites) {
        // A refused submission is named again.
        if (this.quiet && !site.pending.saved) site.connect()
      }
      if (this.quiet) break
      for (const line of this.server.lines) this.server.take(line)
      for (const site of this.sites) {
        if (site.line?.session !== undefined) this.server.tell(site.line)
        site.hear()
      }
    }
  }

  /** Nothing is on its way. */
  private get quiet(): boolean {
    return (
      this.server.lines.every((l) => l.up.length === 0) &&
      this.sites.every((s) => s.line?.down.length === 0 && s.line.session?.cursor === this.server.log.length && s.line.session.epoch === this.server.epoch)
    )
  }

  private step(): void {
    const { chance, server } = this
    const site = this.sites[chance.below(this.sites.length)] as Site
    const lines = server.lines.filter((l) => l.up.length > 0)
    switch (chance.below(6)) {
      case 0:
        if (site.pending.ready) this.edit(site)
        return
      case 1:
      case 2: {
        const line = lines[chance.below(lines.length)]
        if (line !== undefined) server.take(line)
        return
      }
      case 3:
        return site.hear()
      case 4:
        if (site.line !== undefined) server.tell(site.line)
        return
      default:
        this.disturb(site)
    }
  }

  private disturb(site: Site): void {
    const { chance, server, kind } = this
    const head = server.log.length
    if (chance.oneIn(8)) site.connect()
    else if (chance.oneIn(15)) server.trim(chance.below(head + 1))
    else if (kind.restores && chance.oneIn(20)) server.restore(Math.max(server.floor, head - chance.below(6)))
    else if (kind.restores && chance.oneIn(20)) server.forget()
    else if (chance.oneIn(6)) {
      // Never on a live session: what is frozen on a distrusted place is void, while a submit names its base by the revision.
      site.pending.distrust()
      site.connect()
    }
  }

  private edit(site: Site): void {
    const { chance } = this
    const { length } = site.pending.content
    if (this.kind.deletes && length > 0 && chance.oneIn(3)) {
      const at = chance.below(length)
      const op = remove(at, 1 + chance.below(Math.min(4, length - at)))
      note(op, site.pending.content, this.inserted, this.deleted)
      site.edit(op)
      return
    }
    let text = ""
    for (let n = 1 + chance.below(5); n > 0; n--) text += String.fromCharCode(this.next++)
    for (const char of text) this.inserted.add(char)
    site.edit(insert(chance.below(length + 1), text))
  }

  check(): void {
    const { server } = this
    const { text } = server.content
    for (const { pending, seen } of this.sites) {
      assert.ok(pending.saved, "everything is saved")
      assert.equal(pending.edits, 0)
      assert.equal(pending.content.text, text, "every client shows what the server has")
      assert.equal(seen.text, text, "the ops that were told make it")
      assert.equal(pending.held?.rev, server.log.length)
      pending.check(server.log.length, server.content.hash())
    }
    const counts = new Map<string, number>()
    for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
    for (const char of this.inserted) {
      const n = counts.get(char) ?? 0
      assert.ok(n <= 1, `U+${char.charCodeAt(0).toString(16)} is there ${n} times`)
      const mayBeGone = this.deleted.has(char) || server.cutInserts.has(char) || this.offered.has(char)
      if (n === 0) assert.ok(mayBeGone, `U+${char.charCodeAt(0).toString(16)} is lost`)
      else assert.ok(!this.deleted.has(char) || server.cutDeletes.has(char) || this.offered.size > 0 || server.epochs > 0, "what was deleted is back")
    }
  }
}

const kinds: [string, Kind][] = [
  ["cuts and trimmed history", { deletes: false, restores: false }],
  ["cuts, trimmed history and deletions", { deletes: true, restores: false }],
  ["restored backups and forgotten records as well", { deletes: true, restores: true }],
]
for (const [name, kind] of kinds) {
  test(`three clients converge, and every character is there once: ${name}`, () => {
    for (let seed = 1; seed <= 300; seed++) {
      const world = new World(seed, kind)
      try {
        world.run(500)
        world.check()
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
      }
    }
  })
}
