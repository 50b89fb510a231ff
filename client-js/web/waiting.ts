// What stands in the place of the text while it is not there: why, after a while, and that the page goes on trying.
import type { Doc } from "../src/index.js"
import { el } from "./dom.js"

export class Waiting {
  readonly dom: HTMLElement
  readonly #reason = el("p")

  constructor(doc: Doc) {
    const again = el("button", { class: "button", type: "button", onclick: () => doc.retryNow() }, "Try now")
    this.dom = el("div", { class: "waiting", hidden: true }, this.#reason, again)
  }

  /** Shows a reason; "": nothing. */
  show(reason: string): void {
    this.dom.hidden = reason === ""
    if (this.#reason.textContent !== reason) this.#reason.textContent = reason
  }
}
