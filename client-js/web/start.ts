// The start page: one field, and the documents recently open in this browser.
import { el, icon } from "./dom.js"
import { nameProblem, nameTyped, pathOf, randomName } from "./docname.js"
import { forgetRecent, loadRecent, type Recent } from "./storage.js"

export function showStart(): void {
  document.title = "Tandem"
  document.body.classList.add("is-start")
  const suggestion = randomName()
  const problem = el("p", { class: "problem", id: "problem", role: "alert" })
  const field = el("input", {
    id: "name", class: "field", type: "text", placeholder: suggestion, maxlength: 400, autocomplete: "off", autocapitalize: "none",
    spellcheck: "false", "aria-describedby": "problem",
    oninput: () => {
      problem.textContent = ""
      field.removeAttribute("aria-invalid")
      button.textContent = field.value.trim() ? "Open" : "New document"
    },
  })
  const button = el("button", { class: "button primary", type: "submit" }, "New document")
  const form = el("form", {
    class: "open",
    onsubmit: (event: Event) => {
      event.preventDefault()
      const name = nameTyped(field.value) || suggestion
      const reason = nameProblem(name)
      if (reason === null) return location.assign(pathOf(name))
      problem.textContent = reason
      field.setAttribute("aria-invalid", "true")
      field.focus()
    },
  },
    el("label", { for: "name" }, "Open or create a document"),
    el("div", { class: "row" }, field, button),
    problem,
  )
  document.body.append(
    el("main", { class: "start" },
      el("h1", {}, "Tandem"),
      el("p", { class: "tagline" }, "Write together in one document, at the same time."),
      form,
      recentList(),
    ),
  )
  field.focus()
}

function recentList(): HTMLElement | null {
  const recents = loadRecent().filter((r) => nameProblem(r.name) === null)
  if (recents.length === 0) return null
  const list = el("ul", {})
  const section = el("section", { class: "recent", "aria-labelledby": "recent" }, el("h2", { id: "recent" }, "Recently open in this browser"), list)
  for (const recent of recents) {
    const item = el("li", {},
      el("a", { href: pathOf(recent.name) },
        el("span", { class: "name" }, recent.name),
        el("span", { class: "line" }, recent.line || "Empty"),
        el("time", { datetime: new Date(recent.at).toISOString(), title: new Date(recent.at).toLocaleString() }, when(recent)),
      ),
      el("button", {
        class: "quiet", type: "button", title: "Remove from this list", "aria-label": `Remove ${recent.name} from this list; the document stays`,
        onclick: () => {
          forgetRecent(recent.name)
          const next = item.nextElementSibling ?? item.previousElementSibling
          item.remove()
          if (next) next.querySelector("button")?.focus()
          else {
            section.remove()
            document.getElementById("name")?.focus()
          }
        },
      }, icon("close")),
    )
    list.append(item)
  }
  return section
}

function when({ at }: Recent): string {
  const minutes = Math.round((Date.now() - at) / 60_000)
  if (minutes < 1) return "now"
  if (minutes < 60) return `${minutes} min ago`
  const date = new Date(at)
  const today = new Date()
  const days = Math.round((new Date(today.toDateString()).getTime() - new Date(date.toDateString()).getTime()) / 86_400_000)
  if (days === 0) return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
  if (days === 1) return "yesterday"
  if (days < 7) return date.toLocaleDateString([], { weekday: "long" })
  return date.toLocaleDateString([], { day: "numeric", month: "short", ...(date.getFullYear() === today.getFullYear() ? {} : { year: "numeric" }) })
}
