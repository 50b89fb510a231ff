// Attributes as values. An object without a prototype holds them, so that "__proto__" and "constructor" are keys like any
// other; attributes that an application made with {} are read by own properties only. None is undefined, never {}.

import type { Attrs, Value } from "./component.js"
import { compareKeys } from "./text.js"

/** Attributes that are being made. */
export type Draft = Record<string, Value>

export function draft(): Draft {
  return Object.create(null) as Draft
}

/** The keys in the order of their UTF-8 bytes. */
export function sortedKeys(attrs: Attrs): string[] {
  const keys = Object.keys(attrs)
  return keys.length > 1 ? keys.sort(compareKeys) : keys
}

/** The value of key; undefined where there is none. */
export function valueOf(attrs: Attrs | undefined, key: string): Value | undefined {
  return attrs !== undefined && Object.hasOwn(attrs, key) ? attrs[key] : undefined
}

export function hasAttrs(attrs: Attrs | undefined): attrs is Attrs {
  return attrs !== undefined && Object.keys(attrs).length > 0
}

export function equalAttrs(a: Attrs | undefined, b: Attrs | undefined): boolean {
  if (a === b) return true
  const keys = a === undefined ? [] : Object.keys(a)
  if (keys.length !== (b === undefined ? 0 : Object.keys(b).length)) return false
  return keys.every((key) => valueOf(a, key) === valueOf(b, key))
}

/** a with the values of b put over it. Nulls are kept where keepNull is set, and otherwise remove their key. */
export function overlay(a: Attrs | undefined, b: Attrs | undefined, keepNull: boolean): Attrs | undefined {
  if (!hasAttrs(b)) return a
  const out = draft()
  if (a !== undefined) for (const key of Object.keys(a)) out[key] = a[key] as Value
  for (const key of Object.keys(b)) {
    const value = b[key] as Value
    if (value === null && !keepNull) delete out[key]
    else out[key] = value
  }
  return orNone(out)
}

/** a less the keys that b sets. */
export function without(a: Attrs | undefined, b: Attrs | undefined): Attrs | undefined {
  if (a === undefined || b === undefined) return a
  const out = draft()
  for (const key of Object.keys(a)) {
    if (!Object.hasOwn(b, key)) out[key] = a[key] as Value
  }
  return orNone(out)
}

/**
 * What brings text that had the attributes old back to them after change was put over it: the old value of each key that
 * change sets, null where there was none.
 */
export function undoAttrs(old: Attrs | undefined, change: Attrs): Attrs | undefined {
  const out = draft()
  for (const key of Object.keys(change)) out[key] = valueOf(old, key) ?? null
  return orNone(out)
}

/** attrs less its nulls: what an insert may carry. */
export function withoutNulls(attrs: Attrs | undefined): Attrs | undefined {
  if (attrs === undefined || !Object.values(attrs).includes(null)) return attrs
  return overlay(undefined, attrs, false)
}

function orNone(attrs: Attrs): Attrs | undefined {
  return hasAttrs(attrs) ? attrs : undefined
}
