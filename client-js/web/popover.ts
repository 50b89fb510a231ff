// What opens over the page: at most one at a time. Esc closes it and returns to the text; so does a click elsewhere.
import { el } from "./dom.js"

let open: { readonly dom: HTMLElement; readonly close: (focus: boolean) => void; readonly anchor: HTMLElement } | null = null
let home: () => void = () => {}

/** Where the focus goes when something closes. */
export function setHome(focus: () => void): void {
  home = focus
}

export function focusHome(): void {
  home()
}

export function closePopover(): void {
  open?.close(true)
}

/** Closes what is open below `anchor`; the focus returns to the text if it was in there. */
export function closePopoverOf(anchor: HTMLElement): void {
  if (open?.anchor === anchor) open.close(open.dom.contains(document.activeElement))
}

export interface PopoverOptions {
  readonly label: string
  /** On a phone it comes from below, where the thumb is. */
  readonly sheet?: boolean
  /** Takes the focus; default true. */
  readonly focus?: boolean
  readonly onclose?: () => void
}

/** Opens `content` below `anchor`, or closes it if it is open there. */
export function togglePopover(anchor: HTMLElement, content: () => HTMLElement, options: PopoverOptions): void {
  if (open?.anchor === anchor) return open.close(true)
  openPopover(anchor, content(), options)
}

export function openPopover(anchor: HTMLElement, content: HTMLElement, options: PopoverOptions): void {
  open?.close(false)
  const dom = el("div", { class: options.sheet ? "popover sheet" : "popover", role: "dialog", "aria-label": options.label }, content)
  const onkey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault()
      event.stopPropagation()
      close(true)
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event)
  }
  const onpointer = (event: PointerEvent): void => {
    const { target } = event
    if (target instanceof Node && !dom.contains(target) && !anchor.contains(target)) close(false)
  }
  const onfocus = (event: FocusEvent): void => {
    const { relatedTarget: to } = event
    if (to instanceof Node && !dom.contains(to) && to !== anchor) close(false)
  }
  const close = (focus: boolean): void => {
    if (open?.dom !== dom) return
    open = null
    document.removeEventListener("keydown", onkey, true)
    document.removeEventListener("pointerdown", onpointer, true)
    dom.remove()
    anchor.setAttribute("aria-expanded", "false")
    options.onclose?.()
    if (focus) home()
  }
  const walk = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLButtonElement) || !dom.contains(event.target)) return
    const stops = [...dom.querySelectorAll<HTMLElement>("button:not(:disabled), input")].filter((stop) => stop.offsetParent !== null)
    const at = stops.indexOf(event.target)
    stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length]?.focus()
    event.preventDefault()
  }
  document.addEventListener("keydown", onkey, true)
  document.addEventListener("pointerdown", onpointer, true)
  dom.addEventListener("focusout", onfocus)
  open = { dom, close, anchor }
  anchor.setAttribute("aria-expanded", "true")
  document.body.append(dom)
  const at = anchor.getBoundingClientRect()
  const right = Math.max(8, Math.min(innerWidth - dom.offsetWidth - 8, innerWidth - at.right))
  dom.style.right = `${right}px`
  if (options.focus !== false) (dom.querySelector<HTMLElement>("[data-focus]") ?? dom.querySelector<HTMLElement>("button, input, a"))?.focus()
}

/** A dialog over the page, for what is read in peace. */
export function showDialog(title: string, ...content: Node[]): void {
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" },
    el("h2", { id: "dialog-title" }, title),
    ...content,
    el("form", { method: "dialog" }, el("button", { class: "button primary", autofocus: true }, "Close")),
  )
  dialog.addEventListener("close", () => {
    dialog.remove()
    home()
  })
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close()
  })
  document.body.append(dialog)
  dialog.showModal()
}
