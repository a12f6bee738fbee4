/**
 * How an entry stands in a map of core. Each field of its metadata is a key of its own, so that fields merge one by one, and one more
 * key says that it was added; the entry is there while any of them is. A map of maps would say the same, and takes almost three times the
 * memory: nested containers cost far more than the columns in which plain values stand.
 */
import type { EntryKey, Kind } from './kinds.ts'

/** Between id and field. Neither has it. */
const BETWEEN = '\u0000'

/** The key of one field of an entry; without a field the one that its additions write. */
export function rowKey(id: string, field = ''): string {
  return id + BETWEEN + field
}

export interface Row extends EntryKey {
  /** Empty for the row of its additions. */
  readonly field: string
}

/** Undefined for a key that no catalog writes. */
export function parseRow(kind: Kind, key: string): Row | undefined {
  const at = key.indexOf(BETWEEN)
  if (at <= 0) return undefined
  const field = key.slice(at + 1)
  return field.includes(BETWEEN) ? undefined : { kind, id: key.slice(0, at), field }
}
