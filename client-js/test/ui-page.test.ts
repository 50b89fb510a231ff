// What the page says and accepts, without a browser.
import assert from "node:assert/strict"
import { test } from "node:test"
import { displayName, initials } from "../src/names.js"
import { nameFromPath, nameProblem, pathOf, randomName, randomPerson } from "../web/docname.js"
import { type DocState, pillChangesIn, pillOf, type Since } from "../web/status.js"

const T = 1_000_000
const state: DocState = { status: "live", saved: true, pendingEdits: 0, access: "write" }
const since: Since = { opened: T - 60_000, live: true, down: null, unsaved: null }
const problem = { code: "no-space", message: "no space", text: "mine" }

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
    ["closed, nothing pending", { status: "closed", problem: { ...problem, code: "replaced", text: "" } }, { down: T }, "Read only"],
  ]
  for (const [name, doc, times, want] of rows) {
    const pill = pillOf({ ...state, ...doc }, { ...since, ...times }, T)
    assert.equal(pill ? pill.label + (pill.more && ` – ${pill.more}`) : "", want, name)
    assert.equal(pill?.rescue ?? false, want.startsWith("Not saved"), name)
    assert.ok(!pill || /^[A-Z0-9].*\.$/.test(pill.detail), name)
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
