// How a person's name is shown. It comes from somebody else: it is text, and never anything but text.

/** A name without what turns the direction of writing, does not show, or breaks the line; at most 40 characters. */
export function displayName(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "").trim()
  return [...clean].slice(0, 40).join("") || "Someone"
}

/** One or two letters for an avatar: of the first and the last word. */
export function initials(name: string): string {
  const words = displayName(name).split(/\s+/)
  const first = [...(words[0] ?? "")][0] ?? "?"
  const last = words.length > 1 ? [...(words.at(-1) ?? "")][0] ?? "" : ""
  return (first + last).toLocaleUpperCase()
}
