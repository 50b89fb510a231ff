// The colours of people: twelve hues spaced by 30° in OKLCH, at one lightness per theme (0.53 light, 0.79 dark), with as
// much chroma as sRGB has there, at most 0.15 and 0.13. Each is a caret, a tint and the ground of a label, and is told from
// the page by at least 3:1 and from its label by at least 4.5:1 (measured by test/ui-hues.test.ts).
//
// On the wire a person's colour is "h0" to "h11". What others send is a string of theirs: it is compared, never used as a
// colour or a class. Two people present never share a hue while there are twelve or fewer: the one who came later moves on,
// on every screen alike, because session numbers are the same for all.

export const HUES = 12

export const light: readonly string[] = [
  "#b13e4f", "#af4803", "#916100", "#766f01", "#427e0b", "#067f5c",
  "#027c7c", "#027797", "#226bc0", "#655bbe", "#8c4ca6", "#a5417f",
]
export const dark: readonly string[] = [
  "#ff99a1", "#fe9f73", "#ebae51", "#c7bf53", "#96cd76", "#5ad5a6",
  "#23d4d4", "#45cbf9", "#8bbeff", "#b3b1ff", "#daa0f4", "#f697ce",
]
/** The text on a ground of such a hue. */
export const label = { light: "#ffffff", dark: "#141518" } as const

const STEP = 5 // prime to twelve, and far from the hue that is taken

/** The hue that a colour string asks for; null for a string that is not ours. */
export function parseHue(color: string): number | null {
  const m = /^h([0-9]|1[01])$/.exec(color)
  return m ? Number(m[1]) : null
}

/** What is known of a person when hues are given out. */
export interface Coloured {
  readonly session: number
  readonly color: string
}

/** A hue for every session: each has the one it asks for, oldest first; one that is taken moves on to the next free one. */
export function assignHues(people: Iterable<Coloured>): Map<number, number> {
  const taken = new Set<number>()
  const hues = new Map<number, number>()
  for (const { session, color } of [...people].sort((a, b) => a.session - b.session)) {
    let hue = parseHue(color) ?? Math.abs(Math.trunc(session)) % HUES
    while (taken.has(hue) && taken.size < HUES) hue = (hue + STEP) % HUES
    taken.add(hue)
    hues.set(session, hue)
  }
  return hues
}
