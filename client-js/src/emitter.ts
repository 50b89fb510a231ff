/** The events of something: their names, and what each brings. */
export type EventMap<E> = { readonly [K in keyof E]: readonly unknown[] }

interface Listener {
  readonly call: (...args: readonly unknown[]) => void
  /** What has still to be told. */
  readonly queue: (readonly unknown[])[]
  gone: boolean
}

/**
 * Tells listeners of events, at once, and each in the order in which things happened: where a listener causes another event,
 * those that have not heard of the first yet hear of the first first. A listener that throws is reported, and harms nobody.
 */
export class Emitter<E extends EventMap<E>> {
  readonly #listeners = new Map<keyof E, Listener[]>()
  readonly #failed: (error: unknown) => void

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Calls fn from now on; what it returns ends that. */
  on<K extends keyof E>(event: K, fn: (...args: E[K]) => void): () => void {
    const listener: Listener = { call: fn as unknown as Listener["call"], queue: [], gone: false }
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return () => {
      listener.gone = true
      this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((l) => l !== listener))
    }
  }

  emit<K extends keyof E>(event: K, ...args: E[K]): void {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) return
    for (const l of listeners) l.queue.push(args)
    for (const l of listeners) this.#drain(l)
  }

  #drain(l: Listener): void {
    for (let args = l.queue.shift(); args !== undefined; args = l.queue.shift()) {
      if (l.gone) continue
      try {
        l.call(...args)
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}
