// The page: which of its three faces a path asks for.
import { showDocument } from "./document.js"
import { nameFromPath } from "./docname.js"
import { showNothing } from "./nothing.js"
import { applySettings } from "./settings.js"
import { showStart } from "./start.js"
import { keepAboveKeyboard } from "./viewport.js"

applySettings()
keepAboveKeyboard()
const asked = nameFromPath(location.pathname)
switch (asked.page) {
  case "start":
    showStart()
    break
  case "document":
    showDocument(asked.name)
    break
  case "nothing":
    showNothing(asked.reason)
}
