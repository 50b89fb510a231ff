// Random documents and ops for the property tests. They are small and made of few letters, attributes and embeds, so that
// ties, joins and surrogate pairs come up all the time.

import fc from "fast-check"
import { type Attrs, Content, type Op, OpBuilder } from "../src/op.js"
import { splitsPair } from "../src/text.js"

const text = fc.array(fc.constantFrom("a", "b", "\n", "é", "語", "😀", "😁", "\u{10ffff}"), { minLength: 1, maxLength: 4 }).map((s) => s.join(""))
const key = fc.constantFrom("bold", "__proto__", "constructor", "1", "\u{1f600}", "\uff01")
const value = fc.constantFrom(true, false, 0, -1, 2 ** 53 - 1, "", "x")

function attrs(nulls: boolean): fc.Arbitrary<Attrs | undefined> {
  const some = fc.dictionary(key, nulls ? fc.option(value, { nil: null }) : value, { maxKeys: 2, noNullPrototype: false })
  return fc.option(some, { nil: undefined })
}

/** A content as an op of inserts only. */
export const content: fc.Arbitrary<Op> = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.record({ text, attrs: attrs(false) }) }, fc.record({ embed: fc.constantFrom("i", "j"), attrs: attrs(false) })), { maxLength: 4 })
  .map((runs) => {
    const b = new OpBuilder()
    for (const run of runs) {
      if ("text" in run) b.insert(run.text, run.attrs)
      else b.embed("e", run.embed, run.attrs)
    }
    return b.op()
  })

/** What an op is made of once it is known what document it is for. */
export type Plan = readonly Step[]
interface Step {
  readonly kind: "retain" | "format" | "delete" | "insert" | "embed"
  readonly n: number
  readonly text: string
  readonly attrs: Attrs | undefined
}

export const plan: fc.Arbitrary<Plan> = fc.array(
  fc.record({
    kind: fc.constantFrom("retain" as const, "format" as const, "delete" as const, "insert" as const, "embed" as const),
    n: fc.integer({ min: 1, max: 3 }),
    text,
    attrs: attrs(true),
  }),
  { maxLength: 6 },
)

/** The op that a plan makes of a content. */
export function carryOut(plan: Plan, of: Op): Op {
  const doc = Content.of(of)
  const b = new OpBuilder()
  let at = 0
  const step = (n: number) => {
    let to = Math.min(at + n, doc.length)
    if (splitsPair(doc.text, to)) to++
    const taken = to - at
    at = to
    return taken
  }
  for (const s of plan) {
    if (s.kind === "retain") b.retain(step(s.n))
    else if (s.kind === "format") b.retain(step(s.n), s.attrs)
    else if (s.kind === "delete") b.delete(step(s.n))
    else if (s.kind === "insert") b.insert(s.text, s.attrs)
    else b.embed("e", s.text, s.attrs)
  }
  return b.op()
}

/** A document and ops that were all made on it. */
export function concurrent(n: number): fc.Arbitrary<{ doc: Op; ops: Op[] }> {
  return fc
    .tuple(content, fc.array(plan, { minLength: n, maxLength: n }))
    .map(([doc, plans]) => ({ doc, ops: plans.map((p) => carryOut(p, doc)) }))
}

/** A document and ops that follow one another. */
export function sequence(n: number): fc.Arbitrary<{ doc: Op; ops: Op[] }> {
  return fc.tuple(content, fc.array(plan, { minLength: n, maxLength: n })).map(([doc, plans]) => {
    let now = Content.of(doc)
    const ops = plans.map((p) => {
      const op = carryOut(p, now.toOp())
      now = now.apply(op)
      return op
    })
    return { doc, ops }
  })
}
