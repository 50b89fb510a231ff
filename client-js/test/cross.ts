// Answers JSON lines: what this side makes of the ops in a line, for Go to compare with its own (ot/cross_test.go).
//
//	{"doc_hex", "a_hex", "b_hex", "c_hex"}   a document; a and b made on it; c made on what a leaves
//
// The answer has the encodings in hex, the hash and the offsets; or {"error": word}. A line {"bytes_hex"} has bytes of an op
// that may be damaged; the answer is {"again_hex"}, the op written again, or the error.

import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { baseLength, compose, Content, decodeOp, diff, encodeOp, fromWire, invert, type Op, OpError, StoredLimits, split, toWire, transform, transformOffset } from "../src/op.js"

interface Line {
  readonly doc_hex: string
  readonly a_hex: string
  readonly b_hex: string
  readonly c_hex: string
  readonly bytes_hex?: string
}

function read(hex: string): Op {
  const op = decodeOp(Uint8Array.from(Buffer.from(hex, "hex")), StoredLimits)
  // On the way the JSON shape is held against the bytes.
  const shape = fromWire(JSON.parse(JSON.stringify(toWire(op))), StoredLimits)
  if (write(shape) !== hex) throw new Error(`the shape of ${hex} makes ${write(shape)}`)
  return op
}

function write(op: Op): string {
  return Buffer.from(encodeOp(op)).toString("hex")
}

function answer(line: Line): unknown {
  if (line.bytes_hex !== undefined) {
    return { again_hex: write(decodeOp(Uint8Array.from(Buffer.from(line.bytes_hex, "hex")))) }
  }
  const doc = Content.of(read(line.doc_hex))
  const [a, b, c] = [read(line.a_hex), read(line.b_hex), read(line.c_hex)]
  const after = doc.apply(a)
  const other = doc.apply(b)
  const [head, rest] = split(a, 3)
  return {
    compose_hex: write(compose(a, c)),
    ab_left_hex: write(transform(a, b, "left")),
    ab_right_hex: write(transform(a, b, "right")),
    apply_hex: write(after.toOp()),
    invert_hex: write(invert(a, doc)),
    hash: after.hash(),
    offset: Array.from({ length: baseLength(a) + 1 }, (_, k) => transformOffset(a, k, "left")),
    offset_right: Array.from({ length: baseLength(a) + 1 }, (_, k) => transformOffset(a, k, "right")),
    diff_hex: write(diff(after, other)),
    head_hex: write(head),
    rest_hex: write(rest),
  }
}

export async function run(input: Readable, output: Writable): Promise<void> {
  for await (const line of createInterface({ input })) {
    let result: unknown
    try {
      result = answer(JSON.parse(line) as Line)
    } catch (err) {
      result = { error: err instanceof OpError ? err.code : String(err) }
    }
    output.write(`${JSON.stringify(result)}\n`)
  }
}
