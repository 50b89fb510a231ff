// The scripts of one client that Go and TypeScript share: testdata/scripts/pending/*.txt, described in testdata/scripts/README.md.

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { contentHash, fromWire, type Op, StoredLimits, toWire } from "../src/op.js"
import { Pending } from "../src/pending.js"
import { ClientError, type Outcome, type Place } from "../src/vocabulary.js"

const dir = join(process.cwd(), "../testdata/scripts/pending")

for (const name of readdirSync(dir).filter((file) => file.endsWith(".txt"))) {
  test(`script: ${name}`, () => {
    const want = readFileSync(join(dir, name), "utf8")
    assert.equal(play(want), want)
  })
}

test("a script that lies fails", () => {
  const lie = 'edit ["x"]\n----\ncontent ["x"]\n'
  assert.notEqual(play(lie), lie)
})

/** The script with what came out in the place of what was expected. */
function play(text: string): string {
  const page = new Pending(full("c1", 16), "text")
  const out: string[] = []
  let printed: string[] = []
  let skip = false // what was expected, up to an empty line
  for (const line of text.trimEnd().split("\n")) {
    if (skip && line !== "") continue
    skip = line === "----"
    out.push(line)
    if (skip) {
      out.push(...printed, ...state(page))
      printed = []
    } else if (line !== "" && !line.startsWith("#")) {
      printed.push(...run(page, line))
    }
  }
  return `${out.join("\n")}\n`
}

/** Carries out one command, and returns what it prints. */
function run(page: Pending, line: string): string[] {
  const at = line.indexOf("[")
  const words = (at < 0 ? line : line.slice(0, at)).trim().split(" ")
  const op: Op = at < 0 ? [] : read(line.slice(at))
  const command = commands[words[0] as string]
  assert.ok(command !== undefined, line)
  try {
    return command(page, words.slice(1), op)
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    return [`error ${error.code}`]
  }
}

const commands: Record<string, (page: Pending, words: readonly string[], op: Op) => string[]> = {
  edit(page, [caret], op) {
    page.edit(op, caret === undefined ? null : Number(caret))
    return []
  },
  freeze(page, words) {
    const [text = 0, components = 0, message = 0] = words.map(Number)
    const frozen = words.length === 0 ? page.freeze() : page.freeze({ text, components, message })
    return frozen === undefined ? ["nothing to send"] : []
  },
  opened(page, [place, outcome, lastSeq, way]) {
    page.opened({ place: readPlace(place), outcome: outcome as Outcome, lastSeq: Number(lastSeq), resume: way === "resume" })
    return []
  },
  snapshot(page, [more], op) {
    const change = page.snapshot(op, more === "more")
    if (change === undefined) return []
    const out = [`shows ${show(change.op)}`]
    if (change.lost !== undefined) out.push(`lost ${show(change.lost.toOp())}`)
    if (change.before !== undefined) out.push(`before ${show(change.before.toOp())}`)
    return out
  },
  commits(page, [first, count, lineage], op) {
    return [`shows ${show(page.commits(Number(first), Number(count), op, full(lineage as string, 8)))}`]
  },
  ack(page, [seq, place]) {
    page.ack(Number(seq), readPlace(place))
    return []
  },
  check(page, [rev], content) {
    page.check(Number(rev), contentHash(content))
    return []
  },
  distrust(page) {
    page.distrust()
    return []
  },
}

function state(page: Pending): string[] {
  const lines = [
    `content ${show(page.content.toOp())}`,
    `held ${page.held === undefined ? "nothing" : showPlace(page.held)}`,
    `saved ${page.saved}, edits ${page.edits}`,
  ]
  const s = page.outstanding
  if (s !== undefined) {
    const bytes = Buffer.from(s.bytes).toString("hex")
    lines.push(
      `outstanding ${trimmed(s.client)}:${s.seq} on ${showPlace(s.base)} ${show(s.op)}, caret ${s.caret ?? "none"}, bytes ${bytes}`,
    )
  }
  return lines
}

/** Reads an op as Go's runner does: not held against any limit, so that a script can say what is refused. */
function read(text: string): Op {
  return fromWire(JSON.parse(text), StoredLimits)
}

function show(op: Op): string {
  return JSON.stringify(toWire(op))
}

function readPlace(text: string | undefined): Place {
  const [id = "", epoch = "", rev, lineage = ""] = (text ?? "").split("/")
  return { id: full(id, 16), epoch: full(epoch, 8), rev: Number(rev), lineage: full(lineage, 8) }
}

function showPlace(p: Place): string {
  return `${trimmed(p.id)}/${trimmed(p.epoch)}/${p.rev}/${trimmed(p.lineage)}`
}

/** Hex digits of n bytes; zeros at the end may be missing. */
function full(hex: string, bytes: number): string {
  return (hex === "0" ? "" : hex).padEnd(2 * bytes, "0")
}

/** Hex digits without the zero bytes at their end; 0 where nothing is left. */
function trimmed(hex: string): string {
  return hex.replace(/(00)+$/, "") || "0"
}
