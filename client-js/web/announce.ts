// Says to those who do not see the page who came and went, and when saving failed: politely, one message in 5 s.
import { displayName } from "../src/names.js"
import { el } from "./dom.js"

const PAUSE = 5000

export class Announcer {
  readonly #region = el("div", { class: "unseen", role: "status", "aria-live": "polite" })
  readonly #come = new Set<string>()
  readonly #gone = new Set<string>()
  #urgent: string | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #saidAt = 0

  constructor() {
    document.body.append(this.#region)
  }

  /** Something about saving; goes before people. */
  say(message: string): void {
    this.#urgent = message
    this.#schedule(0)
  }

  /** Somebody who leaves and comes back between two messages is not spoken of. */
  came(name: string): void {
    if (!this.#gone.delete(displayName(name))) this.#come.add(displayName(name))
    this.#schedule(1000)
  }

  left(name: string): void {
    if (!this.#come.delete(displayName(name))) this.#gone.add(displayName(name))
    this.#schedule(1000)
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#speak(), Math.max(delay, this.#saidAt + PAUSE - Date.now()))
  }

  #speak(): void {
    const parts = [this.#urgent, list(this.#come, "joined"), list(this.#gone, "left")].filter((part) => part !== null)
    this.#urgent = null
    this.#come.clear()
    this.#gone.clear()
    if (parts.length === 0) return
    this.#saidAt = Date.now()
    this.#region.textContent = parts.join(" ")
  }
}

function list(names: ReadonlySet<string>, verb: string): string | null {
  const all = [...names]
  if (all.length === 0) return null
  if (all.length > 3) return `${all.length} people ${verb}.`
  return `${new Intl.ListFormat("en").format(all)} ${verb}.`
}
