// The connection goes, in every way that it can, while people type on: nothing is lost, nothing doubled, and the pill tells the truth.
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
  caretAt, eachOnce, newDocument, pillSays, Proxy, ready, same, Server, sharedServer, shows, skip, sleep, textOf, typeTokens, visit,
} from "./harness.mjs"

const KEPT = (n) => `Offline – ${n} edits kept while this tab is open`

// Mostly waiting, hence all at once.
describe("network", { skip, concurrency: 6 }, () => {
  test("half open: the network goes away and the socket stays, silent", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, server, path, { loses: true }), visit(t, server, path)])
    const before = await typeTokens(a, "before", 3)
    await same(a, b)
    await a.context().setOffline(true)
    const away = await typeTokens(a, "away", 12)
    await pillSays(a, "Saving…")
    assert.equal(await b.evaluate(() => globalThis.__tandem.doc.text.includes("away")), false)
    await caretAt(b, 0)
    const meanwhile = await typeTokens(b, "meanwhile", 12)
    await pillSays(a, KEPT(12))
    const more = await typeTokens(a, "more", 3)
    await pillSays(a, KEPT(15))
    await a.context().setOffline(false)
    await pillSays(a, "Saved")
    eachOnce(await same(a, b), [...before, ...away, ...meanwhile, ...more])
  })

  test("half open without an edit: what others wrote comes when the network is back", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, server, path, { loses: true }), visit(t, server, path)])
    await a.context().setOffline(true)
    await sleep(1500) // a connection that was heard of within a second is not suspected
    const tokens = await typeTokens(b, "b", 5)
    await a.context().setOffline(false)
    await shows(a, "[b4]")
    eachOnce(await same(a, b), tokens)
  })

  test("the connection falls silent under way: both ends keep their sockets", async (t) => {
    const server = await sharedServer()
    const proxy = await Proxy.to(t, server)
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, proxy, path, { loses: true }), visit(t, server, path)])
    const before = await typeTokens(a, "before", 3)
    await same(a, b)
    proxy.silence("up", "down")
    const [away, meanwhile] = await Promise.all([typeTokens(a, "away", 12), typeTokens(b, "meanwhile", 12)])
    await pillSays(a, KEPT(12))
    await sleep(1000) // the attempts that are made meanwhile hang as well
    proxy.cut()
    await pillSays(a, "Saved")
    eachOnce(await same(a, b), [...before, ...away, ...meanwhile])
  })

  test("the connection is cut again and again while both type", async (t) => {
    const server = await sharedServer()
    const proxy = await Proxy.to(t, server)
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, proxy, path, { loses: true }), visit(t, proxy, path, { loses: true })])
    const typing = Promise.all([typeTokens(a, "a", 60, { pause: 50 }), typeTokens(b, "b", 60, { pause: 50 })])
    for (let i = 0; i < 4; i++) {
      await sleep(600)
      proxy.cut()
    }
    const [one, two] = await typing
    eachOnce(await same(a, b), [...one, ...two])
    eachOnce(await same(a, b, await visit(t, server, path)), [...one, ...two])
  })

  test("an acknowledgement is lost with its connection", async (t) => {
    const server = await sharedServer()
    const proxy = await Proxy.to(t, server)
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, proxy, path, { loses: true }), visit(t, server, path)])
    const before = await typeTokens(a, "before", 2)
    await same(a, b)
    proxy.silence("down")
    const sent = await typeTokens(a, "sent", 1)
    await shows(b, "[sent0]") // committed, and nobody told a
    const buffered = await typeTokens(a, "buffered", 3)
    await pillSays(a, "Saving…")
    proxy.cut()
    eachOnce(await same(a, b), [...before, ...sent, ...buffered])
    await pillSays(a, "Saved")
  })

  test("the server is killed and started again while both type", async (t) => {
    const server = await Server.start(t)
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, server, path, { loses: true }), visit(t, server, path, { loses: true })])
    const typing = Promise.all([typeTokens(a, "a", 80, { pause: 60 }), typeTokens(b, "b", 80, { pause: 60 })])
    await sleep(800)
    await server.kill()
    await Promise.all([pillSays(a, "Offline – "), pillSays(b, "Offline – ")])
    await server.restart()
    await sleep(700)
    await server.restart()
    const [one, two] = await typing
    const text = await same(a, b)
    eachOnce(text, [...one, ...two])
    assert.equal(await same(await visit(t, server, path)), text)
  })

  test("the server stops in good order and comes back", async (t) => {
    const server = await Server.start(t)
    const path = newDocument()
    const [a, b] = await Promise.all([visit(t, server, path, { loses: true }), visit(t, server, path, { loses: true })])
    const tokens = await typeTokens(a, "a", 5)
    await server.stop()
    tokens.push(...await typeTokens(a, "a", 5, { from: 5 }))
    await server.restart()
    eachOnce(await same(a, b), tokens)
  })

  test("leaving asks while something is not saved, and only then", async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    const page = await visit(t, server, path, { loses: true })
    const asked = []
    page.on("dialog", (dialog) => {
      asked.push(dialog.type())
      dialog.dismiss()
    })
    await page.keyboard.type("saved")
    await same(page)
    await page.reload()
    await shows(page, "saved")
    assert.deepEqual(asked, [])
    await page.context().setOffline(true)
    await caretAt(page, -1)
    await page.keyboard.type(", not saved")
    await page.close({ runBeforeUnload: true })
    for (let i = 0; i < 100 && asked.length === 0; i++) await sleep(20)
    assert.deepEqual(asked, ["beforeunload"])
    assert.equal(await textOf(page), "saved, not saved")
    await page.context().setOffline(false)
    await same(page)
    assert.equal(await textOf(await visit(t, server, path)), "saved, not saved")
    await Promise.all([page.waitForEvent("close"), page.close({ runBeforeUnload: true })])
    assert.deepEqual(asked, ["beforeunload"])
  })

  test("a page opened while the server is away says so, and comes by itself", async (t) => {
    const server = await Server.start(t)
    const proxy = await Proxy.to(t, server)
    const path = newDocument()
    proxy.refuse(/^GET \/ws /)
    const page = await visit(t, proxy, path, { loses: true, open: false })
    await pillSays(page, "Connecting… – ")
    await page.locator(".try:visible").click()
    proxy.refuse(null)
    await page.evaluate(() => globalThis.__tandem.doc.retryNow())
    await ready(page)
    await page.keyboard.type("here")
    assert.equal(await same(page), "here")
  })
})
