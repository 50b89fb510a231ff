// The hash of a document's content, by which client and server check that they agree. Two polynomial hashes modulo 26-bit
// primes: every product stays below 2^53, where doubles are exact, so that no BigInt and no crypto.subtle (which pages on
// plain http lack) is needed. It is no protection against an author who looks for collisions.

import { sortedKeys } from "./attrs.js"
import { writePairs } from "./codec.js"
import { type Attrs, type Component, isInsert, type Op } from "./component.js"
import { encoded } from "./pack.js"

const P1 = 67108859
const B1 = 31415927
const P2 = 67108837
const B2 = 27182819

/** What an embed counts in place of a code unit. */
const EMBED = 65537

/** The hash of a content, an op of inserts only, below 2^53. The empty content has 0. */
export function contentHash(content: Op): number {
  let h1 = 0
  let h2 = 0
  for (const c of content) {
    const attrs = elementHash(c)
    if ("insert" in c) {
      const { insert } = c
      for (let i = 0; i < insert.length; i++) {
        const unit = insert.charCodeAt(i) + 1
        h1 = h1 * B1 + unit + attrs[0]
        h1 -= Math.floor(h1 / P1) * P1 // three times faster than %
        h2 = h2 * B2 + unit + attrs[1]
        h2 -= Math.floor(h2 / P2) * P2
      }
    } else {
      h1 = (h1 * B1 + attrs[0]) % P1
      h2 = (h2 * B2 + attrs[1]) % P2
    }
  }
  return h1 * 2 ** 26 + h2
}

/** What a component's attributes, and its embed, add to each of its elements. */
function elementHash(c: Component): readonly [number, number] {
  if (!isInsert(c)) throw new RangeError("the hash of an op that is no content")
  const [a1, a2] = attrsHash(c.attrs)
  if ("insert" in c) return [a1, a2]
  const bytes = encoded((w) => c.embed.forEach((s) => w.str(s)))
  return [(EMBED + poly(bytes, P1, B1) + a1) % P1, (EMBED + poly(bytes, P2, B2) + a2) % P2]
}

const noAttrs = [0, 0] as const

function attrsHash(attrs: Attrs | undefined): readonly [number, number] {
  if (attrs === undefined) return noAttrs
  const bytes = encoded((w) => writePairs(w, attrs, sortedKeys(attrs)))
  return [poly(bytes, P1, B1), poly(bytes, P2, B2)]
}

function poly(bytes: Uint8Array, p: number, b: number): number {
  let h = 0
  for (const x of bytes) h = (h * b + x + 1) % p
  return h
}
