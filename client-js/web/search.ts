// The search panel, under the text, which it does not move. The browser's own search sees only the lines on the screen.
import {
  closeSearchPanel, findNext, findPrevious, getSearchQuery, replaceAll, replaceNext, search, searchKeymap, SearchQuery, setSearchQuery,
} from "@codemirror/search"
import type { Extension } from "@codemirror/state"
import { type EditorView, keymap, type Panel, runScopeHandlers, type ViewUpdate } from "@codemirror/view"
import { el, icon } from "./dom.js"

const MAX_COUNTED = 999
const COUNT_WAIT = 150

class SearchPanel implements Panel {
  readonly dom: HTMLElement
  readonly #view: EditorView
  readonly #find: HTMLInputElement
  readonly #replace: HTMLInputElement
  readonly #case: HTMLInputElement
  readonly #word: HTMLInputElement
  readonly #count = el("span", { class: "count", role: "status" })
  #query: SearchQuery
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(view: EditorView) {
    this.#view = view
    this.#query = getSearchQuery(view.state)
    const field = (label: string, value: string): HTMLInputElement =>
      el("input", { class: "field", type: "text", "aria-label": label, placeholder: label, value, autocomplete: "off", autocapitalize: "none", spellcheck: "false", oninput: () => this.#commit() })
    const option = (label: string, checked: boolean): HTMLInputElement => el("input", { type: "checkbox", "aria-label": label, checked, onchange: () => this.#commit() })
    this.#find = field("Find", this.#query.search)
    this.#find.setAttribute("main-field", "true")
    this.#replace = field("Replace with", this.#query.replace)
    this.#case = option("Match case", this.#query.caseSensitive)
    this.#word = option("Whole words", this.#query.wholeWord)
    const button = (label: string, content: Node | string, run: (view: EditorView) => boolean, quiet = false): HTMLElement =>
      el("button", { class: quiet ? "quiet" : "button small", type: "button", title: label, "aria-label": label, onclick: () => run(view) }, content)
    this.dom = el("div", { class: "search", role: "search", onkeydown: (event: KeyboardEvent) => this.#key(event) },
      el("div", { class: "row find" },
        this.#find,
        this.#count,
        button("Previous match", icon("up"), findPrevious, true),
        button("Next match", icon("down"), findNext, true),
        el("label", { class: "option", title: "Match case" }, this.#case, el("span", {}, "Aa")),
        el("label", { class: "option word", title: "Whole words" }, this.#word, el("span", {}, "“ab”")),
        button("Close search", icon("close"), closeSearchPanel, true),
      ),
      !view.state.readOnly && el("div", { class: "row" },
        this.#replace,
        button("Replace this match", "Replace", replaceNext),
        button("Replace all matches", "All", replaceAll),
      ),
    )
    this.#countSoon(0)
  }

  mount(): void {
    this.#find.select()
  }

  update(update: ViewUpdate): void {
    const query = getSearchQuery(update.state)
    if (!query.eq(this.#query)) {
      this.#query = query
      this.#find.value = query.search
      this.#replace.value = query.replace
      this.#case.checked = query.caseSensitive
      this.#word.checked = query.wholeWord
      this.#countSoon(0)
    } else if (update.docChanged || update.selectionSet) this.#countSoon(COUNT_WAIT)
  }

  destroy(): void {
    clearTimeout(this.#timer)
  }

  #commit(): void {
    const query = new SearchQuery({
      search: this.#find.value, replace: this.#replace.value, caseSensitive: this.#case.checked, wholeWord: this.#word.checked, literal: true,
    })
    if (query.eq(this.#query)) return
    this.#query = query
    this.#view.dispatch({ effects: setSearchQuery.of(query) })
    this.#countSoon(0)
  }

  #key(event: KeyboardEvent): void {
    if (runScopeHandlers(this.#view, event, "search-panel")) event.preventDefault()
    else if (event.key === "Enter" && event.target === this.#find) {
      event.preventDefault()
      ;(event.shiftKey ? findPrevious : findNext)(this.#view)
    } else if (event.key === "Enter" && event.target === this.#replace) {
      event.preventDefault()
      replaceNext(this.#view)
    }
  }

  #countSoon(delay: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#countMatches(), delay)
  }

  #countMatches(): void {
    this.#count.textContent = ""
    if (!this.#query.search || !this.#query.valid) return
    const { main } = this.#view.state.selection
    let total = 0
    let at = 0
    const cursor = this.#query.getCursor(this.#view.state)
    for (let next = cursor.next(); !next.done && total <= MAX_COUNTED; next = cursor.next()) {
      total++
      if (next.value.from === main.from && next.value.to === main.to) at = total
    }
    this.#count.textContent = total === 0 ? "None" : total > MAX_COUNTED ? `${MAX_COUNTED}+` : at > 0 ? `${at} of ${total}` : `${total} found`
  }
}

export function searchPanel(): Extension {
  return [search({ createPanel: (view) => new SearchPanel(view) }), keymap.of(searchKeymap)]
}
