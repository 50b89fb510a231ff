import { el } from "./dom.js"

/** The page for an address that leads nowhere: one sentence, one button. */
export function showNothing(reason: string): void {
  document.title = "Nothing here – Tandem"
  document.querySelector("main")?.remove()
  document.body.append(
    el("main", { class: "start nothing" },
      el("h1", {}, "Nothing here"),
      el("p", {}, reason),
      el("a", { class: "button primary", href: "/" }, "Go to the start page"),
    ),
  )
}
