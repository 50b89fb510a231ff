// Text that leaves the page: to the clipboard, or to a file. A page on plain http has no navigator.clipboard.
import { el } from "./dom.js"

/** Puts `text` on the clipboard; false when the browser lets nobody. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // refused: the old way may work
  }
  const area = el("textarea", { class: "unseen", readonly: true, "aria-hidden": "true", tabindex: -1 })
  area.value = text
  const focused = document.activeElement
  document.body.append(area)
  area.select()
  let done = false
  try {
    done = document.execCommand("copy")
  } catch {
    // not there
  }
  area.remove()
  if (focused instanceof HTMLElement) focused.focus()
  return done
}

/** Saves `text` as a file of plain text named after the document. */
export function downloadText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }))
  const link = el("a", { href: url, download: `${fileName(name)}.txt` })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function fileName(name: string): string {
  return name.replace(/[\\/:*?"<>|]/g, "-").replace(/^\.+/, "") || "document"
}

/** The link to this document. */
export function ownLink(): string {
  return location.origin + location.pathname
}
