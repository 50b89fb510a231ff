/** The pause after a first failure is shorter than this, in milliseconds; each further failure doubles it. */
export const FIRST_PAUSE = 500
/** No pause is longer than this, in milliseconds. */
export const LONGEST_PAUSE = 30_000
/** What has stood this long was good: the next failure counts as the first. In milliseconds. */
export const GOOD_AFTER = 5_000

/**
 * How long to wait before the next attempt: exponential, with full jitter, so that the clients of a server that was gone do
 * not come back all at once. PURE: time, in milliseconds, and chance, from 0 to below 1, are given.
 */
export class Backoff {
  #failures = 0
  #since: number | undefined

  /** An attempt succeeded. */
  succeeded(now: number): void {
    this.#since = now
  }

  /** An attempt failed, or what had succeeded is over: the pause before the next. */
  failed(now: number, random: number): number {
    if (this.#since !== undefined && now - this.#since >= GOOD_AFTER) this.#failures = 0
    this.#since = undefined
    return random * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures++)
  }
}
