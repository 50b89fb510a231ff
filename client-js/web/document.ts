// The page of a document: the bar, the text, and what ties them to the connection.
import type { EditorView } from "@codemirror/view"
import { connect, type Connection, type Doc } from "../src/index.js"
import { Announcer } from "./announce.js"
import { el, icon } from "./dom.js"
import { mountEditor } from "./editor.js"
import { menu } from "./menu.js"
import { showNothing } from "./nothing.js"
import { People } from "./people.js"
import { PillView } from "./pill.js"
import { closePopover, openPopover, setHome, togglePopover } from "./popover.js"
import { openProfile } from "./profile.js"
import { copyText, ownLink } from "./share.js"
import { loadUser, rememberRecent } from "./storage.js"
import { Waiting } from "./waiting.js"

declare global {
  interface Window {
    /** For tests of the page: what it shows. */
    __tandem?: { readonly doc: Doc; readonly conn: Connection; readonly view: EditorView | null }
  }
}

const FIRST_LINE = 80
const PHONE = matchMedia("(max-width: 700px)")

export function showDocument(name: string): void {
  document.title = `${name} – Tandem`
  document.body.classList.add("is-document")
  const conn = connect(socketURL(), { user: loadUser() })
  const doc = conn.open(name)
  const announcer = new Announcer()
  const pill = new PillView(doc, announcer)
  const profile = (anchor: HTMLElement): void => openProfile(anchor, conn, () => people.update(), { sheet: PHONE.matches })
  const people = new People(doc, conn, announcer, profile)
  let view: EditorView | null = null

  const copy = copyLinkButton()
  const more = el("button", {
    class: "quiet", type: "button", "aria-label": "Menu", title: "Menu", "aria-haspopup": "dialog", "aria-expanded": "false",
    onclick: () => {
      const phone = PHONE.matches ? phoneParts(doc, conn, people, () => profile(more)) : []
      togglePopover(more, () => menu({ doc, view, phone }), { label: "Menu", sheet: PHONE.matches })
    },
  }, icon("menu"))
  const end = el("div", { class: "end" }, people.dom, copy, more)
  const bar = document.querySelector(".bar")
  bar?.append(title(name), pill.dom, end)
  people.onwidth = (width) => pill.dom.style.setProperty("transform", `translateX(${-width}px)`)
  people.update()

  const main = el("main", { class: "document" })
  document.body.append(main)
  const waiting = new Waiting(doc)
  main.append(waiting.dom)
  pill.onshow = (shown) => waiting.show(shown?.kind === "connecting" && shown.more !== "" ? shown.detail : "")
  setHome(() => view?.focus())

  let ready = false
  doc.on("problem", () => {
    if (ready || !doc.problem || doc.problem.text !== "") return
    // Nothing was ever shown here, so that nothing is lost.
    bar?.replaceChildren(...[...bar.children].slice(0, 1))
    showNothing(doc.problem.message)
  })
  doc.ready.then(() => {
    if (!main.isConnected) return
    ready = true
    waiting.dom.remove()
    view = mountEditor({
      parent: main, doc, conn,
      ontyped: () => people.stopFollowing(),
      onescape: () => people.stopFollowing(),
      onrefused: (error) => pill.refused(error),
      onsave: () => announcer.say(pill.dom.textContent ?? ""),
    })
    people.view = view
    window.__tandem = { doc, conn, view }
    keepRecent(doc)
  }, () => {}) // the problem has said it
  window.__tandem = { doc, conn, view }

  addEventListener("beforeunload", (event) => {
    if (doc.saved && !doc.offer) return
    event.preventDefault()
    event.returnValue = "" // browsers before 2024
  })
}

function socketURL(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`
}

/** The name; the folders that it is in are quieter than its last part. */
function title(name: string): HTMLElement {
  const cut = name.lastIndexOf("/") + 1
  return el("h1", { class: "title", title: name }, cut > 0 && el("span", { class: "folder" }, name.slice(0, cut)), el("span", {}, name.slice(cut)))
}

function copyLinkButton(): HTMLElement {
  const label = el("span", {}, "Copy link")
  const button = el("button", {
    class: "button small copy", type: "button", title: "Copy the link to this document",
    onpointerdown: (event: Event) => event.preventDefault(), // the focus stays in the text
    onclick: () => copyLink(button, label),
  }, icon("link"), label)
  return button
}

async function copyLink(button: HTMLElement, label: HTMLElement): Promise<void> {
  if (await copyText(ownLink())) {
    label.textContent = "Copied"
    setTimeout(() => (label.textContent = "Copy link"), 2000)
    return
  }
  const field = el("input", { id: "link", class: "field", type: "text", readonly: true, value: ownLink(), "data-focus": true })
  openPopover(button, el("div", { class: "details" }, el("label", { for: "link" }, "The link to this document"), field), { label: "Link" })
  field.select()
}

/** What the bar has no room for. */
function phoneParts(doc: Doc, conn: Connection, people: People, profile: () => void): HTMLElement[] {
  const label = el("span", {}, "Copy link")
  const copy = el("button", { class: "item", type: "button", onclick: () => copyLink(copy, label) }, label)
  const own = el("button", { class: "item", type: "button", onclick: () => { closePopover(); profile() } }, el("span", {}, `${conn.user.name} (you)`), el("span", { class: "hint" }, "Name and colour"))
  return [...(doc.presence.others.size > 0 ? [people.list()] : []), el("ul", {}, el("li", {}, own), el("li", {}, copy))]
}

/** The list on the start page follows the document: its first line, and when it was open. */
function keepRecent(doc: Doc): void {
  const keep = (): void => {
    const line = /[^\s].*/.exec(doc.text.slice(0, 4000))?.[0].trim() ?? ""
    rememberRecent({ name: doc.name, line: [...line].slice(0, FIRST_LINE).join(""), at: Date.now() })
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  doc.on("change", () => {
    timer ??= setTimeout(() => {
      timer = undefined
      keep()
    }, 2000)
  })
  addEventListener("pagehide", keep)
  keep()
}
