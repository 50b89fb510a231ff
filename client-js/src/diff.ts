// The smallest op between two contents, by E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in the form
// that needs linear space: find the middle of a shortest path, go on with both halves.
//
// The elements that are compared are whole characters (code points) with their attributes, and embeds; so no edit ends inside
// a surrogate pair. The result is minimal up to about 2·REACH edits in one stretch. Beyond that a stretch is cut where the search
// has come farthest, and after WORK steps what is left is replaced as it is: coarser, still correct.

import { sortedKeys } from "./attrs.js"
import { OpBuilder } from "./builder.js"
import { type Insert, lengthOf, type Op } from "./component.js"
import { Content } from "./content.js"
import { Iter } from "./iter.js"

/** How far a search goes from either end. */
const REACH = 512

/** How many steps one diff may take in all: some 100 ms. */
const WORK = 2 ** 25

/** What no diagonal of a search reaches. */
const NOWHERE = -(2 ** 30)

const CODE_POINTS = 0x110000

/** The op of few edits that makes content b of content a: apply(a, diff(a, b)) = b. */
export function diff(a: Content | Op, b: Content | Op): Op {
  const from = a instanceof Content ? a.toOp() : a
  const to = b instanceof Content ? b.toOp() : b
  const numbers = new Numbers()
  const x = numbers.elements(from)
  const y = numbers.elements(to)
  const search = new Search(x, y)
  search.run()
  return write(search, to)
}

/** Gives equal elements equal numbers: a character its code point, and with attributes one beyond; an embed a negative one. */
class Numbers {
  private readonly attrs = new Map<string, number>()
  private readonly embeds = new Map<string, number>()

  elements(content: Op): Float64Array {
    const out = new Float64Array(content.reduce((n, c) => n + lengthOf(c), 0))
    let n = 0
    for (const c of content as readonly Insert[]) {
      const base = this.attrsNumber(c)
      if ("embed" in c) {
        out[n++] = -1 - number(this.embeds, JSON.stringify([...c.embed, base]))
        continue
      }
      for (let i = 0; i < c.insert.length; n++) {
        const point = c.insert.codePointAt(i) as number
        out[n] = base * CODE_POINTS + point
        i += point > 0xffff ? 2 : 1
      }
    }
    return out.subarray(0, n)
  }

  private attrsNumber(c: Insert): number {
    const { attrs } = c
    if (attrs === undefined) return 0
    return 1 + number(this.attrs, JSON.stringify(sortedKeys(attrs).map((key) => [key, attrs[key]])))
  }
}

function number(of: Map<string, number>, key: string): number {
  const n = of.get(key) ?? of.size
  of.set(key, n)
  return n
}

/** The code units of an element. */
function units(element: number): number {
  return element >= 0 && element % CODE_POINTS > 0xffff ? 2 : 1
}

/** Writes what the search has marked as an op; what goes stands before what comes in its place. */
function write(search: Search, to: Op): Op {
  const { a, b, gone, come } = search
  const out = new OpBuilder()
  const it = new Iter(to)
  const follow = (n: number, insert: boolean) => {
    for (let left = n; left > 0; ) {
      const step = Math.min(left, it.left)
      if (insert) out.push(it.take(step))
      else it.skip(step)
      left -= step
    }
  }
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    let n = 0
    if (gone[i] === 1) {
      while (gone[i] === 1) n += units(a[i++] as number)
      out.delete(n)
    } else if (come[j] === 1) {
      while (come[j] === 1) n += units(b[j++] as number)
      follow(n, true)
    } else {
      while (i < a.length && gone[i] === 0 && come[j] === 0) {
        n += units(b[j++] as number)
        i++
      }
      out.retain(n)
      follow(n, false)
    }
  }
  return out.op()
}

/** A stretch of a and one of b: [a from, a to, b from, b to]. */
type Stretch = readonly [number, number, number, number]

/** Marks what goes from a and what comes with b. */
class Search {
  readonly gone: Uint8Array
  readonly come: Uint8Array

  // The farthest places that the search has reached on each diagonal, from the start and from the end.
  private readonly forward = new Int32Array(2 * REACH + 5)
  private readonly backward = new Int32Array(2 * REACH + 5)
  private work = WORK

  constructor(
    readonly a: Float64Array,
    readonly b: Float64Array,
  ) {
    this.gone = new Uint8Array(a.length)
    this.come = new Uint8Array(b.length)
  }

  run(): void {
    const todo: Stretch[] = [[0, this.a.length, 0, this.b.length]]
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const [aLo, aHi, bLo, bHi] = this.trim(next)
      const middle = aLo < aHi && bLo < bHi ? this.middle(aLo, aHi, bLo, bHi) : undefined
      if (middle === undefined) {
        this.gone.fill(1, aLo, aHi)
        this.come.fill(1, bLo, bHi)
      } else {
        const [x, y] = middle
        todo.push([aLo, x, bLo, y], [x, aHi, y, bHi])
      }
    }
  }

  private trim([aLo, aHi, bLo, bHi]: Stretch): Stretch {
    const { a, b } = this
    while (aLo < aHi && bLo < bHi && a[aLo] === b[bLo]) {
      aLo++
      bLo++
    }
    while (aLo < aHi && bLo < bHi && a[aHi - 1] === b[bHi - 1]) {
      aHi--
      bHi--
    }
    return [aLo, aHi, bLo, bHi]
  }

  /**
   * A place on a shortest path through a stretch that is trimmed and empty on neither side; the farthest place reached where the
   * path is too long to be found; undefined when all the work is used up. Both halves are smaller than the stretch.
   */
  private middle(aLo: number, aHi: number, bLo: number, bHi: number): readonly [number, number] | undefined {
    const n = aHi - aLo
    const m = bHi - bLo
    const delta = n - m
    const reach = Math.min(REACH, Math.ceil((n + m) / 2))
    const { forward, backward } = this
    const zero = REACH + 2
    forward.fill(NOWHERE, zero - reach - 1, zero + reach + 2)
    backward.fill(NOWHERE, zero - reach - 1, zero + reach + 2)
    for (let d = 0; d <= reach; d++) {
      this.work -= 2 * d
      if (this.work < 0) return undefined
      const low = -d + 2 * Math.max(0, d - m)
      const high = d - 2 * Math.max(0, d - n)
      for (let k = low; k <= high; k += 2) {
        const x = this.step(forward, zero + k, d, k, n, m, aLo, bLo, 1)
        const back = Math.abs(delta - k) < d ? (backward[zero + delta - k] as number) : NOWHERE
        if ((delta & 1) !== 0 && x + back >= n) return [aLo + x, bLo + x - k]
      }
      for (let k = low; k <= high; k += 2) {
        const x = this.step(backward, zero + k, d, k, n, m, aHi - 1, bHi - 1, -1)
        const front = Math.abs(delta - k) <= d ? (forward[zero + delta - k] as number) : NOWHERE
        if ((delta & 1) === 0 && x + front >= n) return [aHi - x, bHi - x + k]
      }
    }
    return this.farthest(reach, zero, aLo, aHi, bLo, bHi)
  }

  /** Takes a search one edit farther on diagonal k, which at is the place of; direction −1 walks from the end. */
  private step(
    reached: Int32Array,
    at: number,
    d: number,
    k: number,
    n: number,
    m: number,
    a0: number,
    b0: number,
    direction: 1 | -1,
  ): number {
    const { a, b } = this
    let x = 0
    if (d > 0) {
      const down = reached[at + 1] as number
      const right = (reached[at - 1] as number) + 1
      x = Math.max(down - k <= m ? down : NOWHERE, right <= n ? right : NOWHERE)
    }
    if (x < 0) return (reached[at] = NOWHERE)
    const from = x
    while (x < n && x - k < m && a[a0 + direction * x] === b[b0 + direction * (x - k)]) x++
    this.work -= x - from
    reached[at] = x
    return x
  }

  /** Where a search that was given up has come farthest. */
  private farthest(reach: number, zero: number, aLo: number, aHi: number, bLo: number, bHi: number): readonly [number, number] {
    let best = -1
    let place: readonly [number, number] = [aLo, bLo]
    for (let k = -reach; k <= reach; k++) {
      const x = this.forward[zero + k] as number
      if (2 * x - k > best && x >= 0) {
        best = 2 * x - k
        place = [aLo + x, bLo + x - k]
      }
      const z = this.backward[zero + k] as number
      if (2 * z - k > best && z >= 0) {
        best = 2 * z - k
        place = [aHi - z, bHi - z + k]
      }
    }
    return place
  }
}
