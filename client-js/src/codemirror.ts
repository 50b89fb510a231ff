// CodeMirror 6 on a Tandem document: `extensions: [tandem(doc)]`.
//
// - What is typed is submitted to the document, one operation a transaction; what others write is dispatched to the editor
//   with the annotation `remoteChange`. The annotation alone tells one from the other.
// - Undo is CodeMirror's own history, which others' changes are kept out of: it takes back one's own edits only.
// - While an input method is composing, what others write waits (see codemirror-lag.ts).
// - People's carets and selections are drawn in layers over and under the text, which they do not touch.
// - The editor is read-only until the document is there, while its access is "read", and when it is closed.
//
// Under a Content-Security-Policy without 'unsafe-inline', give the editor `EditorView.cspNonce`.
import { history, historyKeymap } from "@codemirror/commands"
import { EditorState, type Extension, StateField } from "@codemirror/state"
import { EditorView, keymap, ViewPlugin } from "@codemirror/view"
import { Binding, remoteChange, setLocked } from "./codemirror-binding.js"
import { peopleLayers, peopleTheme } from "./codemirror-people.js"
import type { Doc } from "./index.js"

export { remoteChange } from "./codemirror-binding.js"

/** What `tandem` may be told. */
export interface TandemOptions {
  /** Draw the carets and selections of others. Default true. */
  readonly people?: boolean
  /** One's own colour ("h0" to "h11"), so that nobody else is drawn in it. */
  readonly color?: () => string
  /** Told of an edit that the document did not take in and that is taken back on the screen. Default: CodeMirror's logException. */
  readonly onRefused?: (error: unknown) => void
  /** Include CodeMirror's history and its keys. Default true; false for an editor that has no undo at all. */
  readonly history?: boolean
}

/** Shows `doc` in a CodeMirror editor and lets it be edited there. One document per editor; several editors may show one. */
export function tandem(doc: Doc, options: TandemOptions = {}): Extension {
  const binding: ViewPlugin<Binding> = ViewPlugin.define((view) => new Binding(view, doc, options), {
    eventObservers: {
      mousemove: (event, view) => view.plugin(binding)?.pointAt(event),
      mouseleave: (_event, view) => view.plugin(binding)?.pointAt(null),
    },
  })
  const locked = StateField.define<boolean>({
    create: () => true,
    update: (value, tr) => tr.effects.reduce((v, e) => (e.is(setLocked) ? e.value : v), value),
    provide: (field) => [
      EditorState.readOnly.from(field),
      // No keyboard on the screen of a phone where nothing can be typed.
      EditorView.contentAttributes.from(field, (is): Record<string, string> => (is ? { inputmode: "none" } : {})),
    ],
  })
  // Commands respect readOnly; a program that dispatches to the editor directly may not.
  const refuse = EditorState.changeFilter.of((tr) => tr.annotation(remoteChange) !== undefined || !tr.startState.field(locked))
  return [
    locked,
    refuse,
    binding,
    options.people === false ? [] : [peopleLayers((view) => view.plugin(binding)), peopleTheme],
    options.history === false ? [] : [history(), keymap.of(historyKeymap)],
  ]
}
