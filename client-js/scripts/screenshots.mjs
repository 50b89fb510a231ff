// Pictures of the pages, made with the real binary: node scripts/screenshots.mjs FOLDER
import { mkdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { caretAt, pillSays, Proxy, ready, same, Server, shows, skip, sleep, visit } from "../test/browser/harness.mjs"

const folder = process.env.TANDEM_SCREENSHOTS ?? process.argv[2]
if (!folder) {
  console.error("usage: node scripts/screenshots.mjs FOLDER")
  process.exit(2)
}
const out = resolve(folder)
mkdirSync(out, { recursive: true })

const ADA = { name: "Ada Lovelace", color: "h8" }
const BOB = { name: "Bob", color: "h1" }
const HOUR = 3_600_000
const RECENT = [
  { name: "sunday-lunch", line: "Who brings what", at: Date.now() - HOUR / 4 },
  { name: "notes/2026/quiet-river-41", line: "Agenda: the roof, the garden, and what the neighbours said about the fence at the end of the meadow", at: Date.now() - 3 * HOUR },
  { name: "letter-to-the-editor", line: "", at: Date.now() - 40 * HOUR },
]
const TEXT = `Sunday lunch

We are eleven this time, so please say what you bring. Last year there were four potato salads and no bread, which nobody minded, but let us try to be a little cleverer.

Ada: two loaves of bread, olives
Bob: 
Grace: the long table and both benches

If it rains we meet in the barn. The key hangs where it always hangs.
`
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }

// A test, for what ends with it.
test("screenshots", { skip }, async (t) => {
  const server = await Server.start(t)
  const shot = (page, name) => page.screenshot({ path: join(out, `${name}.png`), animations: "disabled", caret: "initial" })

  for (const colorScheme of ["light", "dark"]) {
    const path = `/d/sunday-lunch-${colorScheme}`
    const desk = { colorScheme }
    const phone = { ...PHONE, colorScheme }
    const name = (what) => `${what}${colorScheme === "dark" ? "-dark" : ""}`

    await shot(await visit(t, server, "/", { browserOptions: desk }), name("start-empty"))
    await shot(await visit(t, server, "/", { browserOptions: desk, stored: { "tandem.recent": RECENT } }), name("start"))
    await shot(await visit(t, server, "/", { browserOptions: phone, stored: { "tandem.recent": RECENT } }), name("phone-start"))
    await shot(await visit(t, server, "/d/a%2F%2Fb", { browserOptions: desk, open: false }), name("nothing"))
    await shot(await visit(t, server, `/d/quiet-river-41-${colorScheme}`, { browserOptions: desk, user: ADA }), name("document-empty"))

    const bob = await visit(t, server, path, { user: BOB })
    await bob.evaluate((text) => globalThis.__tandem.view.dispatch({ changes: { from: 0, insert: text } }), TEXT)
    const ada = await visit(t, server, path, { browserOptions: desk, user: ADA })
    await caretAt(ada, TEXT.indexOf("olives") + 6)
    await ada.keyboard.type(", butter")
    await shows(bob, ", butter")
    await caretAt(bob, TEXT.indexOf("Bob: ") + 5 + 8)
    await bob.keyboard.type("a potato sal")
    await shows(ada, "potato sal\n")
    await sleep(150)
    await shot(ada, name("two-people"))
    await bob.evaluate(() => {
      const { view } = globalThis.__tandem
      const from = view.state.doc.toString().indexOf("If it rains")
      view.dispatch({ selection: { anchor: from, head: from + 33 } })
    })
    await sleep(1900)
    await shot(ada, name("two-people-at-rest"))
    await ada.getByRole("button", { name: "Menu" }).click()
    await shot(ada, name("menu"))
    await ada.keyboard.press("Escape")
    await ada.locator(".avatar.self").click()
    await shot(ada, name("profile"))
    await ada.keyboard.press("Escape")
    await ada.keyboard.press("Control+f")
    await ada.keyboard.type("the")
    await sleep(300)
    await shot(ada, name("search"))
    await ada.keyboard.press("Escape")

    const small = await visit(t, server, path, { browserOptions: phone, user: { name: "Grace Hopper", color: "h4" } })
    await caretAt(small, TEXT.indexOf("Grace:") + 30)
    await bob.keyboard.press("ArrowRight")
    await sleep(200)
    await shot(small, name("phone"))
    await small.getByRole("button", { name: "Menu" }).tap()
    await shot(small, name("phone-menu"))
    await small.getByRole("button", { name: /\(you\)/ }).tap()
    await shot(small, name("phone-profile"))
    await small.keyboard.press("Escape")
    await small.getByRole("button", { name: "Menu" }).tap()
    await small.getByRole("button", { name: "Search" }).tap()
    await small.keyboard.type("the")
    await sleep(300)
    await shot(small, name("phone-search"))
    await small.getByRole("button", { name: "Close search" }).tap()

    // The connection is gone: first on its way, then away.
    const proxy = await Proxy.to(t, server)
    const cut = { loses: true, user: ADA }
    const [away, awaySmall] = await Promise.all([
      visit(t, proxy, path, { ...cut, browserOptions: desk }), visit(t, proxy, path, { ...cut, browserOptions: phone }),
    ])
    proxy.silence("up", "down")
    for (const page of [away, awaySmall]) {
      await caretAt(page, -1)
      for (const word of ["Written ", "without ", "a ", "network."]) await page.keyboard.insertText(word)
    }
    await pillSays(away, "Saving…")
    await shot(away, name("saving"))
    proxy.refuse(/./)
    proxy.cut()
    await Promise.all([pillSays(away, "Offline"), pillSays(awaySmall, "Offline")])
    await away.locator(".try:visible").waitFor()
    await shot(away, name("offline"))
    await away.locator(".pill").click()
    await sleep(200)
    await shot(away, name("offline-details"))
    await shot(awaySmall, name("phone-offline"))
    await awaySmall.locator(".pill").tap()
    await sleep(200)
    await shot(awaySmall, name("phone-offline-details"))
    proxy.refuse(null)
    await Promise.all([away, awaySmall].map((page) => page.evaluate(() => globalThis.__tandem.doc.retryNow())))
    await same(away, awaySmall)

    // Opened where nothing answers.
    proxy.refuse(/^GET \/ws /)
    const waiting = await visit(t, proxy, `/d/waiting-${colorScheme}`, { ...cut, browserOptions: desk, open: false })
    await pillSays(waiting, "Connecting… – ")
    await shot(waiting, name("connecting"))
    proxy.refuse(null)
    await waiting.evaluate(() => globalThis.__tandem.doc.retryNow())
    await ready(waiting)
  }
})
