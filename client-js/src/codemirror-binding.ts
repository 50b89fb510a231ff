// The plugin that keeps one editor and one document the same, and knows where the people in it are.
import { Annotation, type ChangeSet, StateEffect, type Text, Transaction } from "@codemirror/state"
import { type EditorView, logException, type PluginValue, type ViewUpdate } from "@codemirror/view"
import { changesOf, editOf, replacement } from "./codemirror-changes.js"
import { Lag } from "./codemirror-lag.js"
import { assignHues } from "./hues.js"
import { type Doc, equal, type Op } from "./index.js"

/** Marks a transaction that shows what happened to the document elsewhere. */
export const remoteChange = Annotation.define<Op>()
/** Makes the editor read-only, or editable again. */
export const setLocked = StateEffect.define<boolean>()
/** Asks the layers to draw people anew. */
export const peopleMoved = StateEffect.define<null>()

/** How long after a move a person's name stays at the caret, in milliseconds. */
export const NAME_SHOWN = 1500
/** How long before it is asked again whether an input method is done; also the time the editor takes to read the result. */
const COMPOSING_POLL = 50
/** Android composes as long as the caret is in a word: there, what others write waits this long after the last key. */
const ANDROID_PAUSE = 2000
const NEAR = 6 // how near to a caret the pointer names its owner, in pixels

/** What a Binding needs of TandemOptions. */
export interface BindingOptions {
  readonly color?: () => string
  readonly onRefused?: (error: unknown) => void
}

/** A person as drawn; offsets are in the editor's text. */
export interface Person {
  readonly session: number
  readonly name: string
  readonly hue: number
  readonly anchor: number
  readonly head: number
  readonly movedAt: number
}

export class Binding implements PluginValue {
  // Fixed.
  readonly #view: EditorView
  readonly #doc: Doc
  readonly #options: BindingOptions
  readonly #off: Array<() => void>
  // Owned by the editor's thread of updates.
  readonly #lag = new Lag()
  #people: Person[] = []
  #near: number | null = null
  #submitting: Op | null = null
  #updating = false
  #ready = false
  #destroyed = false
  #editedAt = 0
  #composedAt = 0
  #catchUpTimer: ReturnType<typeof setTimeout> | undefined
  #nameTimer: ReturnType<typeof setTimeout> | undefined
  #pendingDispatch = false

  constructor(view: EditorView, doc: Doc, options: BindingOptions) {
    this.#view = view
    this.#doc = doc
    this.#options = options
    this.#off = [
      doc.on("change", (op, { local }) => this.#changed(op, local)),
      doc.on("presence", () => this.#dispatchSoon()),
      doc.on("access", () => this.#dispatchSoon()),
      doc.on("status", () => this.#dispatchSoon()),
      doc.on("problem", () => this.#dispatchSoon()),
    ]
    this.#compare()
    doc.ready.then(
      () => {
        if (this.#destroyed) return
        this.#ready = true
        this.#compare()
        this.#showSelf([])
        this.#dispatchSoon()
      },
      () => {}, // the document's status and problem say it
    )
    this.#dispatchSoon()
  }

  /** The people to draw, in no order. */
  get people(): readonly Person[] {
    return this.#people
  }

  /** Whether a person's name stands at the caret now. */
  named(person: Person, now = Date.now()): boolean {
    return this.#near === person.session || now - person.movedAt < NAME_SHOWN
  }

  update(update: ViewUpdate): void {
    this.#updating = true
    for (const tr of update.transactions) {
      if (tr.annotation(remoteChange) !== undefined) this.#lag.shown()
      else if (tr.docChanged) this.#edited(tr)
    }
    this.#updating = false
    const own = update.transactions.filter((tr) => tr.annotation(remoteChange) === undefined)
    if (update.focusChanged || own.some((tr) => tr.selection !== undefined || tr.docChanged)) this.#showSelf(own)
    if (update.docChanged) for (const tr of update.transactions) this.#people = mapPeople(this.#people, tr.changes)
    if (this.#lag.caughtUp) this.#readPeople(update.state.doc)
  }

  destroy(): void {
    this.#destroyed = true
    clearTimeout(this.#catchUpTimer)
    clearTimeout(this.#nameTimer)
    for (const off of this.#off) off()
    this.#doc.presence.set(null)
  }

  /** The pointer is here: names the person whose caret is near. */
  pointAt(event: MouseEvent | null): void {
    let near: number | null = null
    if (event) {
      for (const { session, head } of this.#people) {
        const at = this.#view.coordsAtPos(Math.min(head, this.#view.state.doc.length), -1)
        if (at && Math.abs(event.clientX - at.left) <= NEAR && event.clientY >= at.top - NEAR && event.clientY <= at.bottom) near = session
      }
    }
    if (near === this.#near) return
    this.#near = near
    this.#dispatchSoon()
  }

  // From the editor to the document.

  #edited(tr: Transaction): void {
    const { op, repair } = editOf(tr.changes, tr.startState.doc)
    const before = this.#lag.behind
    const submitted = this.#lag.edited(op)
    if (repair.length > 0) this.#lag.mend(repair)
    this.#editedAt = Date.now()
    const { main } = tr.newSelection
    try {
      this.#submitting = submitted
      if (submitted.length > 0) this.#doc.submit(submitted, main.empty ? this.#lag.toDocument(main.head) : undefined)
    } catch (error) {
      // Refused at once: the screen goes back to what the document holds, rather than show what nobody will see. Throwing
      // here would only make the editor drop this plugin.
      this.#lag.restart(before)
      this.#lag.mend(editOf(tr.changes.invert(tr.startState.doc), tr.newDoc).op)
      if (this.#options.onRefused) this.#options.onRefused(error)
      else logException(tr.state, error, "tandem")
    } finally {
      this.#submitting = null
    }
    if (!this.#lag.caughtUp) this.#catchUpSoon(0)
  }

  #showSelf(own: readonly Transaction[]): void {
    const { main } = this.#view.state.selection
    if (!this.#ready) return
    // A caret that moved by typing has travelled with the operation.
    if (main.empty && own.length > 0 && own.at(-1)?.docChanged) return
    if (!this.#view.hasFocus && own.length === 0) return // leaving the window leaves the caret where it was
    this.#doc.presence.set({ anchor: this.#lag.toDocument(main.anchor), head: this.#lag.toDocument(main.head) })
  }

  // From the document to the editor.

  #changed(op: Op, local: boolean): void {
    if (local && this.#submitting && equal(op, this.#submitting)) {
      this.#submitting = null
      return
    }
    this.#lag.arrived(op)
    // An edit of another's making in the middle of our own update is shown after it.
    if (this.#updating || !this.#catchUp()) this.#catchUpSoon(COMPOSING_POLL)
  }

  /** Shows what the editor is behind by. False when it cannot be now. */
  #catchUp(): boolean {
    if (this.#destroyed || this.#lag.caughtUp) return true
    if (this.#composing()) return false
    const op = this.#lag.behind
    this.#view.dispatch({
      changes: changesOf(op),
      annotations: [remoteChange.of(op), Transaction.addToHistory.of(false)],
      filter: false, // a filter that changed it would part the editor from the document
    })
    return true
  }

  #catchUpSoon(delay: number): void {
    clearTimeout(this.#catchUpTimer)
    this.#catchUpTimer = setTimeout(() => {
      if (!this.#catchUp()) this.#catchUpSoon(COMPOSING_POLL)
    }, delay)
  }

  #composing(): boolean {
    const now = Date.now()
    if (!this.#view.composing && !this.#view.compositionStarted) return now - this.#composedAt < COMPOSING_POLL
    this.#composedAt = now
    return !(/Android/.test(navigator.userAgent) && now - this.#editedAt > ANDROID_PAUSE)
  }

  /** Sets the lag from the two texts: at the start, when the editor was made with any text. */
  #compare(): void {
    this.#lag.restart(replacement(this.#view.state.doc.toString(), this.#doc.text))
    if (!this.#lag.caughtUp) this.#catchUpSoon(0)
  }

  // People and the lock: told to the editor in a transaction of their own, since the document may speak in the middle of one.

  #dispatchSoon(): void {
    if (this.#pendingDispatch) return
    this.#pendingDispatch = true
    queueMicrotask(() => {
      this.#pendingDispatch = false
      if (this.#destroyed) return
      const { access, status } = this.#doc
      this.#view.dispatch({
        effects: [setLocked.of(!this.#ready || access === "read" || status === "closed"), peopleMoved.of(null)],
      })
    })
  }

  /** The document's offsets are those of the editor's text only when the editor has caught up. */
  #readPeople(text: Text): void {
    const { presence } = this.#doc
    const others = [...presence.others.values()]
    const self = presence.session === undefined ? [] : [{ session: presence.session, color: this.#options.color?.() ?? "" }]
    const hues = assignHues([...others, ...self])
    const now = Date.now()
    let next = Infinity
    this.#people = []
    for (const { session, name, anchor, head, movedAt } of others) {
      if (head === null) continue
      const at = Math.max(0, Math.min(head, text.length))
      const from = anchor === null ? at : Math.max(0, Math.min(anchor, text.length))
      this.#people.push({ session, name, hue: hues.get(session) ?? 0, anchor: from, head: at, movedAt })
      if (now - movedAt < NAME_SHOWN) next = Math.min(next, movedAt + NAME_SHOWN - now)
    }
    clearTimeout(this.#nameTimer)
    if (next < Infinity) this.#nameTimer = setTimeout(() => this.#dispatchSoon(), next + 10)
  }
}

function mapPeople(people: readonly Person[], changes: ChangeSet): Person[] {
  return people.map((p) => ({ ...p, anchor: changes.mapPos(p.anchor, -1), head: changes.mapPos(p.head, -1) }))
}
