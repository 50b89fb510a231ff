// Strings as the protocol sees them: UTF-16 here, UTF-8 on the wire.

import { OpError } from "./errors.js"

export function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800
}

export function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00
}

/** Whether offset lies inside a surrogate pair of s. */
export function splitsPair(s: string, offset: number): boolean {
  return offset > 0 && offset < s.length && isLow(s.charCodeAt(offset)) && isHigh(s.charCodeAt(offset - 1))
}

/** The length of s in bytes of UTF-8. A lone surrogate, which has no UTF-8, is an OpError "utf8". */
export function utf8Length(s: string): number {
  let n = s.length
  for (let i = 0; i < s.length; i++) {
    const unit = s.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) {
      n++
    } else if ((unit & 0xf800) !== 0xd800) {
      n += 2
    } else {
      if (isLow(unit) || !isLow(s.charCodeAt(i + 1))) throw new OpError("utf8", `a lone surrogate at code unit ${i}`)
      n += 2 // two units, four bytes
      i++
    }
  }
  return n
}

/** The order of the UTF-8 bytes, which is that of the code points; JavaScript's own puts U+1F600 before U+FF01. */
export function compareKeys(a: string, b: string): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Moves surrogates behind all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
