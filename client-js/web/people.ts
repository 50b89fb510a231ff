// The people in the document: avatars in the bar, their list, going to somebody's caret and following it.
import { EditorView } from "@codemirror/view"
import { assignHues } from "../src/hues.js"
import type { Connection, Doc, Peer } from "../src/index.js"
import { displayName, initials } from "../src/names.js"
import type { Announcer } from "./announce.js"
import { el } from "./dom.js"
import { focusHome, togglePopover } from "./popover.js"

const STEP = 26 // from one avatar to the next, in pixels
const SHOWN = 5
const AWAY = 5 * 60_000
const UNNAMED = 1000 // so long somebody without a name is waited for: it comes a moment after the session

export class People {
  readonly dom = el("div", { class: "people", role: "group", "aria-label": "People in this document" })
  /** Told how wide the avatars are, in pixels. */
  onwidth: (width: number) => void = () => {}
  /** The editor, once it is there. */
  view: EditorView | null = null
  readonly #doc: Doc
  readonly #conn: Connection
  readonly #announcer: Announcer
  readonly #self: HTMLButtonElement
  readonly #more: HTMLButtonElement
  readonly #avatars = new Map<number, HTMLButtonElement>()
  #names = new Map<number, string>()
  #unnamed = new Map<number, number>() // since when, by session
  #visited: number | null = null
  #followed: number | null = null
  #followedTo = -1

  constructor(doc: Doc, conn: Connection, announcer: Announcer, profile: (anchor: HTMLElement) => void) {
    this.#doc = doc
    this.#conn = conn
    this.#announcer = announcer
    this.#self = el("button", {
      class: "avatar self", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => profile(this.#self),
    })
    this.#more = el("button", {
      class: "avatar more", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", hidden: true,
      onclick: () => togglePopover(this.#more, () => this.list(), { label: "People in this document" }),
    })
    this.dom.append(this.#more, this.#self)
    doc.on("presence", () => this.update())
    setInterval(() => this.update(), 30_000)
    this.update()
  }

  /** One typed, or pressed Esc: nobody is followed any more. */
  stopFollowing(): boolean {
    const was = this.#followed !== null
    this.#followed = null
    this.#visited = null
    if (was) this.update()
    return was
  }

  update(): void {
    const others = this.#others()
    this.#announce(others)
    const hues = this.#hues()
    const { user } = this.#conn
    paint(this.#self, user.name, hues.get(this.#doc.presence.session ?? -1) ?? 0, false)
    label(this.#self, `${displayName(user.name)} (you): change name and colour`)
    const shown = others.slice(0, SHOWN)
    const hidden = others.length - shown.length
    const last = shown.length + (hidden > 0 ? 1 : 0)
    for (const [session, avatar] of this.#avatars) {
      if (shown.some((p) => p.session === session)) continue
      avatar.remove()
      this.#avatars.delete(session)
    }
    shown.forEach((peer, i) => {
      const avatar = this.#avatars.get(peer.session) ?? this.#make(peer.session)
      paint(avatar, peer.name, hues.get(peer.session) ?? 0, Date.now() - peer.movedAt > AWAY)
      const followed = this.#followed === peer.session
      avatar.setAttribute("aria-pressed", String(followed))
      label(avatar, `${displayName(peer.name)}: ${followed ? "following; stop" : this.#visited === peer.session ? "follow" : "go to their place"}`)
      avatar.style.transform = `translateX(${-STEP * (last - i) - 4}px)`
    })
    this.#more.hidden = hidden === 0
    this.#more.textContent = `+${hidden}`
    label(this.#more, `${hidden} more people`)
    this.#more.style.transform = `translateX(${-STEP - 4}px)`
    this.onwidth(STEP * last + (last > 0 ? 8 : 4))
    this.#follow()
  }

  /** Everybody, as a list: behind "+3", and in a phone's menu. */
  list(): HTMLElement {
    const hues = this.#hues()
    const others = this.#others()
    return el("ul", { class: "people-list" }, ...others.map((peer) => {
      const mark = el("span", { class: "avatar", "aria-hidden": "true" })
      paint(mark, peer.name, hues.get(peer.session) ?? 0, false)
      return el("li", {}, el("button", { class: "item", type: "button", onclick: () => { this.#visit(peer.session); focusHome() } }, mark, el("span", {}, displayName(peer.name))))
    }))
  }

  /** Everybody else, oldest first. */
  #others(): Peer[] {
    const { others } = this.#doc.presence
    for (const session of this.#unnamed.keys()) if (!others.has(session)) this.#unnamed.delete(session)
    return [...others.values()].sort((a, b) => a.session - b.session).filter(({ session, name }) => {
      if (name !== "") return true
      const since = this.#unnamed.get(session)
      if (since !== undefined) return Date.now() - since >= UNNAMED
      this.#unnamed.set(session, Date.now())
      setTimeout(() => this.update(), UNNAMED)
      return false
    })
  }

  #hues(): Map<number, number> {
    const { presence } = this.#doc
    return assignHues([...presence.others.values(), { session: presence.session ?? -1, color: this.#conn.user.color }])
  }

  #make(session: number): HTMLButtonElement {
    const avatar = el("button", {
      class: "avatar", type: "button",
      onpointerdown: (event: Event) => event.preventDefault(), // the focus stays in the text
      onclick: () => this.#visit(session),
    })
    this.#avatars.set(session, avatar)
    this.#self.before(avatar)
    return avatar
  }

  #visit(session: number): void {
    if (this.#followed === session) this.#followed = null
    else {
      this.#followed = this.#visited === session ? session : null
      this.#visited = session
      this.#scrollTo(this.#doc.presence.others.get(session), "center")
    }
    this.update()
  }

  #follow(): void {
    if (this.#followed === null) return
    const peer = this.#doc.presence.others.get(this.#followed)
    if (!peer) this.#followed = null
    else if (peer.head !== this.#followedTo) this.#scrollTo(peer, "nearest")
  }

  #scrollTo(peer: Peer | undefined, y: "center" | "nearest"): void {
    if (!peer || peer.head === null || !this.view) return
    this.#followedTo = peer.head
    const effects = EditorView.scrollIntoView(Math.min(peer.head, this.view.state.doc.length), { y, yMargin: 96 })
    const { view } = this
    queueMicrotask(() => view.dispatch({ effects })) // the document may speak in the middle of an update of the editor
  }

  #announce(others: readonly Peer[]): void {
    const names = new Map(others.map((p) => [p.session, p.name]))
    for (const [session, name] of names) if (!this.#names.has(session)) this.#announcer.came(name)
    for (const [session, name] of this.#names) if (!names.has(session)) this.#announcer.left(name)
    this.#names = names
  }
}

function label(button: HTMLElement, text: string): void {
  if (button.getAttribute("aria-label") === text) return
  button.setAttribute("aria-label", text)
  button.title = text
}

function paint(avatar: HTMLElement, name: string, hue: number, away: boolean): void {
  avatar.dataset.initials = initials(name) // drawn by the style sheet: the label has the whole name
  if (!avatar.classList.contains(`h${hue}`)) {
    for (const c of [...avatar.classList]) if (/^h\d+$/.test(c)) avatar.classList.remove(c)
    avatar.classList.add(`h${hue}`)
  }
  avatar.classList.toggle("away", away)
}
