import { compose, type Content, invert, lengthOf, type Op, transform, transformOffset } from "./op.js"

/** Typing that goes on within this time is one step, in milliseconds. */
export const GROUP_WITHIN = 500
/** So many steps are kept. */
export const MOST_STEPS = 500

interface Step {
  /** Undoes the step, on the content as it is once all steps above this one are undone. */
  op: Op
  /** What others did, for the steps below: they are moved over it when this one goes. */
  below: Op
}

/** Where a piece of typing was, and where the next would go on. */
interface Typing {
  readonly kind: "insert" | "delete"
  readonly at: number
  readonly until: number
}

/**
 * The steps that a user can undo and redo: their own edits only. PURE: time is given.
 *
 * Each step is the inverse of an edit, moved over what others did since (side left: it will reach the server later). Only the
 * topmost step is moved at once; what is below waits, composed, so that a commit costs the same however many steps there are.
 */
export class Undo {
  readonly #undo: Step[] = []
  readonly #redo: Step[] = []
  #typing: Typing | undefined
  #typedAt = 0

  /** Notes an edit of the user, made on before. */
  edited(op: Op, before: Content, now: number): void {
    const typing = typingOf(op)
    const goesOn = now - this.#typedAt < GROUP_WITHIN && follows(this.#typing, typing)
    const top = this.#undo.at(-1)
    const inverse = invert(op, before)
    if (goesOn && top !== undefined) top.op = compose(inverse, top.op)
    else push(this.#undo, inverse)
    this.#redo.length = 0
    this.#typing = typing
    this.#typedAt = now
  }

  /** Notes what others did to the content that the user sees. */
  arrived(op: Op): void {
    for (const steps of [this.#undo, this.#redo]) {
      const top = steps.at(-1)
      if (top === undefined) continue
      top.below = compose(top.below, transform(op, top.op, "right"))
      top.op = transform(top.op, op, "left")
    }
    const t = this.#typing
    if (t !== undefined) this.#typing = { ...t, at: transformOffset(op, t.at, "left"), until: transformOffset(op, t.until, "left") }
  }

  /** What undoes the last step that there is still something to undo of; undefined: none. The caller makes it an edit of content. */
  undo(content: Content): Op | undefined {
    return this.#move(this.#undo, this.#redo, content)
  }

  /** What does the last undone step again. */
  redo(content: Content): Op | undefined {
    return this.#move(this.#redo, this.#undo, content)
  }

  #move(from: Step[], to: Step[], content: Content): Op | undefined {
    this.#typing = undefined
    for (let step = pop(from); step !== undefined; step = pop(from)) {
      if (step.op.length === 0) continue // others have done the same
      push(to, invert(step.op, content))
      return step.op
    }
    return undefined
  }
}

function push(steps: Step[], op: Op): void {
  steps.push({ op, below: [] })
  if (steps.length > MOST_STEPS) steps.shift()
}

function pop(steps: Step[]): Step | undefined {
  const step = steps.pop()
  const next = steps.at(-1)
  if (step !== undefined && next !== undefined && step.below.length > 0) {
    next.below = compose(next.below, transform(step.below, next.op, "right"))
    next.op = transform(next.op, step.below, "left")
  }
  return step
}

/** An op that inserts at one place, or deletes at one place, and does nothing else. */
function typingOf(op: Op): Typing | undefined {
  const [first, second, third] = op
  const at = first !== undefined && "retain" in first && first.attrs === undefined ? first.retain : 0
  const c = at > 0 ? second : first
  if (c === undefined || (at > 0 ? third : second) !== undefined) return undefined
  if ("delete" in c) return { kind: "delete", at, until: at + c.delete }
  if ("insert" in c) return { kind: "insert", at, until: at + lengthOf(c) }
  return undefined
}

/** Whether typing goes on: behind what was inserted; before or behind (the Delete key) what was deleted. */
function follows(last: Typing | undefined, next: Typing | undefined): boolean {
  if (last === undefined || next === undefined || last.kind !== next.kind) return false
  return next.kind === "insert" ? next.at === last.until : next.until === last.at || next.at === last.at
}
