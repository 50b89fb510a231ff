// The protocol's vectors (testdata/wire) and every example of PROTOCOL.md.

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { contentHash, fromWire, type Op, StoredLimits, toWire } from "../src/op.js"
import {
  type ClientMessage,
  closeKinds,
  comesBack,
  decodeClient,
  decodeServer,
  encodeClient,
  encodeServer,
  errorKinds,
  type Party,
  ProtocolError,
  type ServerMessage,
} from "../src/protocol.js"

type Json = { readonly [field: string]: unknown }

interface Vector {
  readonly name: string
  readonly from: Party
  readonly hex: string
  readonly message?: Json
  readonly messages?: readonly Json[]
  readonly error?: true
  readonly code?: string
}

const dir = join(process.cwd(), "../testdata/wire")
const page = readFileSync(join(process.cwd(), "../server/wire/PROTOCOL.md"), "utf8")

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"))
}

function hex(b: Uint8Array): string {
  return Buffer.from(b).toString("hex")
}

/** A message with its op, or its outstanding's, by f. */
function withOps(m: Json, f: (op: unknown) => unknown): Json {
  const o = m.outstanding as Json | null | undefined
  return { ...m, ...("op" in m && { op: f(m.op) }), ...(o && { outstanding: { ...o, op: f(o.op) } }) }
}

function decode(from: Party, frame: Uint8Array): Json[] {
  const out: Json[] = []
  const each = (m: ClientMessage | ServerMessage): void => void out.push(m as unknown as Json)
  if (from === "client") decodeClient(frame, each)
  else decodeServer(frame, each)
  return out
}

function encode(from: Party, m: Json): Uint8Array {
  const message = withOps(m, (op) => fromWire(op, StoredLimits))
  return from === "client" ? encodeClient(message as unknown as ClientMessage) : encodeServer(message as unknown as ServerMessage)
}

/** A frame is read as the messages, and they are written as the frame. */
function checkFrame(from: Party, frame: Uint8Array, messages: readonly Json[]): void {
  assert.deepEqual(decode(from, frame).map((m) => withOps(m, (op) => toWire(op as Op))), messages)
  assert.equal(messages.map((m) => hex(encode(from, m))).join(""), hex(frame))
}

for (const file of readdirSync(dir).filter((name) => name.endsWith(".jsonl")).sort()) {
  test(`vectors of ${file}`, () => {
    const vectors = readFileSync(join(dir, file), "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Vector)
    assert.ok(vectors.length > 0)
    for (const v of vectors) {
      const frame = bytes(v.hex)
      if (v.error) {
        assert.throws(
          () => decode(v.from, frame),
          (error) => {
            assert.ok(error instanceof ProtocolError, `${v.name}: ${String(error)}`)
            assert.equal(error.code, v.code, `${v.name}: ${error.message}`)
            return true
          },
          v.name,
        )
        continue
      }
      try {
        checkFrame(v.from, frame, v.messages ?? [v.message as Json])
      } catch (error) {
        assert.fail(`${v.name}: ${(error as Error).message}`)
      }
    }
  })
}

test("the vectors are there", () => {
  const found = readdirSync(dir).sort()
  for (const name of ["client.jsonl", "frames.jsonl", "refused.jsonl", "server.jsonl"]) assert.ok(found.includes(name), `${dir}/${name}`)
})

/** The fenced blocks of the page. */
function blocks(info: string): string[][] {
  const fence = new RegExp("^```" + info + "\\n([\\s\\S]*?)\\n```$", "gm")
  const out = [...page.matchAll(fence)].map((m) => (m[1] as string).split("\n"))
  assert.ok(out.length > 0, `PROTOCOL.md has ${info} blocks`)
  return out
}

for (const from of ["client", "server"] as const) {
  test(`examples of PROTOCOL.md: wire ${from}`, () => {
    const kinds = new Set<string>()
    for (const [json = "", digits = ""] of blocks(`wire ${from}`)) {
      const parsed = JSON.parse(json) as Json | Json[]
      const messages = Array.isArray(parsed) ? parsed : [parsed]
      checkFrame(from, bytes(digits), messages)
      for (const m of messages) kinds.add(m.kind as string)
    }
    assert.ok(kinds.size >= (from === "client" ? 7 : 10), [...kinds].join(" "))
  })
}

/** Ids and places that stand for those of the flows. */
const id = "00112233445566778899aabbccddeeff"
const lineage = "0123456789abcdef"

function expand(json: string): Json {
  const revived: unknown = JSON.parse(json, (_key, value: unknown) => {
    if (typeof value !== "string" || !value.startsWith("@")) return value
    const place = /^@(?:place|cut)(\d+)$/.exec(value)
    if (place !== null) return { id, epoch: lineage, rev: Number(place[1]), lineage }
    return value === "@lineage" ? lineage : id
  })
  return revived as Json
}

test("flows of PROTOCOL.md", () => {
  for (const lines of blocks("flow")) {
    for (const line of lines) {
      const from = line.startsWith("C ") ? "client" : "server"
      const message = expand(line.slice(2))
      checkFrame(from, encode(from, message), [message])
    }
  }
})

test("hashes of PROTOCOL.md", () => {
  for (const [content = "", want] of blocks("hash")) assert.equal(String(contentHash(fromWire(JSON.parse(content)))), want)
})

/** The cells of the first table under a heading, without its head. */
function table(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? ""
  const rows = section.split("\n").filter((line) => line.startsWith("|"))
  return rows.slice(2).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()))
}

test("error codes of PROTOCOL.md", () => {
  const rows = table("Error codes")
  assert.equal(rows.length, errorKinds.size)
  for (const [code, word, , again, ends] of rows) {
    const kind = errorKinds.get(Number(code))
    assert.deepEqual([kind?.word, kind?.again, kind?.ends], [word, again === "yes", ends === "the session"], `code ${code}`)
  }
})

test("close codes of PROTOCOL.md", () => {
  const rows = table("Close codes")
  assert.equal(rows.length, closeKinds.size)
  for (const [code, word, , back] of rows) {
    assert.deepEqual([closeKinds.get(Number(code))?.word, comesBack(Number(code))], [word, back === "yes"], `code ${code}`)
  }
  for (const code of [1005, 1006, 1011, 1012, 1013, 3000, 4450, 4499]) assert.ok(comesBack(code), `${code}`)
  for (const code of [4400, 4449]) assert.ok(!comesBack(code), `${code}`)
})
