// Others are present: their carets, names and colours, and one's own.
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { caretAt, newDocument, ready, same, sharedServer, shows, skip, visit } from "./harness.mjs"

const ADA = { name: "Ada Lovelace", color: "h8" }
const BOB = { name: "Bob", color: "h2" }

describe("people", { skip, concurrency: 2 }, () => {
  /** The caret of the only other person: the offset that it stands at, its name, whether that is shown. */
  const caret = (page) => page.evaluate(() => {
    const dom = document.querySelector(".cm-tandem-caret")
    if (!dom) return null
    const box = dom.getBoundingClientRect()
    const { view } = globalThis.__tandem
    const at = view.posAtCoords({ x: box.left + 1, y: box.top + box.height / 2 })
    const name = dom.firstChild
    return { at, name: name.textContent, shown: getComputedStyle(name).visibility === "visible", colour: getComputedStyle(dom).borderLeftColor }
  })
  const caretIs = async (page, want) => {
    let seen
    for (let i = 0; i < 200; i++) {
      seen = await caret(page)
      if (want === null ? seen === null : seen && Object.entries(want).every(([key, value]) => seen[key] === value)) return seen
      await page.waitForTimeout(25)
    }
    assert.deepEqual(seen, want)
  }

  test("a caret with its name appears, moves, rests, and goes with its page", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const a = await visit(t, server, path, { user: ADA })
    await a.keyboard.type("one two three")
    const b = await visit(t, server, path, { user: BOB })
    await shows(b, "three")
    await caretAt(b, 3)
    const first = await caretIs(a, { at: 3, name: "Bob", shown: true })
    await caretIs(a, { at: 3, name: "Bob", shown: false }) // a dot after 1.5 s
    await caretAt(b, 7)
    await caretIs(a, { at: 7, shown: true })
    await b.keyboard.type("!")
    await caretIs(a, { at: 8, shown: true })
    await caretAt(a, 0)
    await a.keyboard.type("zero ")
    await caretIs(a, { at: 13 })
    await caretIs(b, { at: 5, name: "Ada Lovelace" })
    assert.notEqual(first.colour, (await caret(b)).colour)
    await b.keyboard.press("Shift+Home")
    await a.waitForSelector(".cm-tandem-selection")
    assert.equal(await a.locator(".avatar:not(.self):not(.more)").getAttribute("data-initials"), "B")
    await a.waitForFunction(() => document.querySelector("[role=status].unseen").textContent === "Bob joined.")
    await b.context().close()
    await caretIs(a, null)
    await a.waitForFunction(() => document.querySelectorAll(".people .avatar:not([hidden])").length === 1)
    assert.equal(await a.locator(".cm-tandem-selection").count(), 0)
  })

  test("a name covers nothing at the end of a line, and never the line that one types in", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const a = await visit(t, server, path, { user: ADA })
    await a.keyboard.type("one\ntwo\nthree")
    const b = await visit(t, server, path, { user: BOB })
    await shows(b, "three")
    const placed = async (mine, theirs, where) => {
      await caretAt(a, mine)
      await caretAt(b, theirs)
      await caretIs(a, { at: theirs, shown: true })
      await a.waitForSelector(`.cm-tandem-${where}`)
    }
    await placed(0, 7, "beside") // behind "two"
    await placed(5, 7, "above") // the same, with one's own caret in that line
    await placed(13, 5, "above") // inside "two"
    await placed(1, 5, "below") // where above would be the line that one types in
    await placed(13, 1, "above") // inside the first line: there is room above the text
  })

  test("a click on one's own avatar changes name and colour, at once for others and for good", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, server, path, { user: ADA }), visit(t, server, path, { user: BOB })])
    await b.keyboard.type("x")
    const { colour } = await caretIs(a, { at: 1, name: "Bob", shown: true })
    await b.locator(".avatar.self").click()
    assert.equal(await b.evaluate(() => document.activeElement.id), "own-name")
    await b.keyboard.type("Roberta 😀") // the name there is selected
    await b.locator("input[value=h10]").check()
    await a.waitForFunction(() => document.querySelector(".cm-tandem-caret span")?.textContent === "Roberta 😀")
    while ((await caret(a)).colour === colour) await a.waitForTimeout(20) // name and colour may come apart
    await b.keyboard.press("Escape")
    assert.equal(await b.locator(".popover").count(), 0)
    await b.keyboard.type("y") // the focus is in the text again
    assert.equal(await same(a, b), "xy")
    await b.reload()
    await ready(b)
    assert.match(await b.locator(".avatar.self").getAttribute("aria-label"), /^Roberta 😀 \(you\)/)
    assert.ok(await b.locator(".avatar.self.h10").count() === 1)
    await a.waitForFunction(() => document.querySelector(".cm-tandem-caret span")?.textContent === "Roberta 😀")
  })

  test("the caret is where it was after a reload, and the same person is there once", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, server, path, { user: ADA }), visit(t, server, path, { user: BOB })])
    await b.keyboard.type("one\ntwo\nthree")
    await shows(a, "three")
    await caretAt(b, 5)
    await caretIs(a, { at: 5 })
    await b.waitForFunction(() => Object.keys(sessionStorage).length > 0)
    await b.reload()
    await ready(b)
    await b.keyboard.type("-")
    assert.equal(await same(a, b), "one\nt-wo\nthree")
    await caretIs(a, { at: 6 })
    await a.waitForFunction(() => globalThis.__tandem.doc.presence.others.size === 1)
  })

  test("seven people: five avatars and +1, a click goes to a caret, a second follows it until one types", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const a = await visit(t, server, path, { user: ADA })
    await a.evaluate(() => globalThis.__tandem.view.dispatch({ changes: { from: 0, insert: "line\n".repeat(400) }, selection: { anchor: 0 } }))
    await same(a)
    // Programs are people too: seven documents of one page.
    await a.evaluate(async (count) => {
      const { connect } = await import("/tandem.js")
      globalThis.others = []
      for (let i = 0; i < count; i++) {
        const conn = connect(`ws://${location.host}/ws`, { user: { name: `Guest ${i}`, color: "h1" } })
        const doc = conn.open(globalThis.__tandem.doc.name)
        await doc.ready
        doc.presence.set({ anchor: 1500, head: 1500 })
        globalThis.others.push(doc)
      }
    }, 6)
    await a.locator(".avatar.more:visible").waitFor()
    assert.equal(await a.locator(".avatar.more").textContent(), "+1")
    assert.equal(await a.locator(".avatar:not(.self):not(.more)").count(), 5)
    const hues = await a.locator(".people .avatar:not(.more)").evaluateAll((all) => all.map((dom) => /h\d+/.exec(dom.className)[0]))
    assert.equal(new Set(hues).size, 6, `colours: ${hues}`)
    const first = a.locator(".avatar:not(.self):not(.more)").first()
    await first.click()
    const top = () => a.evaluate(() => globalThis.__tandem.view.scrollDOM.scrollTop)
    await a.waitForFunction(() => globalThis.__tandem.view.scrollDOM.scrollTop > 3000)
    await first.click()
    assert.equal(await first.getAttribute("aria-pressed"), "true")
    await a.evaluate(() => globalThis.others[0].presence.set({ anchor: 10, head: 10 }))
    await a.waitForFunction(() => globalThis.__tandem.view.scrollDOM.scrollTop < 500)
    await a.keyboard.type("x")
    assert.equal(await first.getAttribute("aria-pressed"), "false")
    const before = await top()
    await a.evaluate(() => globalThis.others[0].presence.set({ anchor: 1900, head: 1900 }))
    await a.waitForFunction(() => globalThis.__tandem.doc.presence.others.values().next().value.head >= 1900)
    assert.equal(await top(), before)
    await a.locator(".avatar.more").click()
    assert.equal(await a.locator(".people-list .item").count(), 6)
    await a.keyboard.press("Escape")
    await a.evaluate(() => globalThis.others.forEach((doc) => doc.close()))
    await a.waitForFunction(() => globalThis.__tandem.doc.presence.others.size === 0)
  })
})
