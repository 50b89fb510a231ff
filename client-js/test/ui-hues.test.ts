// The colours of people, as ui rules want them: measured, and the same in the binding and in the page's style sheet.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { assignHues, dark, HUES, label, light, parseHue } from "../src/hues.js"

const css = readFileSync("web/app.css", "utf8")

function variable(name: string): readonly [light: string, dark: string] {
  const found = new RegExp(`${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css)
  assert.ok(found?.[1] && found[2], `app.css gives ${name}`)
  return [found[1], found[2]]
}

function linear(hex: string): [number, number, number] {
  const of = (i: number): number => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  return [of(1), of(3), of(5)]
}

/** WCAG 2 contrast. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = linear(hex)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/** Lightness and hue angle in OKLCH (Ottosson 2020). */
function oklch(hex: string): { lightness: number; hue: number } {
  const [r, g, b] = linear(hex)
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const c = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  return { lightness: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, hue: ((Math.atan2(c, a) * 180) / Math.PI + 360) % 360 }
}

test("every hue is told from its label and from the page, in both themes", () => {
  const [lightPage, darkPage] = variable("--page")
  for (const [hues, page, text] of [[light, lightPage, label.light], [dark, darkPage, label.dark]] as const) {
    assert.equal(hues.length, HUES)
    for (const hue of hues) {
      assert.ok(contrast(hue, text) >= 4.5, `label on ${hue}: ${contrast(hue, text)}`)
      assert.ok(contrast(hue, page) >= 3, `caret ${hue} on ${page}: ${contrast(hue, page)}`)
    }
  }
})

test("the hues stand 30° apart at one lightness", () => {
  for (const [hues, lightness] of [[light, 0.53], [dark, 0.79]] as const) {
    hues.forEach((hex, i) => {
      const is = oklch(hex)
      assert.ok(Math.abs(is.lightness - lightness) < 0.01, `${hex}: lightness ${is.lightness}`)
      const off = ((is.hue - (15 + 30 * i) + 540) % 360) - 180
      assert.ok(Math.abs(off) < 3, `${hex}: hue ${is.hue}`)
    })
  }
})

test("the style sheet has the same hues, and text that is read", () => {
  for (let i = 0; i < HUES; i++) assert.ok(css.includes(`.h${i} { --hue: light-dark(${light[i]}, ${dark[i]}); }`), `h${i}`)
  assert.deepEqual(variable("--label"), [label.light, label.dark])
  const pages = [variable("--page"), variable("--raised")]
  for (const name of ["--text", "--muted", "--good", "--warn", "--bad", "--accent"]) {
    for (const page of pages) variable(name).forEach((ink, i) => assert.ok(contrast(ink, page[i] as string) >= 4.5, `${name} on ${page[i]}`))
  }
  for (const page of pages) variable("--edge").forEach((edge, i) => assert.ok(contrast(edge, page[i] as string) >= 3, `--edge on ${page[i]}`))
})

test("what others send is compared, never used", () => {
  for (const [color, hue] of [["h0", 0], ["h11", 11], ["h12", null], ["h01", null], ["", null], ["red;}", null], ["h5 ", null]] as const) {
    assert.equal(parseHue(color), hue, color)
  }
})

test("no two people share a hue, and the elder keeps theirs", () => {
  const hues = assignHues([{ session: 9, color: "h4" }, { session: 3, color: "h4" }, { session: 5, color: "url(x)" }])
  assert.deepEqual([hues.get(3), hues.get(5), hues.get(9)], [4, 5, 9])
  const twelve = assignHues(Array.from({ length: 12 }, (_, session) => ({ session, color: "h7" })))
  assert.equal(new Set(twelve.values()).size, 12)
  assert.equal(assignHues(Array.from({ length: 30 }, (_, session) => ({ session, color: "h7" }))).size, 30)
})
