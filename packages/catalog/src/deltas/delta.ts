/**
 * A delta, as it travels in JSON: readable, and beside it the bytes it was read from. The bytes are a change of core, which every node
 * applies as it is, so that nodes that were given the same deltas are the same byte for byte; what is readable is derived from them, and
 * whoever takes a delta checks that it says the same.
 *
 * A change that adds an entry with metadata is two deltas, `snapshots:ID` and `snapshot_metadata:ID`. Both carry the whole change: either
 * brings both.
 */
import type { JsonValue } from '@joinery/core'
import type { Metadata } from '../model/checks.ts'
import type { Kind } from '../model/kinds.ts'

interface Common {
  /** Names what the bytes are: `shard.actor.counter` of a change. The same for all deltas of one change. */
  readonly change: string
  readonly key: string
  /** Microseconds since 1970, by the clock of the author. */
  readonly timestamp: number
  /** The node that wrote it. */
  readonly node: string
  /** Vector clock: what its author had seen last of each author, and this change of its own. */
  readonly clock: Readonly<Record<string, number>>
  /** Base64. */
  readonly bytes: string
}

/** Additions and removals of one entry. */
export interface OrSetDelta extends Common {
  readonly type: 'orset'
  readonly tags: { readonly added: readonly string[]; readonly removed: readonly string[] }
}

export interface FieldWrite {
  readonly value: JsonValue
  readonly timestamp: number
  readonly node: string
  readonly tag: string
}

/** Writes and removals of fields of one entry. */
export interface LwwDelta extends Common {
  readonly type: 'lww'
  readonly fields: Readonly<Record<string, FieldWrite>>
  /** Tags of writes that this one overwrote, or removed, having seen them; by field. */
  readonly removed: Readonly<Record<string, readonly string[]>>
}

/** One of the 256 parts of the catalog as a whole, for who was away for so long that its single changes were folded. */
export interface StateDelta {
  readonly change: string
  readonly key: string
  readonly type: 'state'
  readonly clock: Readonly<Record<string, number>>
  readonly entries: Readonly<Record<Kind, Readonly<Record<string, Metadata>>>>
  readonly bytes: string
}

export type Delta = OrSetDelta | LwwDelta | StateDelta

/** Any value in one form: members ascending by name. Two that are equal as JSON have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
