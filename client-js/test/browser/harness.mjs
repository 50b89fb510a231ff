// What the browser tests stand on: the real binary, Chromium, people at pages, and a proxy that loses connections.
// Everything made here ends with the test that made it, the browser and the binary with the process.
import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { after } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { chromium } from "playwright-core"

export { sleep }

const clientRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const repository = dirname(clientRoot)
const PATIENCE = 20_000 // for whatever a test waits for; nothing that works takes a quarter of it

const work = mkdtempSync(join(tmpdir(), "tandem-browser-"))
const children = new Set()
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(work, { recursive: true, force: true })
})

const ends = new WeakMap()

/** Runs fn at the end of the test: what began last ends first, and all of it, whatever fails on the way. */
export function atEnd(t, fn) {
  const known = ends.get(t)
  if (known) return known.push(fn)
  const fns = [fn]
  ends.set(t, fns)
  t.after(async () => {
    const errors = []
    for (const end of fns.reverse()) {
      try {
        await end()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(String).join("\n"))
  })
}

// The binary.

/** A promise made once, when it is first asked for. */
function once(make) {
  let made
  return () => (made ??= make())
}

/** The path of the binary: TANDEM_BINARY, or one that is built here. */
export const binary = once(async () => {
  if (process.env.TANDEM_BINARY) return process.env.TANDEM_BINARY
  const newest = (dir) => readdirSync(join(clientRoot, dir), { recursive: true }).map((name) => statSync(join(clientRoot, dir, name)).mtimeMs)
  const built = existsSync(join(clientRoot, "dist/web/app.js")) ? statSync(join(clientRoot, "dist/web/app.js")).mtimeMs : 0
  // A clone writes all files within moments, in any order.
  if (Math.max(...newest("src"), ...newest("web")) > built + 2000) throw new Error("client-js/dist is older than src or web: run npm run build")
  const out = join(work, "tandem")
  await promisify(execFile)("go", ["build", "-o", out, "./cmd/tandem"], { cwd: repository })
  return out
})

/** A running `tandem serve`. */
export class Server {
  #child
  #args
  /** What it said on stderr. */
  log = ""

  /** Starts one, which ends with the test: `t` may be null for one that ends with the process. */
  static async start(t, { listen = "127.0.0.1:0", args = [] } = {}) {
    const server = new Server()
    server.dir = mkdtempSync(join(work, "data-"))
    server.#args = args
    await server.#start(listen)
    if (t) atEnd(t, () => server.kill())
    return server
  }

  async #start(listen) {
    const child = spawn(await binary(), ["serve", "--listen", listen, "--data", this.dir, ...this.#args], { stdio: ["ignore", "pipe", "pipe"] })
    this.#child = child
    children.add(child)
    child.on("exit", () => children.delete(child))
    child.stderr.setEncoding("utf8").on("data", (text) => (this.log += text))
    this.listen = listen
    this.url = await new Promise((done, failed) => {
      let said = ""
      child.stdout.setEncoding("utf8").on("data", (text) => {
        said += text
        const found = /^tandem: (http:\S+)\/$/m.exec(said)
        if (found) done(found[1])
      })
      child.on("exit", (code) => failed(new Error(`tandem serve ended with ${code}:\n${this.log}`)))
    })
    this.port = Number(new URL(this.url).port)
  }

  /** SIGKILL; done when the process is gone. */
  async kill() {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((done) => child.on("exit", done))
    child.kill("SIGKILL")
    await gone
  }

  /** SIGTERM: it drains. */
  async stop() {
    const child = this.#child
    const gone = new Promise((done) => child.on("exit", done))
    child.kill("SIGTERM")
    assert.equal(await gone, 0)
  }

  /** SIGKILL; then again on the same port, with what a backup holds. */
  async restore(backup) {
    await this.kill()
    this.dir = mkdtempSync(join(work, "data-"))
    await promisify(execFile)(await binary(), ["restore", "--data", this.dir, backup])
    await this.#start(`${this.listen.slice(0, this.listen.lastIndexOf(":"))}:${this.port}`)
  }

  /** Once more, on the same directory and port. */
  async restart() {
    await this.kill()
    await this.#start(`${this.listen.slice(0, this.listen.lastIndexOf(":"))}:${this.port}`)
  }
}

/** The server of all tests that need no other. */
export const sharedServer = once(() => Server.start(null))

// The browser.

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--host-resolver-rules=MAP tandem.test 127.0.0.1",
]

function chromiumPath() {
  for (const dir of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of ["chromium", "chromium-browser"]) if (existsSync(join(dir, name))) return join(dir, name)
  }
  return null
}

/** Why there can be no test: a skip that .ci/run judges. */
export const skip = chromiumPath() === null ? "chromium is not installed" : false

let launched = null

/** The one browser. */
export const browser = () => (launched ??= chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS }))

after(async () => {
  await (await launched)?.close()
  for (const child of children) child.kill("SIGKILL")
})

const LOST = /WebSocket connection to .* failed|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/ // said by Chromium itself

/**
 * Somebody in a browser of their own, at `path` of `server`. At the end of the test: no error on the console (those of lost
 * connections excepted where `loses` is set), nothing that the Content-Security-Policy refused, and no request to another host.
 */
export async function visit(t, server, path, { user, loses = false, browserOptions = {}, stored = {}, open = true } = {}) {
  const origin = server.url
  const localStorage = Object.entries({ ...(user && { "tandem.user": user }), ...stored }).map(([name, value]) => ({ name, value: JSON.stringify(value) }))
  const context = await (await browser()).newContext({
    viewport: { width: 1100, height: 720 },
    ...(localStorage.length > 0 && { storageState: { cookies: [], origins: [{ origin, localStorage }] } }),
    ...browserOptions,
  })
  context.setDefaultTimeout(PATIENCE)
  const wrong = []
  const host = new URL(origin).host
  const watched = (url) => {
    const asked = new URL(url)
    if (asked.host !== host && !["data:", "blob:"].includes(asked.protocol)) wrong.push(`request to another host: ${url}`)
  }
  context.on("request", (request) => watched(request.url()))
  context.on("console", (message) => {
    if (message.type() === "error" && !(loses && LOST.test(message.text()))) wrong.push(`console: ${message.text()}`)
  })
  context.on("weberror", (error) => wrong.push(`uncaught: ${error.error().stack}`))
  context.on("page", (page) => page.on("websocket", (socket) => watched(socket.url())))
  await context.addInitScript(() => {
    globalThis.__shifts = []
    globalThis.__refused = []
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (!entry.hadRecentInput) globalThis.__shifts.push(`${entry.value}: ${entry.sources.map((s) => `${(s.node?.outerHTML ?? s.node?.textContent ?? "(removed)").slice(0, 120)} from ${JSON.stringify(s.previousRect)} to ${JSON.stringify(s.currentRect)}`).join(", ")}`)
      }
    }).observe({ type: "layout-shift", buffered: true })
    addEventListener("securitypolicyviolation", (event) => globalThis.__refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))
  })
  const page = await context.newPage()
  atEnd(t, async () => {
    for (const open of context.pages()) {
      wrong.push(...(await open.evaluate(() => globalThis.__refused ?? [])).map((r) => `refused by the policy: ${r}`))
    }
    await context.close()
    assert.deepEqual(wrong, [], path)
  })
  await page.goto(origin + path)
  if (open && path.startsWith("/d/")) await ready(page)
  return page
}

/** The document is on the screen, and can be typed in. */
export async function ready(page) {
  await page.waitForFunction(() => globalThis.__tandem?.view && !globalThis.__tandem.view.state.readOnly)
}

let documents = 0

/** The path of a document that no other test has. */
export function newDocument() {
  return `/d/test-${++documents}`
}

// What is on the screen, and what the document holds.

/** The shifts of the layout since the page was opened; one caused by an own key or click within half a second is none. */
export const shiftsOf = (page) => page.evaluate(() => globalThis.__shifts)
export const textOf = (page) => page.evaluate(() => globalThis.__tandem.view.state.doc.toString())
export const pillOf = async (page) => (await page.locator(".pill").textContent()) ?? ""

/** Waits for the pill to say something that begins with `words`. */
export const pillSays = (page, words) =>
  page.waitForFunction((want) => {
    const pill = document.querySelector(".pill:not([hidden])")
    return pill?.textContent.startsWith(want)
  }, words)

/** Puts the caret at an offset. */
export const caretAt = (page, offset) =>
  page.evaluate((at) => {
    const { view } = globalThis.__tandem
    view.focus()
    view.dispatch({ selection: { anchor: at < 0 ? view.state.doc.length : at } })
  }, offset)

/** Waits until nothing is pending in any of the pages and all show the same text; that text. */
export async function same(...pages) {
  const until = Date.now() + PATIENCE
  for (;;) {
    const states = await Promise.all(pages.map((page) => page.evaluate(() => {
      const { doc, view } = globalThis.__tandem
      return { text: view.state.doc.toString(), held: doc.text, saved: doc.saved, rev: doc.revision, status: doc.status }
    })))
    const [first] = states
    if (states.every((s) => s.saved && s.status === "live" && s.rev === first.rev && s.held === s.text)) {
      for (const s of states) assert.equal(s.text, first.text, "two pages at one revision show different texts")
      return first.text
    }
    assert.ok(Date.now() < until, `not the same: ${JSON.stringify(states, null, 1)}`)
    await sleep(25)
  }
}

/** Waits until the page shows a text that contains `part`. */
export const shows = (page, part) => page.waitForFunction((want) => globalThis.__tandem?.view?.state.doc.toString().includes(want), part)

/** Types `count` tokens, one edit each, `pause` milliseconds apart; what was typed. */
export async function typeTokens(page, who, count, { pause = 15, from = 0 } = {}) {
  const tokens = Array.from({ length: count }, (_, i) => `[${who}${from + i}]`)
  for (const token of tokens) {
    await page.keyboard.insertText(token)
    await sleep(pause)
  }
  return tokens
}

/** Every token exactly once. */
export function eachOnce(text, tokens) {
  const wrong = tokens.filter((token) => text.split(token).length !== 2)
  assert.deepEqual(wrong, [], `not exactly once in: ${text}`)
}

// The network.

/** A way to the server that can be cut, and that can fall silent in one direction or both. */
export class Proxy {
  #sockets = new Set()
  #silent = { up: false, down: false }
  #refused = null

  static async to(t, server) {
    const proxy = new Proxy()
    const listener = createServer((near) => {
      near.once("data", (bytes) => {
        if (proxy.#refused?.test(bytes)) near.destroy()
      })
      const far = connect(server.port, "127.0.0.1")
      proxy.#carry(near, far, "up")
      proxy.#carry(far, near, "down")
    })
    await new Promise((done) => listener.listen(0, "127.0.0.1", done))
    proxy.port = listener.address().port
    proxy.url = `http://127.0.0.1:${proxy.port}`
    atEnd(t, () => {
      listener.close()
      proxy.cut()
    })
    return proxy
  }

  #carry(from, to, direction) {
    this.#sockets.add(from)
    from.on("data", (bytes) => {
      if (!this.#silent[direction]) to.write(bytes)
    })
    from.on("error", () => {})
    from.on("close", () => {
      this.#sockets.delete(from)
      if (!this.#silent[direction]) to.destroy()
    })
  }

  /** Nothing gets through any more, and no socket ends: what is sent is lost. */
  silence(...directions) {
    for (const direction of directions) this.#silent[direction] = true
  }

  /** Connections that begin with such a request are cut at once; null: none are. */
  refuse(request) {
    this.#refused = request
  }

  /** Every connection is gone at once, without a word; new ones work. */
  cut() {
    this.#silent = { up: false, down: false }
    for (const socket of this.#sockets) socket.destroy()
  }
}
