// What the page says where an edit, or the document, is refused, and where text was taken away: the truth about the edits, and the text to those whose it is.
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, test } from "node:test"
import { promisify } from "node:util"
import { binary, caretAt, newDocument, pillSays, ready, same, Server, skip, visit } from "./harness.mjs"

const PHONE = { viewport: { width: 420, height: 800 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }
const LARGEST = 16 * 2 ** 20 // of a document, in code units

const tandem = async (...args) => promisify(execFile)(await binary(), args)

/** A picture for those who want to see: TANDEM_SCREENSHOTS names the folder. */
async function picture(page, name) {
  const folder = process.env.TANDEM_SCREENSHOTS
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) })
}

describe("trouble", { skip, concurrency: 2 }, () => {
  test("a backup is restored under an open page: Saved stays true, and the text that was taken is offered until it is dismissed", async (t) => {
    const server = await Server.start(t)
    const path = newDocument()
    const page = await visit(t, server, path, { loses: true, browserOptions: { permissions: ["clipboard-read", "clipboard-write"] } })
    const phone = await visit(t, server, path, { loses: true, browserOptions: PHONE })
    await page.keyboard.type("before")
    await same(page, phone)
    const backup = join(server.dir, "..", `${path.slice(3)}.backup`)
    await tandem("backup", "--data", server.dir, backup)
    await page.keyboard.type(", and after")
    await same(page, phone)
    await server.restore(backup)
    await Promise.all([pillSays(page, "Saved – older text was restored"), phone.waitForSelector(".pill.offers")])
    assert.equal(await same(page, phone), "before")
    await page.waitForFunction(() => /^The server went back to an older state/.test(document.querySelector("[role=status].unseen").textContent))
    await caretAt(page, -1)
    await page.keyboard.type(" and on")
    assert.equal(await same(page, phone), "before and on")
    await pillSays(page, "Saved – older text was restored")
    await picture(page, "restored")
    await picture(phone, "restored-phone")
    assert.equal(await page.locator(".popover").count(), 0)
    await page.locator(".pill").click()
    await page.getByRole("button", { name: "Copy my text" }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "before, and after")
    await picture(page, "restored-details")
    await phone.locator(".pill").tap()
    await picture(phone, "restored-phone-details")
    await page.getByRole("button", { name: "Dismiss" }).click()
    await page.waitForFunction(() => document.querySelector(".pill").textContent === "Saved" && !document.querySelector(".popover"))
    assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^Text of/)
  })

  test("a document at its largest size: what is typed is taken back, said once, and can go on after a deletion", async (t) => {
    const server = await Server.start(t)
    const path = newDocument()
    const file = join(server.dir, "..", `${path.slice(3)}.txt`)
    writeFileSync(file, "a line of text!\n".repeat(LARGEST / 16))
    await tandem("import", "--data", server.dir, path.slice(3), file)
    const page = await visit(t, server, path)
    await page.keyboard.type("more")
    await pillSays(page, "Not saved – the document has reached its largest size")
    await page.waitForFunction(() => globalThis.__tandem.view.state.doc.length === globalThis.__tandem.doc.text.length)
    assert.equal(await page.evaluate(() => globalThis.__tandem.doc.text.length), LARGEST)
    assert.equal(await page.locator(".details h2").textContent(), "Not saved")
    await picture(page, "full")
    await page.keyboard.press("Delete")
    await page.waitForSelector(".popover", { state: "detached" }) // what opened by itself closes by itself
    await pillSays(page, "Saved")
    await page.setViewportSize(PHONE.viewport)
    await page.keyboard.type("no")
    await pillSays(page, "Not saved") // one letter had room
    await page.waitForFunction(() => globalThis.__tandem.doc.saved)
    assert.equal(await page.locator(".popover").count(), 0, "over the text of a phone nothing opens by itself")
    await picture(page, "full-phone")
    await page.locator(".pill").click()
    await page.locator(".details").getByText(/what you see is what the document holds/).waitFor()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Delete")
    await pillSays(page, "Saved")
  })

  test("a document that the server is too busy to open says why in the place of the text, and comes by itself", async (t) => {
    const server = await Server.start(t, { args: ["--max-documents", "1", "--unload-after", "1s"] })
    const first = await visit(t, server, newDocument())
    await first.keyboard.type("first")
    const second = await visit(t, server, newDocument(), { open: false })
    await second.locator(".waiting:visible").waitFor()
    assert.match(await second.locator(".waiting p").textContent(), /^The server is busy\. The page keeps trying by itself\.$/)
    await pillSays(second, "Connecting… – the server is busy")
    await picture(second, "busy")
    await second.setViewportSize(PHONE.viewport)
    await second.locator(".waiting").getByRole("button", { name: "Try now" }).click()
    await picture(second, "busy-phone")
    await same(first)
    await first.context().close()
    await ready(second)
    assert.equal(await second.locator(".waiting").count(), 0)
    await second.keyboard.type("second")
    assert.equal(await same(second), "second")
  })
})
