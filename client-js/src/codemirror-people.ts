// Others' carets, names and selections, drawn in layers: nothing is put into the text, so that it neither moves nor is
// parted where somebody's caret is, and an input method is not disturbed.
import { EditorSelection, type Extension } from "@codemirror/state"
import { EditorView, layer, type LayerMarker, RectangleMarker, type ViewUpdate } from "@codemirror/view"
import { type Binding, peopleMoved, type Person } from "./codemirror-binding.js"
import { dark, label, light } from "./hues.js"
import { displayName } from "./names.js"

const FLAG_HEIGHT = 17 // of a name at a caret, with the gap to it, in pixels
const FLAG_WIDTH = 168 // at most
const FLAG_GAP = 5 // to a caret that it stands beside

/** Where a name stands. At the end of a line, where most is written, it is beside the caret and covers nothing. */
type Flag = "beside" | "above" | "below" | "dot"

class CaretMarker implements LayerMarker {
  constructor(
    readonly person: Person,
    readonly left: number,
    readonly top: number,
    readonly height: number,
    readonly flag: Flag,
    readonly flip: boolean, // the name goes to the left of the caret: there is no room at its right
  ) {}

  eq(other: LayerMarker): boolean {
    if (!(other instanceof CaretMarker)) return false
    const { person: a } = this
    const { person: b } = other
    return (
      a.session === b.session && a.name === b.name && a.hue === b.hue && this.left === other.left && this.top === other.top &&
      this.height === other.height && this.flag === other.flag && this.flip === other.flip
    )
  }

  draw(): HTMLElement {
    const dom = document.createElement("div")
    dom.appendChild(document.createElement("span"))
    this.#adjust(dom)
    return dom
  }

  update(dom: HTMLElement, previous: LayerMarker): boolean {
    if (!(previous instanceof CaretMarker) || previous.person.session !== this.person.session) return false
    this.#adjust(dom)
    return true
  }

  #adjust(dom: HTMLElement): void {
    dom.className = `cm-tandem-caret cm-tandem-h${this.person.hue} cm-tandem-${this.flag}${this.flip ? " cm-tandem-flip" : ""}`
    dom.style.transform = `translate(${this.left}px, ${this.top}px)` // unlike left and top, no shift of the layout
    dom.style.height = `${this.height}px`
    dom.style.setProperty("--tandem-height", `${this.height}px`)
    const name = dom.firstChild
    const text = displayName(this.person.name)
    if (name && name.textContent !== text) name.textContent = text
  }
}

function carets(view: EditorView, binding: Binding): LayerMarker[] {
  const own = view.hasFocus ? view.coordsAtPos(view.state.selection.main.head) : null
  const base = view.scrollDOM.getBoundingClientRect()
  const right = view.scrollDOM.scrollLeft + view.scrollDOM.clientWidth
  const now = Date.now()
  const markers: LayerMarker[] = []
  for (const person of binding.people) {
    // Affinity to the left: a caret stands right after the letter that it follows, also where a line wraps.
    const [at] = RectangleMarker.forRange(view, "", EditorSelection.cursor(person.head, -1))
    if (!at) continue
    let flag: Flag = "dot"
    if (binding.named(person, now)) {
      const top = at.top + base.top - view.scrollDOM.scrollTop // in the window, as `own` is
      const onOwn = own !== null && own.bottom > top && own.top < top + at.height
      const lineEnds = view.state.doc.lineAt(person.head).to === person.head
      const coversOwn = own !== null && own.bottom > top - FLAG_HEIGHT && own.bottom <= top + 4
      const clipped = top - FLAG_HEIGHT < base.top
      if (lineEnds && !onOwn && at.left + FLAG_WIDTH + FLAG_GAP <= right) flag = "beside"
      else flag = clipped || coversOwn ? "below" : "above"
    }
    markers.push(new CaretMarker(person, at.left, at.top, at.height, flag, at.left + FLAG_WIDTH > right && at.left > FLAG_WIDTH))
  }
  return markers
}

function selections(view: EditorView, binding: Binding): LayerMarker[] {
  const markers: LayerMarker[] = []
  for (const { anchor, head, hue } of binding.people) {
    if (anchor === head) continue
    const range = EditorSelection.range(Math.min(anchor, head), Math.max(anchor, head))
    markers.push(...RectangleMarker.forRange(view, `cm-tandem-selection cm-tandem-h${hue}`, range))
  }
  return markers
}

function moved(update: ViewUpdate): boolean {
  return (
    update.docChanged || update.selectionSet || update.focusChanged ||
    update.transactions.some((tr) => tr.effects.some((e) => e.is(peopleMoved)))
  )
}

/** The layers of the people that `binding` knows. */
export function peopleLayers(binding: (view: EditorView) => Binding | null): Extension {
  const of = (draw: (view: EditorView, binding: Binding) => LayerMarker[]) => (view: EditorView): LayerMarker[] => {
    const known = binding(view)
    return known ? draw(view, known) : []
  }
  return [
    layer({ above: true, class: "cm-tandem-carets", update: moved, markers: of(carets) }),
    layer({ above: false, class: "cm-tandem-selections", update: moved, markers: of(selections) }),
  ]
}

function hueRules(theme: "&light" | "&dark", hues: readonly string[], text: string): Record<string, Record<string, string>> {
  return Object.fromEntries(
    hues.map((hue, i) => [`${theme} .cm-tandem-h${i}`, { "--tandem-hue": hue, "--tandem-label": text }]),
  )
}

export const peopleTheme: Extension = EditorView.baseTheme({
  ...hueRules("&light", light, label.light),
  ...hueRules("&dark", dark, label.dark),
  ".cm-tandem-carets": { pointerEvents: "none" },
  ".cm-tandem-caret": {
    position: "absolute",
    top: "0",
    left: "0",
    boxSizing: "border-box",
    width: "0",
    marginLeft: "-1px",
    borderLeft: "2px solid var(--tandem-hue)",
  },
  ".cm-tandem-caret > span": {
    position: "absolute",
    top: "0",
    left: "-2px",
    transform: "translate(var(--tandem-x, 0px), var(--tandem-y, 0px))", // from one place to another without a shift of the layout, too
    boxSizing: "border-box",
    maxWidth: `${FLAG_WIDTH}px`,
    height: `${FLAG_HEIGHT - 2}px`,
    padding: "0 5px",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    font: `500 11px/${FLAG_HEIGHT - 2}px system-ui, sans-serif`,
    unicodeBidi: "isolate",
    color: "var(--tandem-label)",
    background: "var(--tandem-hue)",
  },
  ".cm-tandem-above > span": { "--tandem-y": "-100%", borderRadius: "4px 4px 4px 0" },
  ".cm-tandem-below > span": { "--tandem-y": "var(--tandem-height)", borderRadius: "0 4px 4px 4px" },
  ".cm-tandem-beside > span": {
    "--tandem-x": `${FLAG_GAP}px`,
    "--tandem-y": `calc((var(--tandem-height) - ${FLAG_HEIGHT - 2}px) / 2)`,
    borderRadius: "4px",
  },
  ".cm-tandem-flip > span": { "--tandem-x": "calc(2px - 100%)" },
  ".cm-tandem-above.cm-tandem-flip > span": { borderRadius: "4px 4px 0 4px" },
  ".cm-tandem-below.cm-tandem-flip > span": { borderRadius: "4px 0 4px 4px" },
  ".cm-tandem-dot > span": { visibility: "hidden" },
  ".cm-tandem-dot::after": {
    content: '""',
    position: "absolute",
    top: "-3px",
    left: "-4px",
    width: "6px",
    height: "6px",
    borderRadius: "50%",
    background: "var(--tandem-hue)",
  },
  ".cm-tandem-selection": { background: "color-mix(in srgb, var(--tandem-hue) 20%, transparent)" },
  "@media (forced-colors: active)": {
    ".cm-tandem-caret, .cm-tandem-selection": { forcedColorAdjust: "none" },
  },
})
