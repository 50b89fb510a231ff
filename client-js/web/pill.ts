// The pill: the one place where the page says whether the text is safe. The words are status.ts's.
import { ClientError, type Doc, OpError } from "../src/index.js"
import type { Announcer } from "./announce.js"
import { el, icon } from "./dom.js"
import { closePopover, closePopoverOf, openPopover, togglePopover } from "./popover.js"
import { copyText, downloadText } from "./share.js"
import { type Pill, pillChangesIn, type PillKind, pillOf, type Since } from "./status.js"

const ROOM = matchMedia("(min-width: 701px)") // for details that open by themselves without being in the way of the text

export class PillView {
  /** Told of the state that is shown. */
  onshow: (pill: Pill | null) => void = () => {}
  /** A box as wide as the longest words; the pill moves in it by transform, so that nothing around it shifts. */
  readonly dom: HTMLElement
  readonly #doc: Doc
  readonly #announcer: Announcer
  readonly #button: HTMLButtonElement
  readonly #tryNow: HTMLButtonElement
  readonly #group: HTMLElement
  #since: Since
  #offered = ""
  #byItself = false // the details have opened without a click
  #kind: PillKind | null = null
  #text = ""
  #pill: Pill | null = null
  #details: HTMLElement | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(doc: Doc, announcer: Announcer) {
    this.#doc = doc
    this.#announcer = announcer
    this.#since = { opened: Date.now(), live: false, down: null, unsaved: null, full: null }
    this.#button = el("button", { class: "pill", type: "button", hidden: true, "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.#toggle() })
    this.#tryNow = el("button", { class: "button small try", type: "button", hidden: true, onclick: () => doc.retryNow() }, "Try now")
    this.#group = el("div", { class: "pill-group" }, this.#button, this.#tryNow)
    this.dom = el("div", { class: "pill-slot" }, this.#group)
    for (const event of ["status", "saved", "problem", "access"] as const) doc.on(event, () => this.update())
    doc.on("change", (_op, { local }) => {
      if (local) this.#since = { ...this.#since, full: null }
      this.update()
    })
    addEventListener("resize", () => this.#place())
    this.update()
  }

  /** The editor took an edit back. One beyond the largest size is an answer to the person; anything else is a fault. */
  refused(error: unknown): void {
    const { cause } = error instanceof ClientError ? error : {}
    if (!(cause instanceof OpError) || cause.code !== "limit") return reportError(error)
    this.#since = { ...this.#since, full: Date.now() }
    this.update()
  }

  update(): void {
    const now = Date.now()
    const doc = this.#doc
    const live = doc.status === "live"
    this.#since = {
      opened: this.#since.opened,
      live: this.#since.live || live,
      down: live ? null : (this.#since.down ?? now),
      unsaved: doc.saved ? null : (this.#since.unsaved ?? now),
      full: this.#since.full,
    }
    this.#show(pillOf(doc, this.#since, now))
    clearTimeout(this.#timer)
    const wait = pillChangesIn(doc, this.#since, now)
    if (wait !== null) this.#timer = setTimeout(() => this.update(), wait + 5)
  }

  #show(pill: Pill | null): void {
    this.#pill = pill
    const text = pill ? `${pill.kind} ${pill.more} ${countdown(pill)} ${pill.offer ?? ""}` : ""
    if (text !== this.#text) {
      this.#text = text
      this.#button.hidden = pill === null
      const canTry = pill?.nextTryAt !== undefined
      if (this.#tryNow.hidden === canTry) this.#tryNow.hidden = !canTry
      if (pill) this.#draw(pill)
      this.#place()
    }
    if (this.#details && pill) fill(this.#details, this.#detailsOf(pill))
    this.#sayKind(pill)
    const offer = pill?.offer ?? ""
    if (offer !== "" && offer !== this.#offered) this.#announcer.say(offer) // in place of what was just said of being back
    this.#offered = offer
    this.onshow(pill)
  }

  /** Says what has become different, to those who do not see it, and opens the details where text may be lost. */
  #sayKind(pill: Pill | null): void {
    const kind = pill?.kind ?? null
    if (kind === this.#kind) return
    const before = this.#kind
    this.#kind = kind
    if (before === "not-saved" && this.#byItself) closePopoverOf(this.#button)
    if (!pill) return
    if (kind === "not-saved") {
      this.#announcer.say(`Not saved. ${pill.detail}`)
      if (ROOM.matches) this.#open(false)
    } else if (kind === "offline") this.#announcer.say(`Offline. ${pill.detail}`)
    else if (kind === "saved" && before === "offline") this.#announcer.say("Back online. Everything is saved.")
    else if (kind === "saved" && before === "not-saved") this.#announcer.say("Everything is saved again.")
  }

  #draw(pill: Pill): void {
    const wait = countdown(pill)
    this.#button.className = `pill ${pill.kind}${pill.offer ? " offers" : ""}`
    this.#button.replaceChildren(
      icon(pill.kind),
      el("span", { class: "label" }, pill.label),
      ...(pill.more ? [el("span", { class: "more" }, ` – ${pill.more}`)] : []),
      ...(wait ? [el("span", { class: "wait" }, ` · ${wait}`)] : []),
      ...(pill.offer ? [icon("kept")] : []),
    )
  }

  #place(): void {
    const x = Math.round(this.dom.clientWidth - this.#group.offsetWidth)
    this.#group.style.transform = `translateX(${Math.max(0, x)}px)`
  }

  #toggle(): void {
    if (this.#details) closePopover()
    else this.#open(true)
  }

  #open(focus: boolean): void {
    if (!this.#pill) return
    const details = el("div", { class: "details" })
    fill(details, this.#detailsOf(this.#pill))
    const onclose = (): void => {
      this.#details = null
      this.#byItself = false
    }
    const options = { label: "State of this document", focus, onclose }
    if (focus) togglePopover(this.#button, () => details, options)
    else openPopover(this.#button, details, options)
    this.#details = details
    this.#byItself = !focus
  }

  #detailsOf(pill: Pill): Array<readonly [key: string, node: () => HTMLElement]> {
    const parts: Array<readonly [string, () => HTMLElement]> = [
      [`t${pill.kind}`, () => el("h2", {}, pill.label)],
      [`d${pill.detail}`, () => el("p", {}, pill.detail)],
    ]
    const wait = countdown(pill)
    if (wait) parts.push([`w${wait}`, () => el("p", { class: "wait" }, `${wait.charAt(0).toUpperCase()}${wait.slice(1)}.`)])
    if (pill.nextTryAt !== undefined) {
      parts.push(["try", () => el("button", { class: "button small primary", type: "button", onclick: () => this.#doc.retryNow() }, "Try now")])
    }
    if (pill.rescue) parts.push(["rescue", () => this.#rescue(() => this.#doc.problem?.text || this.#doc.text)])
    if (pill.offer !== undefined) parts.push([`o${pill.offer}`, () => this.#offer(pill.offer ?? "")])
    return parts
  }

  #offer(words: string): HTMLElement {
    const dismiss = (): void => {
      closePopover()
      this.#doc.dismiss()
    }
    const buttons = this.#rescue(() => this.#doc.offer?.text ?? "")
    buttons.append(el("button", { class: "button small", type: "button", onclick: dismiss }, "Dismiss"))
    return el("div", { class: "offer" }, el("p", {}, words), buttons)
  }

  #rescue(text: () => string): HTMLElement {
    const copy = el("button", {
      class: "button small primary", type: "button",
      onclick: async () => {
        if (await copyText(text())) copy.textContent = "Copied"
        else this.#byHand(copy, text())
      },
    }, "Copy my text")
    return el("div", { class: "row" }, copy,
      el("button", { class: "button small", type: "button", onclick: () => downloadText(this.#doc.name, text()) }, "Download my text"),
    )
  }

  /** The browser lets nobody at the clipboard: the text stands there, selected. */
  #byHand(copy: HTMLElement, text: string): void {
    const area = el("textarea", { class: "field", rows: 4, readonly: true, "aria-label": "My text" })
    area.value = text
    copy.parentElement?.after(area)
    area.focus()
    area.select()
  }
}

/** Puts the parts there; those that stay the same stay the same elements, so that they keep the focus. */
function fill(into: HTMLElement, parts: ReadonlyArray<readonly [key: string, node: () => HTMLElement]>): void {
  const old = new Map([...into.children].map((child) => [child.getAttribute("data-part"), child]))
  const nodes = parts.map(([key, make]) => {
    const kept = old.get(key)
    if (kept) return kept
    const made = make()
    made.setAttribute("data-part", key)
    return made
  })
  if (nodes.length === into.children.length && nodes.every((node, i) => into.children[i] === node)) return
  for (const child of [...into.children]) if (!nodes.includes(child)) child.remove()
  nodes.forEach((node, i) => {
    if (into.children[i] !== node) into.insertBefore(node, into.children[i] ?? null)
  })
}

function countdown(pill: Pill): string {
  if (pill.nextTryAt === undefined) return ""
  const seconds = Math.max(1, Math.ceil((pill.nextTryAt - Date.now()) / 1000))
  return `next try in ${seconds} s`
}
