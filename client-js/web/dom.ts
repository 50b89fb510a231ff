// Elements without strings of HTML, which the Content-Security-Policy would not help against.

type Child = Node | string | null | undefined | false
type Props = { readonly class?: string } & Readonly<Record<string, string | boolean | number | ((event: never) => void) | undefined>>

/** An element: `on…` functions listen, true and strings become attributes, false and undefined do not. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value as (event: Event) => void)
    else if (value === true) element.setAttribute(key, "")
    else if (value !== false && value !== undefined) element.setAttribute(key, String(value))
  }
  append(element, ...children)
  return element
}

export function append(to: Element, ...children: Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) to.append(child)
}

const ICONS = {
  saved: ["M5 12.5l4.5 4.5L19 7.5"],
  saving: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  offline: ["M4 4l16 16", "M7.5 8.2A6 6 0 0 0 6 20h10.5", "M10.5 6.3A6 6 0 0 1 17.8 11 4.5 4.5 0 0 1 20.5 18"],
  connecting: ["M12 3a9 9 0 1 0 9 9"],
  "read-only": ["M7 11V8a5 5 0 0 1 10 0v3", "M5.5 11h13v9h-13z"],
  "not-saved": ["M12 4L2.5 20.5h19L12 4z", "M12 10.5v4.5", "M12 18h.01"],
  kept: ["M7 3.5h7l4 4v13H7z", "M10 12h5", "M10 16h5"],
  link: ["M10 14a4.5 4.5 0 0 0 6.4 0l3-3A4.5 4.5 0 0 0 13 4.6l-1 1", "M14 10a4.5 4.5 0 0 0-6.4 0l-3 3A4.5 4.5 0 0 0 11 19.4l1-1"],
  menu: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  up: ["M6 14.5l6-6 6 6"],
  down: ["M6 9.5l6 6 6-6"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
} as const

export type Icon = keyof typeof ICONS

export function icon(name: Icon): SVGSVGElement {
  const ns = "http://www.w3.org/2000/svg"
  const svg = document.createElementNS(ns, "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  svg.classList.add("icon", `icon-${name}`)
  for (const d of ICONS[name]) {
    const path = document.createElementNS(ns, "path")
    path.setAttribute("d", d)
    svg.append(path)
  }
  return svg
}
