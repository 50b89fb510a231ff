// What the pill says, as a pure function of what is known. It speaks of the edits, not of the socket:
//
//	S1  "Saved" stands there only while nothing is pending (shorter than 300 ms is not shown, so that it does not flicker).
//	S2  Where something cannot be saved, it says so and offers the text, whatever the connection does.
//	S3  Text that was taken from the screen while the document lives on is on offer beside that: it says nothing of the edits.
import type { Doc } from "../src/index.js"

export type PillKind = "saved" | "saving" | "offline" | "connecting" | "read-only" | "not-saved"

/** The parts of a document that the pill speaks of. */
export type DocState = Pick<Doc, "status" | "saved" | "pendingEdits" | "access"> &
  Partial<Pick<Doc, "statusReason" | "problem" | "offer" | "nextTryAt">>

/** When things began; all in milliseconds since 1970. */
export interface Since {
  readonly opened: number
  /** Whether the text has been there. */
  readonly live: boolean
  /** The connection is gone since; null while it is there. */
  readonly down: number | null
  /** Something is pending since; null while nothing is. */
  readonly unsaved: number | null
  /** What was typed then was not taken in, the document being at its largest size; null once something was. */
  readonly full: number | null
}

export interface Pill {
  readonly kind: PillKind
  readonly label: string
  /** The rest of the line, where there is room; "" when the label says everything. */
  readonly more: string
  /** Sentences for the details: what happened, what is safe, what to do. */
  readonly detail: string
  readonly nextTryAt?: number
  /** "Copy my text" and "Download my text" are offered. */
  readonly rescue: boolean
  /** Text that is on offer beside the state: what happened, what is safe, what to do; undefined where there is none. */
  readonly offer?: string
}

const SAVING_SHOWN = 300
const REASON_SHOWN = 3000
const BLIP = 1000 // a connection that is back sooner was not worth a word
const FULL = "the document has reached its largest size"
const LABELS: Record<PillKind, string> = {
  saved: "Saved", saving: "Saving…", offline: "Offline", connecting: "Connecting…", "read-only": "Read only", "not-saved": "Not saved",
}

function pill(kind: PillKind, more: string, detail: string, rest: Partial<Pill> = {}): Pill {
  return { kind, label: LABELS[kind], more, detail, rescue: kind === "not-saved", ...rest }
}

/** The pill now; null while it is too early to say anything. */
export function pillOf(doc: DocState, since: Since, now: number): Pill | null {
  const said = stateOf(doc, since, now)
  const words = doc.offer && OFFERS[doc.offer.code]
  if (!said || !words) return said
  return { ...said, more: said.more || words[0], offer: words[1] }
}

function stateOf(doc: DocState, since: Since, now: number): Pill | null {
  const problem = doc.problem?.code === doc.offer?.code ? undefined : doc.problem
  if (problem && (!doc.saved || problem.text !== "")) return pill("not-saved", brief(problem), explain(problem, doc.status === "closed"))
  if (!doc.saved && (doc.status === "closed" || (doc.status === "live" && doc.access === "read"))) {
    const why = doc.status === "closed" ? "This document was closed" : "You may read this document, but no longer change it"
    return pill("not-saved", why.toLowerCase(), `${why}. What you wrote last is only in this tab: copy or download it before you leave.`)
  }
  if (problem) return pill("read-only", "", explain(problem, doc.status === "closed"))
  if (doc.status === "closed") return pill("read-only", "", "This document was closed. Everything in it is saved. Reload the page to go on.")
  const away = since.down === null ? 0 : now - since.down
  if (!since.live) return connecting(doc, since, now)
  if (doc.status !== "live" && away >= BLIP) return offline(doc, now)
  if (since.full !== null) return pill("not-saved", FULL, `${sentence(FULL)} What you typed last was not added; what you see is what the document holds. Delete something, or go on in a new document.`, { rescue: false })
  if (doc.access === "read" && doc.saved) return pill("read-only", "", "You can read this document, but not change it.")
  if (since.unsaved !== null && now - since.unsaved >= SAVING_SHOWN) {
    return pill("saving", "", `${edits(doc.pendingEdits)} ${doc.pendingEdits > 1 ? "are" : "is"} on the way to the server. You can go on writing.`)
  }
  return pill("saved", "", "Everything you see here is stored on the server. There is nothing to press: each edit is saved as you type.")
}

/** How long until the pill may change by time alone, in milliseconds; null when it will not. */
export function pillChangesIn(doc: DocState, since: Since, now: number): number | null {
  const at: number[] = []
  if (since.unsaved !== null) at.push(since.unsaved + SAVING_SHOWN)
  if (since.down !== null) at.push(since.down + BLIP)
  if (!since.live) at.push(since.opened + SAVING_SHOWN, since.opened + REASON_SHOWN)
  if (doc.status !== "live" && doc.status !== "closed" && doc.nextTryAt !== undefined && doc.nextTryAt > now) at.push(now + 1000)
  const next = at.filter((t) => t > now)
  return next.length > 0 ? Math.min(...next) - now : null
}

function connecting(doc: DocState, since: Since, now: number): Pill | null {
  const waited = now - since.opened
  if (waited < SAVING_SHOWN) return null
  if (waited < REASON_SHOWN) return pill("connecting", "", "The text will be here in a moment.")
  const reason = doc.statusReason ?? "the server does not answer"
  return pill("connecting", reason, `${sentence(reason)} The page keeps trying by itself.`, next(doc, now))
}

function offline(doc: DocState, now: number): Pill {
  const n = doc.pendingEdits
  const reason = doc.statusReason ? sentence(doc.statusReason) : "There is no connection to the server."
  if (doc.saved) {
    return pill("offline", "everything is saved so far", `${reason} Everything you see here is saved. You can go on writing: it is kept while this tab is open.`, next(doc, now))
  }
  return pill("offline", `${edits(n)} kept while this tab is open`,
    `${reason} ${edits(n)} ${n > 1 ? "are" : "is"} not saved yet, and kept while this tab is open. You can go on writing: it is saved when the connection is back.`, next(doc, now))
}

function next(doc: DocState, now: number): Partial<Pill> {
  return doc.nextTryAt !== undefined && doc.nextTryAt > now ? { nextTryAt: doc.nextTryAt } : {}
}

function edits(n: number): string {
  return n === 1 ? "1 edit" : `${Math.max(n, 1)} edits`
}

function sentence(text: string): string {
  const trimmed = text.trim()
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? "" : "."}`
}

type Problem = NonNullable<Doc["problem"]>

/**
 * What each refusal means to the person who writes, and, where the page goes on by itself, when. Others say what the document
 * says.
 */
const PROBLEMS: Record<string, readonly [brief: string, detail: string, when?: string]> = {
  "bad-op": ["the server could not take an edit", "The server could not take one of your edits, so this page stopped."],
  "too-large": [FULL, "The document has reached its largest size."],
  "other-kind": ["another kind of document", "This document is not plain text, and cannot be edited on this page."],
  "not-found": ["the document is gone", "The document is no longer on the server."],
  foreign: ["the document is gone", "The document is no longer on the server: there is another one under its name."],
  forbidden: ["you may not change this document", "You may not change this document.", "when you may change it again"],
  "read-only": ["you may only read this document", "You may read this document, but not change it.", "when you may change it again"],
  "no-space": ["the server has no space left", "The server has no space left to store edits.", "when the server has space again"],
  busy: ["the server is busy", "The server is busy.", "when the server has time again"],
  unavailable: ["the server cannot store edits for now", "The server cannot reach its storage for now.", "when the server can store them again"],
  damaged: ["the document is damaged", "The document on the server is damaged and was closed, so that nothing gets worse. Tell the person who runs this server."],
  conflict: ["the server has something else", "The server holds something else in place of an edit from here."],
  replaced: ["another page took over", "Another page took over from this one."],
}

/** Codes after which the server does not have the document as it was: nothing but this tab has its text. */
const GONE = new Set(["not-found", "foreign", "damaged"])

/** What it means that text is on offer while the document lives on. */
const OFFERS: Record<string, readonly [brief: string, detail: string]> = {
  restored: [
    "older text was restored, yours is kept here",
    "The server went back to an older state of this document, which took away text that had been saved. The text as you had it is kept while this tab is open: copy or download it, and put back what is missing.",
  ],
  unknown: [
    "an edit may be missing, your text is kept here",
    "The connection broke, and it is not known whether your last edits arrived. The text as you had it is kept while this tab is open: look whether something is missing, and copy or download it.",
  ],
}

function brief(problem: Problem): string {
  return PROBLEMS[problem.code]?.[0] ?? problem.message.replace(/\.$/, "")
}

function explain(problem: Problem, closed: boolean): string {
  const [, what, when] = PROBLEMS[problem.code] ?? [, sentence(problem.message)]
  if (!closed) {
    return `${what} What was saved before is safe. Keep this tab open: the rest is kept in it, and saved by itself ${when ?? "when the server takes it"}. Copy or download your text if you must leave.`
  }
  if (problem.text === "") return `${what} Everything else is saved. Reload the page to go on.`
  if (GONE.has(problem.code)) return `${what} The text as you had it is still in this tab: copy or download it before you leave.`
  return `${what} What was saved before is safe. What was not is still in this tab: copy or download it, then reload the page.`
}
