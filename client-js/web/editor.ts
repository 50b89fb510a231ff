// The editor on the page: CodeMirror with the shared document in it, and the place in the text kept over a reload.
import { defaultKeymap } from "@codemirror/commands"
import { Compartment, EditorSelection, EditorState } from "@codemirror/state"
import { EditorView, keymap, placeholder } from "@codemirror/view"
import { remoteChange, tandem } from "../src/codemirror.js"
import type { Connection, Doc } from "../src/index.js"
import { searchPanel } from "./search.js"
import { isDark, onSettings, settings } from "./settings.js"
import { loadPlace, savePlace } from "./storage.js"

export interface EditorOptions {
  readonly parent: HTMLElement
  readonly doc: Doc
  readonly conn: Connection
  /** One typed here. */
  readonly ontyped: () => void
  /** Esc was pressed in the text; true when that did something. */
  readonly onescape: () => boolean
  /** An edit was not taken in, and is taken back on the screen. */
  readonly onrefused: (error: unknown) => void
  /** Somebody wants to know whether all is saved. */
  readonly onsave: () => void
}

export function mountEditor({ parent, doc, conn, ontyped, onescape, onrefused, onsave }: EditorOptions): EditorView {
  const look = new Compartment()
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: doc.text,
      extensions: [
        nonce ? EditorView.cspNonce.of(nonce) : [],
        tandem(doc, { color: () => conn.user.color, onRefused: onrefused }),
        searchPanel(),
        keymap.of([
          { key: "Escape", run: onescape },
          { key: "Mod-s", preventDefault: true, run: () => (onsave(), true) },
          ...defaultKeymap,
        ]),
        placeholder("Start writing. Everyone with the link sees it as you type."),
        EditorView.contentAttributes.of({
          "aria-label": `Text of ${doc.name}`, tabindex: "0", spellcheck: "true", autocorrect: "on", autocapitalize: "sentences",
        }),
        EditorView.updateListener.of((update) => {
          if (update.transactions.some((tr) => tr.docChanged && tr.annotation(remoteChange) === undefined)) ontyped()
          if (update.geometryChanged || update.selectionSet) keepPlaceSoon()
        }),
        look.of(lookOf()),
      ],
    }),
  })
  onSettings(() => view.dispatch({ effects: look.reconfigure(lookOf()) }))

  let timer: ReturnType<typeof setTimeout> | undefined
  const keepPlaceSoon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => keepPlace(view, doc.name), 300)
  }
  view.scrollDOM.addEventListener("scroll", keepPlaceSoon, { passive: true })
  addEventListener("pagehide", () => keepPlace(view, doc.name))
  restorePlace(view, doc.name)
  view.focus()
  return view
}

function lookOf() {
  const { wrap } = settings()
  return [
    EditorView.darkTheme.of(isDark()),
    EditorView.editorAttributes.of({ class: wrap ? "wraps" : "scrolls" }),
    wrap ? EditorView.lineWrapping : [],
  ]
}

function keepPlace(view: EditorView, name: string): void {
  const { main } = view.state.selection
  const y = view.scrollDOM.scrollTop - view.documentPadding.top
  const block = view.lineBlockAtHeight(Math.max(0, y))
  savePlace(name, { anchor: main.anchor, head: main.head, top: block.from, skipped: y - block.top })
}

function restorePlace(view: EditorView, name: string): void {
  const place = loadPlace(name)
  if (!place) return
  const { length } = view.state.doc
  const within = (offset: number): number => Math.max(0, Math.min(length, Math.trunc(offset)))
  view.dispatch({
    selection: EditorSelection.single(within(place.anchor), within(place.head)),
    effects: EditorView.scrollIntoView(within(place.top), { y: "start", yMargin: -place.skipped }),
  })
}
