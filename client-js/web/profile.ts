// One's own name and colour.
import { HUES, parseHue } from "../src/hues.js"
import type { Connection } from "../src/index.js"
import { el } from "./dom.js"
import { openPopover, type PopoverOptions } from "./popover.js"
import { fitName, saveUser } from "./storage.js"

const COLOURS = ["Red", "Orange", "Amber", "Olive", "Green", "Emerald", "Teal", "Cyan", "Blue", "Indigo", "Purple", "Pink"]

/** Opens the profile; `changed` is called after each change, which is sent and remembered at once. */
export function openProfile(anchor: HTMLElement, conn: Connection, changed: () => void, options: Partial<PopoverOptions> = {}): void {
  const change = (next: { name?: string; color?: string }): void => {
    const user = { ...conn.user, ...next }
    conn.setUser(user)
    saveUser(user)
    changed()
  }
  const name = el("input", {
    id: "own-name", class: "field", type: "text", autocomplete: "nickname", maxlength: 64, "data-focus": true, value: conn.user.name,
    oninput: () => {
      const fit = fitName(name.value)
      if (fit) change({ name: fit })
    },
    onchange: () => (name.value = conn.user.name),
  })
  const hues = el("div", { class: "hues", role: "radiogroup", "aria-label": "Your colour" })
  for (let hue = 0; hue < HUES; hue++) {
    hues.append(el("label", { class: `hue h${hue}`, title: COLOURS[hue] ?? "" },
      el("input", {
        type: "radio", name: "hue", value: `h${hue}`, checked: parseHue(conn.user.color) === hue, "aria-label": COLOURS[hue] ?? "",
        onchange: () => change({ color: `h${hue}` }),
      }),
    ))
  }
  const form = el("form", {
    class: "profile",
    onsubmit: (event: Event) => {
      event.preventDefault()
      form.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))
    },
  },
    el("label", { for: "own-name" }, "Your name"),
    name,
    el("p", { class: "label" }, "Your colour"),
    hues,
    el("p", { class: "hint" }, "Others in this document see it at your caret. It is remembered in this browser."),
  )
  openPopover(anchor, form, { label: "Your name and colour", ...options })
  name.select()
}
