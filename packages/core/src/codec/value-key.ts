/**
 * Elements of a set are JSON values, and a JavaScript `Map` tells primitives apart by value but objects by identity. A value's
 * key is the value itself where it is primitive, and its canonical JSON text behind a mark where it is not.
 */
import type { JsonValue } from './json.ts'

export type ValueKey = string | number | boolean | null

/** Marks keys that are not their own value; a string that begins with it is marked as well, so no two values share a key. */
const MARK = '\u0000'

export function valueKey(value: JsonValue): ValueKey {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? MARK + value : value
  return typeof value === 'object' && value !== null ? MARK + canonicalText(value) : value
}

function canonicalText(value: object): string {
  // Integer-like keys come first in an object whatever its order, so keys are sorted as entries; the wrapping keeps an
  // object apart from an array of such entries.
  return JSON.stringify(value, (_, item: JsonValue) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? { entries: Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)) }
      : item,
  )
}

/** A total order of keys: null, false, true, numbers, then text. */
export function compareKeys(a: ValueKey, b: ValueKey): number {
  const order = rank(a) - rank(b)
  if (order !== 0 || a === b || a === null || b === null) return order
  return a < b ? -1 : 1
}

function rank(key: ValueKey): number {
  if (key === null) return 0
  if (typeof key === 'boolean') return 1
  return typeof key === 'number' ? 2 : 3
}
