// The start page, and addresses that lead nowhere.
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { newDocument, ready, same, sharedServer, shiftsOf, skip, visit } from "./harness.mjs"

describe("start page", { skip, concurrency: 2 }, () => {
  test("a new document, one opened by name, and the recent ones", async (t) => {
    const server = await sharedServer()
    const page = await visit(t, server, "/")
    assert.equal(await page.evaluate(() => document.activeElement.id), "name")
    assert.equal(await page.locator(".recent").count(), 0)
    await page.getByRole("button", { name: "New document" }).click()
    await page.waitForURL(/\/d\/[a-z]+-[a-z]+-\d+$/)
    await ready(page)
    const made = decodeURIComponent(new URL(page.url()).pathname.slice(3))
    await page.keyboard.type("\n  A first line\nand a second")
    await same(page)
    await page.goto(`${server.url}/`)
    await page.getByLabel("Open or create a document").fill("Notes/täglich 😀")
    await page.keyboard.press("Enter")
    await page.waitForURL(/\/d\/Notes\//)
    await ready(page)
    assert.equal(await page.evaluate(() => globalThis.__tandem.doc.name), "Notes/täglich 😀")
    assert.equal(await page.title(), "Notes/täglich 😀 – Tandem")
    await page.goto(`${server.url}/`)
    assert.deepEqual(await page.locator(".recent .name").allTextContents(), ["Notes/täglich 😀", made])
    assert.deepEqual(await page.locator(".recent .line").allTextContents(), ["Empty", "A first line"])
    await page.getByLabel("Open or create a document").fill(`${server.url}/d/${made}`) // a link, pasted
    await page.getByRole("button", { name: "Open" }).click()
    await ready(page)
    assert.equal(await same(page), "\n  A first line\n  and a second") // the editor indents as the line before
    await page.goto(`${server.url}/`)
    assert.deepEqual(await shiftsOf(page), [])
    await page.getByRole("button", { name: `Remove ${made} from this list` }).click()
    assert.deepEqual(await page.locator(".recent .name").allTextContents(), ["Notes/täglich 😀"])
    await page.reload()
    assert.deepEqual(await page.locator(".recent .name").allTextContents(), ["Notes/täglich 😀"])
  })

  test("a bad name is explained where it is typed", async (t) => {
    const page = await visit(t, await sharedServer(), "/")
    await page.getByLabel("Open or create a document").fill("a//b")
    await page.keyboard.press("Enter")
    assert.match(await page.getByRole("alert").textContent(), /slash/)
    assert.equal(new URL(page.url()).pathname, "/")
    await page.getByLabel("Open or create a document").fill("a")
    assert.equal(await page.getByRole("alert").textContent(), "")
  })

  test("an address with a bad name has one sentence and one button", async (t) => {
    const server = await sharedServer()
    const page = await visit(t, server, "/d/", { open: false })
    for (const path of ["/d/", "/d/a%2F%2Fb", `/d/${"x".repeat(129)}`, "/d/a%00b"]) {
      await page.goto(server.url + path)
      await page.getByRole("heading", { name: "Nothing here" }).waitFor()
      assert.equal(await page.locator("main p").count(), 1, path)
      assert.deepEqual(await shiftsOf(page), [])
      await page.getByRole("link", { name: "Go to the start page" }).click()
      await page.getByLabel("Open or create a document").waitFor()
    }
  })

  test("a folder and a name that looks like a page of this site", async (t) => {
    const server = await sharedServer()
    const pages = await Promise.all([visit(t, server, "/d/ws"), visit(t, server, `${newDocument()}/d/assets/app.js`), visit(t, server, "/d/100%25?x=1#y")])
    for (const page of pages) await page.keyboard.type("ok")
    for (const page of pages) assert.equal(await same(page), "ok")
    assert.equal(await pages[2].evaluate(() => globalThis.__tandem.doc.name), "100%")
  })
})
