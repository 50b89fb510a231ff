// How far the text on the screen is behind the document: nothing here knows an editor.
//
// What others write is in the document's text at once. The editor shows it as soon as it can: not while an input method is
// composing, and not in the middle of an update of its own. `behind` is what the editor has still to show, so that always
//
//	G1  apply(text on the screen, behind) = text of the document.
//
// An edit made on a screen that is behind is moved over `behind` before it is submitted, and `behind` over the edit. The
// edit reaches the server later than what is committed already: it has side left, `behind` has side right, as with pending
// operations, and G1 is kept by TP1. Composing what is held is exact, because transforming over a composition equals
// transforming one by one.
import { compose, type Op, transform, transformOffset } from "./index.js"

export class Lag {
  #behind: Op = []

  /** What the screen has still to show. */
  get behind(): Op {
    return this.#behind
  }

  get caughtUp(): boolean {
    return this.#behind.length === 0
  }

  /** The document changed by `op` otherwise than by an edit on this screen. */
  arrived(op: Op): void {
    this.#behind = compose(this.#behind, op)
  }

  /** The screen changed by `op`, on its own text; the result is the same edit on the document's text. */
  edited(op: Op): Op {
    const submitted = transform(op, this.#behind, "left")
    this.#behind = transform(this.#behind, op, "right")
    return submitted
  }

  /** The screen's text differs from what was submitted, and `op` would mend it. */
  mend(op: Op): void {
    this.#behind = compose(op, this.#behind)
  }

  /** The screen shows everything now. */
  shown(): void {
    this.#behind = []
  }

  /** The screen and the document are as far apart as `op`, whatever was held before. */
  restart(op: Op): void {
    this.#behind = op
  }

  /** Where an offset of the screen's text is in the document's. */
  toDocument(offset: number): number {
    return transformOffset(this.#behind, offset, "left")
  }
}
