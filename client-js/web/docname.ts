// Names of documents: what a name may be, and names that can be read aloud.

const MAX_BYTES = 128

/** Why a name cannot be a document's, as a sentence; null when it can. The server has the same rule. */
export function nameProblem(name: string): string | null {
  if (name === "") return "A name needs at least one character."
  if (new TextEncoder().encode(name).length > MAX_BYTES) return "This name is too long: 128 letters are the most, fewer with accents or emoji."
  if (/\p{Cc}/u.test(name)) return "A name cannot have control characters in it."
  if (/\p{Cs}/u.test(name)) return "A name cannot have half a character in it."
  for (const segment of name.split("/")) {
    if (segment === "") return "A name cannot begin or end with a slash, or have two in a row."
    if (segment === "." || segment === "..") return "A part of a name cannot be “.” or “..”."
  }
  return null
}

export type Asked =
  | { readonly page: "start" }
  | { readonly page: "document"; readonly name: string }
  | { readonly page: "nothing"; readonly reason: string }

/** What a path of this site asks for. */
export function nameFromPath(path: string): Asked {
  if (path === "/" || path === "") return { page: "start" }
  if (!path.startsWith("/d/")) return { page: "nothing", reason: "There is no page at this address." }
  let name: string
  try {
    name = decodeURIComponent(path.slice(3))
  } catch {
    return { page: "nothing", reason: "This address is not complete; a part of the link may be missing." }
  }
  const reason = nameProblem(name)
  return reason === null ? { page: "document", name } : { page: "nothing", reason }
}

export function pathOf(name: string): string {
  return `/d/${name.split("/").map(encodeURIComponent).join("/")}`
}

/** What somebody typed or pasted where a name is asked for: a name, or a link to a document of this site. */
export function nameTyped(value: string): string {
  const typed = value.trim()
  try {
    const url = new URL(typed)
    if (url.origin === location.origin && url.pathname.startsWith("/d/")) return decodeURIComponent(url.pathname.slice(3))
  } catch {
    // not a link
  }
  return typed.normalize("NFC")
}

const ADJECTIVES = "amber brisk calm clear cosy early fair fresh gentle golden green happy keen kind lively lucky mild misty noble quick quiet rosy silver simple small smooth soft steady still sunny swift warm wide wise young".split(" ")
const PLACES = "bay beach bridge brook cliff cloud coast creek dale field fjord forest garden glade grove harbor hill island lake meadow moor mountain orchard path pond reef ridge river shore spring stone stream valley wave wood".split(" ")
const ANIMALS = "badger beaver bison crane deer dolphin eagle egret falcon finch fox gecko hare heron ibis jay koala lark lynx marten mole moose newt otter owl panda puffin raven robin seal sparrow swan tern turtle whale wren".split(" ")

function pick<T>(from: readonly T[]): T {
  const [n = 0] = crypto.getRandomValues(new Uint32Array(1))
  return from[n % from.length] as T
}

/** A new document's name, such as quiet-river-41. */
export function randomName(): string {
  const [n = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `${pick(ADJECTIVES)}-${pick(PLACES)}-${10 + (n % 990)}`
}

/** A person's name until they give their own, such as Quiet otter. */
export function randomPerson(): string {
  const adjective = pick(ADJECTIVES)
  return `${adjective.charAt(0).toUpperCase()}${adjective.slice(1)} ${pick(ANIMALS)}`
}
