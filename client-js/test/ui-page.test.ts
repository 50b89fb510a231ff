// What the page says and accepts, without a browser.
import assert from "node:assert/strict"
import { test } from "node:test"
import { displayName, initials } from "../src/names.js"
import { nameFromPath, nameProblem, pathOf, randomName, randomPerson } from "../web/docname.js"
import { type DocState, pillChangesIn, pillOf, type Since } from "../web/status.js"

const T = 1_000_000
const state: DocState = { status: "live", saved: true, pendingEdits: 0, access: "write" }
const since: Since = { opened: T - 60_000, live: true, down: null, unsaved: null, full: null }
const problem = { code: "no-space", message: "no space", text: "mine" }
const restored = { code: "restored", message: "older", text: "mine as it was" }
const offered = { problem: restored, offer: restored }

test("the pill", () => {
  const rows: ReadonlyArray<readonly [name: string, doc: Partial<DocState>, since: Partial<Since>, want: string]> = [
    ["saved", {}, {}, "Saved"],
    ["pending, too short to say", { saved: false, pendingEdits: 1 }, { unsaved: T - 299 }, "Saved"],
    ["pending", { saved: false, pendingEdits: 1 }, { unsaved: T - 300 }, "Saving…"],
    ["a blip", { status: "offline" }, { down: T - 999 }, "Saved"],
    ["a blip with edits", { status: "offline", saved: false, pendingEdits: 2 }, { down: T - 999, unsaved: T - 500 }, "Saving…"],
    ["offline, one edit", { status: "offline", saved: false, pendingEdits: 1 }, { down: T - 1000, unsaved: T - 500 }, "Offline – 1 edit kept while this tab is open"],
    ["offline, edits", { status: "offline", saved: false, pendingEdits: 12 }, { down: T - 9000, unsaved: T - 500 }, "Offline – 12 edits kept while this tab is open"],
    ["offline, nothing pending", { status: "offline" }, { down: T - 9000 }, "Offline – everything is saved so far"],
    ["trying again", { status: "connecting" }, { down: T - 9000 }, "Offline – everything is saved so far"],
    ["opened just now", { status: "connecting" }, { live: false, opened: T - 299, down: T - 299 }, ""],
    ["opening", { status: "connecting" }, { live: false, opened: T - 300, down: T - 300 }, "Connecting…"],
    ["opening for long", { status: "offline", statusReason: "no route" }, { live: false, opened: T - 3000, down: T - 3000 }, "Connecting… – no route"],
    ["read only", { access: "read" }, {}, "Read only"],
    ["no longer allowed, edits pending", { access: "read", saved: false, pendingEdits: 1 }, { unsaved: T }, "Not saved – you may read this document, but no longer change it"],
    ["refused", { problem, saved: false, pendingEdits: 3 }, { unsaved: T }, "Not saved – the server has no space left"],
    ["refused while offline", { problem, status: "offline", saved: false, pendingEdits: 3 }, { unsaved: T, down: T - 5000 }, "Not saved – the server has no space left"],
    ["closed with edits", { status: "closed", saved: false, pendingEdits: 3 }, { unsaved: T, down: T }, "Not saved – this document was closed"],
    ["older text restored", offered, {}, "Saved – older text was restored, yours is kept here"],
    ["older text restored, typing on", { ...offered, saved: false, pendingEdits: 1 }, { unsaved: T - 300 }, "Saving… – older text was restored, yours is kept here"],
    ["older text restored, offline", { ...offered, status: "offline" }, { down: T - 9000 }, "Offline – everything is saved so far"],
    ["older text restored, then refused", { problem, offer: restored, saved: false, pendingEdits: 1 }, { unsaved: T }, "Not saved – the server has no space left"],
    ["an outcome nobody knows", { problem: { ...restored, code: "unknown" }, offer: { ...restored, code: "unknown" } }, {}, "Saved – an edit may be missing, your text is kept here"],
    ["closed, nothing pending", { status: "closed", problem: { ...problem, code: "replaced", text: "" } }, { down: T }, "Read only"],
  ]
  for (const [name, doc, times, want] of rows) {
    const pill = pillOf({ ...state, ...doc }, { ...since, ...times }, T)
    assert.equal(pill ? pill.label + (pill.more && ` – ${pill.more}`) : "", want, name)
    assert.equal(pill?.rescue ?? false, want.startsWith("Not saved"), name)
    assert.ok(!pill || /^[A-Z0-9].*\.$/.test(pill.detail), name)
    assert.equal(pill?.offer !== undefined, doc.offer !== undefined, name)
  }
})

test("a document at its largest size: what was typed last was not added, and nothing is at risk", () => {
  const pill = pillOf(state, { ...since, full: T - 60_000 }, T)
  assert.deepEqual([pill?.label, pill?.more, pill?.rescue], ["Not saved", "the document has reached its largest size", false])
  assert.match(pill?.detail ?? "", /was not added; what you see is what the document holds/)
})

test("the details tell to reload only where the page has stopped", () => {
  const pending: Partial<DocState> = { saved: false, pendingEdits: 1 }
  const detail = (code: string, doc: Partial<DocState>): string => pillOf({ ...state, ...pending, problem: { ...problem, code }, ...doc }, { ...since, unsaved: T }, T)?.detail ?? ""
  for (const code of ["no-space", "busy", "unavailable", "read-only", "forbidden", "something new"]) {
    assert.match(detail(code, {}), /Keep this tab open: the rest is kept in it, and saved by itself when /, code)
    assert.doesNotMatch(detail(code, {}), /[Rr]eload/, code)
    assert.match(detail(code, { status: "closed" }), /still in this tab: copy or download it, then reload the page\.$/, code)
  }
  for (const code of ["not-found", "foreign", "damaged"]) assert.doesNotMatch(detail(code, { status: "closed" }), /is safe|reload/, code)
  for (const code of ["restored", "unknown"]) {
    const { offer } = pillOf({ ...state, problem: { ...restored, code }, offer: { ...restored, code } }, since, T) ?? {}
    assert.match(offer ?? "", /kept while this tab is open: .*copy or download it/, code)
    assert.doesNotMatch(offer ?? "", /is safe/, code)
  }
})

test("the pill is looked at again when time alone changes it", () => {
  assert.equal(pillChangesIn(state, since, T), null)
  assert.equal(pillChangesIn({ ...state, saved: false }, { ...since, unsaved: T - 100 }, T), 200)
  assert.equal(pillChangesIn({ ...state, status: "offline", nextTryAt: T + 5000 }, { ...since, down: T - 2000 }, T), 1000)
  assert.equal(pillChangesIn({ ...state, status: "connecting" }, { ...since, live: false, opened: T - 400, down: T - 400 }, T), 600)
})

test("names of documents", () => {
  for (const name of ["a", "notes/today", "a b", "Größe", "x".repeat(128), "...", "a/..b", "😀"]) assert.equal(nameProblem(name), null, name)
  for (const name of ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a\nb", "a\u0085b", "x".repeat(129), "ü".repeat(65), "\ud83d"]) {
    assert.match(nameProblem(name) ?? "", /^[A-Z].*\.$/, JSON.stringify(name))
  }
  for (const name of ["notes/today", "a b?#%&", "Größe/😀", "a+b"]) assert.deepEqual(nameFromPath(pathOf(name)), { page: "document", name })
  assert.deepEqual(nameFromPath("/"), { page: "start" })
  for (const path of ["/d/", "/d/%ff", "/d/a//b", "/x", "/d"]) assert.equal(nameFromPath(path).page, "nothing", path)
  for (let i = 0; i < 200; i++) {
    assert.match(randomName(), /^[a-z]+-[a-z]+-\d{2,3}$/)
    assert.match(randomPerson(), /^[A-Z][a-z]+ [a-z]+$/)
  }
})

test("names of people are text", () => {
  assert.equal(displayName(" \u202eAnna\u0000\n "), "Anna")
  assert.equal(displayName("\u200b"), "Someone")
  assert.equal([...displayName("😀".repeat(60))].length, 40)
  assert.deepEqual(["Quiet otter", "anna", "A B C", "😀 x", ""].map(initials), ["QO", "A", "AC", "😀X", "S"])
})
