// How the page looks: what is chosen in the menu, put on the document's root.
import { loadSettings, saveSettings, type Settings } from "./storage.js"

const listeners = new Set<(settings: Settings) => void>()
let current = loadSettings()
const systemDark = matchMedia("(prefers-color-scheme: dark)")
systemDark.addEventListener("change", () => applySettings())

export function settings(): Settings {
  return current
}

export function isDark(): boolean {
  return current.theme === "dark" || (current.theme === "system" && systemDark.matches)
}

export function changeSettings(change: Partial<Settings>): void {
  current = { ...current, ...change }
  saveSettings(current)
  applySettings()
}

export function onSettings(fn: (settings: Settings) => void): void {
  listeners.add(fn)
}

export function applySettings(): void {
  const { style } = document.documentElement
  style.colorScheme = current.theme === "system" ? "light dark" : current.theme
  style.setProperty("--size", `${current.size}px`)
  for (const fn of listeners) fn(current)
}
