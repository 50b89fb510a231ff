// What this browser remembers. Storage may be full, forbidden or spoiled by hand: then the page forgets, and works.
import type { User } from "../src/index.js"
import { parseHue } from "../src/hues.js"
import { randomPerson } from "./docname.js"

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null")
  } catch {
    return null
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // forgotten
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

// Oneself.

const USER = "tandem.user"
const MAX_NAME_BYTES = 64

/** A name cut to what the server takes, at a whole character. */
export function fitName(name: string): string {
  let fit = ""
  for (const char of name.replace(/\p{Cc}|\p{Cs}/gu, "").trim()) {
    if (new TextEncoder().encode(fit + char).length > MAX_NAME_BYTES) break
    fit += char
  }
  return fit.trim()
}

/** The person at this browser; drawn once, then remembered. */
export function loadUser(): User {
  const stored = read(USER)
  if (isRecord(stored) && typeof stored.name === "string" && typeof stored.color === "string") {
    const name = fitName(stored.name)
    if (name && parseHue(stored.color) !== null) return { name, color: stored.color }
  }
  const [n = 0] = crypto.getRandomValues(new Uint32Array(1))
  const user = { name: randomPerson(), color: `h${n % 12}` }
  saveUser(user)
  return user
}

export function saveUser(user: User): void {
  write(USER, user)
}

// Documents recently open.

const RECENT = "tandem.recent"
const MAX_RECENT = 20

export interface Recent {
  readonly name: string
  /** The first line that has something in it. */
  readonly line: string
  /** When it was last open, in milliseconds since 1970. */
  readonly at: number
}

export function loadRecent(): Recent[] {
  const stored = read(RECENT)
  if (!Array.isArray(stored)) return []
  return stored.filter(
    (r: unknown): r is Recent => isRecord(r) && typeof r.name === "string" && typeof r.line === "string" && typeof r.at === "number",
  )
}

export function rememberRecent(recent: Recent): void {
  write(RECENT, [recent, ...loadRecent().filter((r) => r.name !== recent.name)].slice(0, MAX_RECENT))
}

export function forgetRecent(name: string): void {
  write(RECENT, loadRecent().filter((r) => r.name !== name))
}

// How things look.

const SETTINGS = "tandem.settings"

export interface Settings {
  readonly theme: "system" | "light" | "dark"
  readonly wrap: boolean
  /** Pixels. */
  readonly size: number
}

export const SIZES: readonly number[] = [16, 17, 19, 21, 24]

export function loadSettings(): Settings {
  const stored = read(SETTINGS)
  const s = isRecord(stored) ? stored : {}
  return {
    theme: s.theme === "light" || s.theme === "dark" ? s.theme : "system",
    wrap: s.wrap !== false,
    size: typeof s.size === "number" && SIZES.includes(s.size) ? s.size : 17,
  }
}

export function saveSettings(settings: Settings): void {
  write(SETTINGS, settings)
}

// The place in a document, for this tab and a reload of it.

export interface Place {
  readonly anchor: number
  readonly head: number
  /** Offset of the line at the top of the window, and how far it is scrolled out, in pixels. */
  readonly top: number
  readonly skipped: number
}

export function loadPlace(name: string): Place | null {
  try {
    const p: unknown = JSON.parse(sessionStorage.getItem(`tandem.place:${name}`) ?? "null")
    if (isRecord(p) && [p.anchor, p.head, p.top, p.skipped].every((n) => typeof n === "number")) return p as unknown as Place
  } catch {
    // no place
  }
  return null
}

export function savePlace(name: string, place: Place): void {
  try {
    sessionStorage.setItem(`tandem.place:${name}`, JSON.stringify(place))
  } catch {
    // forgotten
  }
}
