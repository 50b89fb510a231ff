// The menu: only what works.
import { closeSearchPanel, openSearchPanel, searchPanelOpen } from "@codemirror/search"
import type { EditorView } from "@codemirror/view"
import type { Doc } from "../src/index.js"
import { el } from "./dom.js"
import { closePopover, showDialog } from "./popover.js"
import { changeSettings, settings } from "./settings.js"
import { downloadText } from "./share.js"
import { SIZES } from "./storage.js"

const MAC = /Mac|iP(hone|ad|od)/.test(navigator.platform)
const MOD = MAC ? "⌘" : "Ctrl+"

export interface MenuParts {
  readonly doc: Doc
  readonly view: EditorView | null
  /** Lists that the bar has no room for on a phone. */
  readonly phone: readonly HTMLElement[]
}

export function menu({ doc, view, phone }: MenuParts): HTMLElement {
  const item = (label: string, key: string, run: () => void): HTMLElement =>
    el("li", {}, el("button", { class: "item", type: "button", onclick: () => { closePopover(); run() } },
      el("span", {}, label), key && el("kbd", {}, key)))
  return el("div", { class: "menu" },
    ...phone,
    el("ul", {},
      view && item("Search", `${MOD}F`, () => toggleSearch(view)),
      view && item("Download as text", "", () => downloadText(doc.name, doc.text)),
      item("About and shortcuts", "", about),
    ),
    el("div", { class: "choices" }, themeChoice(), sizeChoice(), wrapChoice()),
    view && el("p", { class: "count" }, count(view)),
  )
}

function toggleSearch(view: EditorView): void {
  if (searchPanelOpen(view.state)) closeSearchPanel(view)
  openSearchPanel(view)
}

function themeChoice(): HTMLElement {
  const choices = el("div", { class: "segments" })
  for (const [theme, label] of [["system", "System"], ["light", "Light"], ["dark", "Dark"]] as const) {
    choices.append(el("label", {},
      el("input", { type: "radio", name: "theme", checked: settings().theme === theme, onchange: () => changeSettings({ theme }) }),
      el("span", {}, label),
    ))
  }
  return el("fieldset", {}, el("legend", {}, "Theme"), choices)
}

function sizeChoice(): HTMLElement {
  const shown = el("output", {})
  const smaller = el("button", { type: "button", "aria-label": "Smaller text", onclick: () => step(-1) }, "A")
  const larger = el("button", { type: "button", "aria-label": "Larger text", onclick: () => step(1) }, "A")
  const show = (): void => {
    const at = SIZES.indexOf(settings().size)
    shown.textContent = `${settings().size} px`
    smaller.disabled = at === 0
    larger.disabled = at === SIZES.length - 1
  }
  const step = (by: number): void => {
    const size = SIZES[SIZES.indexOf(settings().size) + by]
    if (size !== undefined) changeSettings({ size })
    show()
  }
  show()
  return el("fieldset", {}, el("legend", {}, "Text size"), el("div", { class: "segments sizes" }, smaller, shown, larger))
}

function wrapChoice(): HTMLElement {
  return el("label", { class: "toggle" },
    el("span", {}, "Wrap long lines"),
    el("input", {
      type: "checkbox", role: "switch", checked: settings().wrap,
      onchange: (event: Event) => changeSettings({ wrap: (event.target as HTMLInputElement).checked }),
    }),
  )
}

function count({ state }: EditorView): string {
  const { main } = state.selection
  const text = main.empty ? state.doc.toString() : state.sliceDoc(main.from, main.to)
  const letters = [...text.matchAll(/\P{Cc}/gu)].length
  const words = [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu)].length
  const n = (count: number, one: string): string => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`
  return `${main.empty ? "" : "Selected: "}${n(words, "word")}, ${n(letters, "character")}`
}

function about(): void {
  const rows: ReadonlyArray<readonly [keys: string, what: string]> = [
    [`${MOD}F`, "Search and replace"],
    [`${MOD}Z`, "Undo what you wrote last"],
    [MAC ? "⇧⌘Z" : "Ctrl+Y", "Redo"],
    [`${MOD}S`, "Say whether everything is saved"],
    ["Esc", "Close what is open, stop following"],
    ["Shift+Tab", "From the text to the bar"],
  ]
  showDialog("About Tandem",
    el("p", {}, "Everybody who has the link to this document can read and change it. Each edit is stored on the server before it counts as saved. Undo takes back your own edits only."),
    el("table", {}, el("tbody", {}, ...rows.map(([keys, what]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, keys)), el("td", {}, what))))),
  )
}
