// The example of embedding, on a page of another origin.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { describe, test } from "node:test"
import { atEnd, browser, eachOnce, newDocument, repository, same, Server, shows, skip, sleep, visit } from "./harness.mjs"

const example = readFileSync(join(repository, "client-js/examples/embed.html"), "utf8")

test("the example stands in the README as it is", () => {
  const readme = readFileSync(join(repository, "README.md"), "utf8")
  assert.ok(readme.includes(`\`\`\`html\n${example}\`\`\`\n`), "README.md: the section on embedding differs from client-js/examples/embed.html")
})

describe("embedding", { skip }, () => {
  /** Serves the example for a server and a document; a function, since the server's port is known later. */
  const host = async (t, html) => {
    const listener = createServer((request, response) => {
      response.writeHead(request.url === "/" ? 200 : 404, { "content-type": "text/html" }).end(request.url === "/" ? html() : "")
    })
    await new Promise((done) => listener.listen(0, "127.0.0.1", done))
    atEnd(t, () => listener.close())
    return `http://127.0.0.1:${listener.address().port}`
  }
  const open = async (t, url) => {
    const context = await (await browser()).newContext()
    atEnd(t, () => context.close())
    const page = await context.newPage()
    const errors = []
    page.on("pageerror", (error) => errors.push(error.message))
    await page.goto(url)
    return { page, errors }
  }
  const forDocument = (server, path) => example.replaceAll("127.0.0.1:8080", `127.0.0.1:${server.port}`).replace("notes/today", path.slice(3))

  test("it converges with the page, from an origin that was allowed", async (t) => {
    const path = newDocument()
    let server
    const url = await host(t, () => forDocument(server, path))
    server = await Server.start(t, { args: ["--allow-origin", url] })
    const editor = await visit(t, server, path)
    await editor.keyboard.type("😀 start end")
    await same(editor)
    const { page, errors } = await open(t, url)
    const area = page.locator("textarea")
    const value = () => area.inputValue()
    await page.waitForFunction(() => !document.querySelector("textarea").disabled)
    assert.equal(await value(), "😀 start end")
    // The caret stays with its place while others write before and behind it.
    await area.evaluate((dom) => {
      dom.focus()
      dom.setSelectionRange(8, 8)
    })
    await editor.keyboard.type(" behind")
    await editor.keyboard.press("Control+Home")
    await editor.keyboard.type("before ")
    await page.waitForFunction(() => document.querySelector("textarea").value === "before 😀 start end behind")
    assert.equal(await area.evaluate((dom) => dom.selectionStart), 15)
    await page.keyboard.insertText("ed!")
    await shows(editor, "started!")
    assert.equal(await same(editor), "before 😀 started! end behind")
    // Both at once, deletes too.
    const tokens = []
    await Promise.all([
      (async () => {
        for (let i = 0; i < 25; i++) {
          await page.keyboard.insertText(`[t${i}]`)
          tokens.push(`[t${i}]`)
          await sleep(10)
        }
      })(),
      (async () => {
        for (let i = 0; i < 25; i++) {
          await editor.keyboard.insertText(`[e${i}]x`)
          await editor.keyboard.press("Backspace")
          tokens.push(`[e${i}]`)
        }
      })(),
    ])
    await shows(editor, "[t24]")
    const text = await same(editor)
    eachOnce(text, tokens)
    await page.waitForFunction((want) => document.querySelector("textarea").value === want, text)
    assert.deepEqual(errors, [])
  })

  test("it is refused elsewhere, and the log names the setting", async (t) => {
    const server = await Server.start(t)
    const url = await host(t, () => forDocument(server, newDocument()))
    const { page } = await open(t, url)
    for (let i = 0; i < 100 && !server.log.includes("--allow-origin"); i++) await sleep(50)
    assert.ok(server.log.includes(`--allow-origin ${url}`), server.log)
    assert.equal(await page.locator("textarea").isDisabled(), true)
  })
})
