// Strict msgpack: the one form of every value that is the shortest, and nothing else. Accepted are nil, booleans, integers
// within ±(2^53−1), UTF-8 strings, binary strings and arrays; floats, maps and extensions are refused. Nothing recurses, and
// nothing is allocated because of a length that the input claims. What a Reader accepts, a Writer writes back byte for byte.
//
// Not @msgpack/msgpack: its decoder accepts longer forms, floats and maps, so that two encodings of one op would pass.
// The tests hold this Writer against its encoder.

import { OpError } from "./errors.js"
import { utf8Length } from "./text.js"

/** The type of a value; "none" is what stands behind the last byte, or is no accepted type. */
export type PackType = "none" | "nil" | "bool" | "int" | "str" | "bin" | "array"

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Strings up to this many bytes are read by hand where they are ASCII; longer ones are quicker by TextDecoder. */
const SHORT = 24

/** A length's own size in bytes, and the least length that needs it. */
type LengthForm = readonly [size: number, least: number]

const strForms: readonly LengthForm[] = [[1, 32], [2, 0x100], [4, 0x10000]]
const binForms: readonly LengthForm[] = [[1, 0], [2, 0x100], [4, 0x10000]]
const arrayForms: readonly LengthForm[] = [[2, 16], [4, 0x10000]]

/** A cursor over bytes that came from outside; OpError "encoding", "utf8" or "limit" say what is wrong with them. */
export class Reader {
  private pos = 0
  private lazyView: DataView | undefined = undefined

  constructor(private readonly data: Uint8Array) {}

  /** Made for numbers of several bytes only, which most ops have none of. */
  private get view(): DataView {
    const { data } = this
    this.lazyView ??= new DataView(data.buffer, data.byteOffset, data.byteLength)
    return this.lazyView
  }

  /** Whether there are bytes left. */
  get more(): boolean {
    return this.pos < this.data.length
  }

  /** Refuses bytes that are left over. */
  end(): void {
    if (this.more) throw refuse(`${this.data.length - this.pos} bytes left over`)
  }

  /** The type of the next value, which it does not read. */
  peek(): PackType {
    const c = this.data[this.pos]
    if (c === undefined) return "none"
    if (c < 0x80 || c >= 0xe0 || (c >= 0xcc && c <= 0xd3)) return "int"
    if ((c >= 0xa0 && c <= 0xbf) || (c >= 0xd9 && c <= 0xdb)) return "str"
    if ((c >= 0x90 && c <= 0x9f) || c === 0xdc || c === 0xdd) return "array"
    if (c === 0xc0) return "nil"
    if (c === 0xc2 || c === 0xc3) return "bool"
    return c >= 0xc4 && c <= 0xc6 ? "bin" : "none"
  }

  /** Reads a nil if there is one, and tells whether there was. */
  nil(): boolean {
    if (this.data[this.pos] !== 0xc0) return false
    this.pos++
    return true
  }

  bool(): boolean {
    return this.first("bool") === 0xc3
  }

  /** Reads an integer from lo to hi. */
  int(lo = -Number.MAX_SAFE_INTEGER, hi = Number.MAX_SAFE_INTEGER): number {
    const n = this.integer(this.first("int"))
    if (n < lo || n > hi) throw new OpError("limit", `${n} is not within ${lo} and ${hi}`)
    return n
  }

  /** Reads an integer from 0 to 2^53−1. */
  uint(): number {
    return this.int(0)
  }

  private integer(c: number): number {
    if (c < 0x80) return c
    if (c >= 0xe0) return c - 0x100
    const n = this.number(c)
    const least = [0x80, 0x100, 0x10000, 0x100000000][c - 0xcc]
    const most = [-33, -129, -32769, -2147483649][c - 0xd0]
    if ((least !== undefined && n < least) || (most !== undefined && n > most)) throw refuse(`${n} is not in its shortest form`)
    if (!Number.isSafeInteger(n)) throw refuse("an integer beyond 2^53-1")
    return n
  }

  private number(c: number): number {
    const at = this.skip([1, 2, 4, 8][c & 3] as number)
    switch (c) {
      case 0xcc:
        return this.view.getUint8(at)
      case 0xcd:
        return this.view.getUint16(at)
      case 0xce:
        return this.view.getUint32(at)
      case 0xcf:
        return this.view.getUint32(at) * 0x100000000 + this.view.getUint32(at + 4)
      case 0xd0:
        return this.view.getInt8(at)
      case 0xd1:
        return this.view.getInt16(at)
      case 0xd2:
        return this.view.getInt32(at)
      default:
        return this.view.getInt32(at) * 0x100000000 + this.view.getUint32(at + 4)
    }
  }

  /** Reads a string of at most limit bytes. */
  str(limit = Infinity): string {
    const c = this.first("str")
    const n = c < 0xc0 ? c & 0x1f : this.length(strForms[c - 0xd9] as LengthForm)
    if (n > this.data.length - this.pos) throw refuse(`${n} bytes claimed, ${this.data.length - this.pos} are left`)
    if (n > limit) throw new OpError("limit", `a string of ${n} bytes, at most ${limit} are allowed`)
    const at = this.skip(n)
    if (n <= SHORT) {
      const s = this.ascii(at, n)
      if (s !== undefined) return s
    }
    try {
      return utf8.decode(this.data.subarray(at, at + n))
    } catch {
      throw new OpError("utf8", `the string at byte ${at} is not UTF-8`)
    }
  }

  private ascii(at: number, n: number): string | undefined {
    let s = ""
    for (let i = at; i < at + n; i++) {
      const byte = this.data[i] as number
      if (byte >= 0x80) return undefined
      s += String.fromCharCode(byte)
    }
    return s
  }

  /** Reads a binary string of exactly n bytes, as a copy. */
  bin(n: number): Uint8Array {
    const got = this.length(binForms[this.first("bin") - 0xc4] as LengthForm)
    if (got !== n) throw refuse(`a binary string of ${got} bytes, there should be ${n}`)
    const at = this.skip(n)
    return this.data.slice(at, at + n)
  }

  /** Reads the head of an array of at most limit elements, each of which takes at least one byte. */
  array(limit = Infinity): number {
    const c = this.first("array")
    const n = c < 0xa0 ? c & 0x0f : this.length(arrayForms[c - 0xdc] as LengthForm)
    if (n > this.data.length - this.pos) throw refuse(`${n} elements claimed, ${this.data.length - this.pos} bytes are left`)
    if (n > limit) throw new OpError("limit", `${n} elements, at most ${limit} are allowed`)
    return n
  }

  /** Reads a length of so many bytes; one below least has a shorter form. */
  private length([size, least]: LengthForm): number {
    const at = this.skip(size)
    const n = size === 1 ? this.view.getUint8(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at)
    if (n < least) throw refuse(`the length ${n} is not in its shortest form`)
    return n
  }

  /** Reads the first byte of a value of the type that is wanted. */
  private first(want: PackType): number {
    const got = this.peek()
    if (got !== want) throw refuse(`${got} where ${want} should be, at byte ${this.pos}`)
    return this.data[this.pos++] as number
  }

  /** Goes n bytes on, and gives the place before them. */
  private skip(n: number): number {
    const at = this.pos
    if (n > this.data.length - at) throw refuse(`cut short at byte ${at}`)
    this.pos += n
    return at
  }
}

function refuse(detail: string): OpError {
  return new OpError("encoding", detail)
}

/** A Writer that has written more is not kept: its buffer would be held for ever. */
const KEPT = 64 * 1024

/** The bytes that write writes. */
export function encoded(write: (w: Writer) => void): Uint8Array {
  const w = spare ?? new Writer()
  spare = undefined // while it is in use; after an error it is not used again
  write(w)
  const bytes = w.bytes()
  if (bytes.length < KEPT) spare = w
  return bytes
}

/** A Writer with its buffer, kept because making one costs more than writing an op. */
let spare: Writer | undefined

/** Appends values in their shortest form. It may be used again after bytes(). */
export class Writer {
  private data = new Uint8Array(256)
  private view = new DataView(this.data.buffer)
  private pos = 0

  /** A copy of what was written since the last call. */
  bytes(): Uint8Array {
    const out = this.data.slice(0, this.pos)
    this.pos = 0
    return out
  }

  nil(): void {
    this.byte(0xc0)
  }

  bool(b: boolean): void {
    this.byte(b ? 0xc3 : 0xc2)
  }

  /** Writes an integer; one beyond ±(2^53−1), or a fraction, is an OpError "limit". */
  int(n: number): void {
    if (!Number.isSafeInteger(n)) throw new OpError("limit", `${n} is no integer within ±(2^53-1)`)
    if (n >= -32 && n < 0x80) this.byte(n & 0xff)
    else if (n >= 0) this.positive(n)
    else this.negative(n)
  }

  private positive(n: number): void {
    const at = this.room(9)
    if (n < 0x100) this.view.setUint16(at, 0xcc00 | n)
    else if (n < 0x10000) {
      this.data[at] = 0xcd
      this.view.setUint16(at + 1, n)
    } else if (n < 0x100000000) {
      this.data[at] = 0xce
      this.view.setUint32(at + 1, n)
    } else this.long(at, 0xcf, n)
    this.pos = at + (n < 0x100 ? 2 : n < 0x10000 ? 3 : n < 0x100000000 ? 5 : 9)
  }

  private negative(n: number): void {
    const at = this.room(9)
    if (n >= -0x80) this.view.setUint16(at, 0xd000 | (n & 0xff))
    else if (n >= -0x8000) {
      this.data[at] = 0xd1
      this.view.setInt16(at + 1, n)
    } else if (n >= -0x80000000) {
      this.data[at] = 0xd2
      this.view.setInt32(at + 1, n)
    } else this.long(at, 0xd3, n)
    this.pos = at + (n >= -0x80 ? 2 : n >= -0x8000 ? 3 : n >= -0x80000000 ? 5 : 9)
  }

  private long(at: number, head: number, n: number): void {
    const high = Math.floor(n / 0x100000000)
    this.data[at] = head
    this.view.setInt32(at + 1, high)
    this.view.setUint32(at + 5, n - high * 0x100000000)
  }

  /** Writes a string; one with a lone surrogate is an OpError "utf8". */
  str(s: string): void {
    const n = utf8Length(s)
    if (n < 32) this.byte(0xa0 | n)
    else this.head(n, 0xd9, 1)
    const at = this.room(n)
    if (n === s.length && n <= SHORT) for (let i = 0; i < n; i++) this.data[at + i] = s.charCodeAt(i)
    else encoder.encodeInto(s, this.data.subarray(at))
    this.pos = at + n
  }

  bin(b: Uint8Array): void {
    this.head(b.length, 0xc4, 1)
    this.raw(b)
  }

  /** Writes the head of an array of n elements. */
  array(n: number): void {
    if (n < 16) this.byte(0x90 | n)
    else this.head(n, 0xdc, 2)
  }

  /** Appends bytes that are encoded already. */
  raw(b: Uint8Array): void {
    const at = this.room(b.length)
    this.data.set(b, at)
    this.pos = at + b.length
  }

  /** Writes a length behind the first of its codes, which stand for 1, 2 and 4 bytes, or from 2 on. */
  private head(n: number, code: number, smallest: 1 | 2): void {
    const at = this.room(5)
    const size = smallest === 1 && n < 0x100 ? 1 : n < 0x10000 ? 2 : 4
    this.data[at] = code + (size === 4 ? 3 - smallest : size - smallest)
    if (size === 1) this.view.setUint8(at + 1, n)
    else if (size === 2) this.view.setUint16(at + 1, n)
    else this.view.setUint32(at + 1, n)
    this.pos = at + 1 + size
  }

  private byte(b: number): void {
    const at = this.room(1) // which may replace this.data
    this.data[at] = b
    this.pos = at + 1
  }

  /** Makes room for n bytes, and gives the place for them. */
  private room(n: number): number {
    if (this.pos + n > this.data.length) {
      const larger = new Uint8Array(Math.max(2 * this.data.length, this.pos + n))
      larger.set(this.data.subarray(0, this.pos))
      this.data = larger
      this.view = new DataView(larger.buffer)
    }
    return this.pos
  }
}
