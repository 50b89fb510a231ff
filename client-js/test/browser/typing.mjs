// Two people at real pages type in one document.
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { caretAt, eachOnce, newDocument, pillSays, same, sharedServer, shows, skip, sleep, typeTokens, visit, textOf } from "./harness.mjs"

describe("typing", { skip, concurrency: 2 }, () => {
  const pair = async (t) => {
    const server = await sharedServer()
    const path = newDocument()
    return { server, path, pages: await Promise.all([visit(t, server, path), visit(t, server, path)]) }
  }

  test("two people type at once at one place, an emoji between them", async (t) => {
    const { server, path, pages: [a, b] } = await pair(t)
    await a.keyboard.insertText("😀")
    await shows(b, "😀")
    await Promise.all([caretAt(a, 2), caretAt(b, 2)])
    const [one, two] = await Promise.all([typeTokens(a, "a", 30), typeTokens(b, "b", 30)])
    await Promise.all([caretAt(a, 0), caretAt(b, 0)])
    const [three, four] = await Promise.all([typeTokens(a, "c😀", 15), typeTokens(b, "d", 15)])
    const text = await same(a, b)
    eachOnce(text, [...one, ...two, ...three, ...four])
    assert.equal(text.split("😀").length, 1 + 1 + 15)
    assert.equal(await same(a, b, await visit(t, server, path)), text)
  })

  test("two people type at different places, letter by letter, and lines stay whole", async (t) => {
    const { pages: [a, b] } = await pair(t)
    await a.keyboard.type("top\n\nbottom")
    await shows(b, "bottom")
    await Promise.all([caretAt(a, 3), caretAt(b, -1)])
    await Promise.all([a.keyboard.type(" of the page 😀, by Ada", { delay: 4 }), b.keyboard.type(" line, by Bob\nand more", { delay: 4 })])
    assert.equal(await same(a, b), "top of the page 😀, by Ada\n\nbottom line, by Bob\nand more")
  })

  test("deletes that meet: by key, of a selection, of an emoji, of the same letters", async (t) => {
    const { pages: [a, b] } = await pair(t)
    await a.keyboard.insertText("one two 😀 three four")
    await shows(b, "four")
    await Promise.all([caretAt(a, 10), caretAt(b, 7)])
    await Promise.all([a.keyboard.press("Backspace"), (async () => { for (let i = 0; i < 3; i++) await b.keyboard.press("Backspace") })()])
    assert.equal(await same(a, b), "one   three four")
    await Promise.all([a, b].map(async (page) => {
      await caretAt(page, 16)
      for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowLeft")
    }))
    await Promise.all([a.keyboard.press("Delete"), b.keyboard.insertText("five")])
    assert.equal(await same(a, b), "one   three five")
    await a.keyboard.press("Control+a")
    await Promise.all([a.keyboard.press("Delete"), b.keyboard.insertText("!")])
    assert.match(await same(a, b), /^!?$/)
  })

  test("undo and redo take back one's own edits only", async (t) => {
    const { pages: [a, b] } = await pair(t)
    await a.keyboard.insertText("mine ")
    await shows(b, "mine ")
    await caretAt(b, -1)
    await b.keyboard.insertText("yours ")
    await shows(a, "yours ")
    await sleep(600) // the editor takes back at once what was typed within half a second
    await caretAt(a, 0)
    await a.keyboard.insertText("first ")
    assert.equal(await same(a, b), "first mine yours ")
    await a.keyboard.press("Control+z")
    assert.equal(await same(a, b), "mine yours ")
    await a.keyboard.press("Control+z")
    assert.equal(await same(a, b), "yours ")
    await a.keyboard.press("Control+z")
    assert.equal(await same(a, b), "yours ")
    await a.keyboard.press("Control+y")
    await a.keyboard.press("Control+y")
    assert.equal(await same(a, b), "first mine yours ")
    await b.keyboard.press("Control+z")
    assert.equal(await same(a, b), "first mine ")
  })

  test("a pasted text with foreign line ends, and one of many lines", async (t) => {
    const { pages: [a, b] } = await pair(t)
    await paste(a, "one\r\ntwo\rthree\n")
    assert.equal(await same(a, b), "one\ntwo\nthree\n")
    const long = Array.from({ length: 2000 }, (_, i) => `line ${i} 😀`).join("\n")
    await caretAt(a, -1)
    await paste(a, long)
    await caretAt(b, 0)
    await b.keyboard.type("meanwhile ")
    assert.equal(await same(a, b), `meanwhile one\ntwo\nthree\n${long}`)
  })

  test("a text larger than one message, in one paste", async (t) => {
    const { pages: [a, b] } = await pair(t)
    const big = "0123456789abcde😀".repeat(30_000) // 510,000 code units, more than the server takes at once
    await paste(a, big)
    const text = await same(a, b)
    assert.ok(text === big, "the pasted text differs")
    await pillSays(a, "Saved")
    assert.equal((await textOf(b)).length, big.length)
  })
})

function paste(page, text) {
  return page.evaluate((pasted) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData("text/plain", pasted)
    globalThis.__tandem.view.contentDOM.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }))
  }, text)
}
