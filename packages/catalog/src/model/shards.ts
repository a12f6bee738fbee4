/**
 * The catalog is 256 documents. One alone would be written whole each time its log is folded, and compared whole by a scrub: with
 * 1,000,000 entries that is seconds and hundreds of megabytes at a time. 256 keep both at some milliseconds, start fast where there is
 * little, and a version of all of them is still small. The number is part of the format: nodes that differed in it would not meet.
 */
import { createHash } from 'node:crypto'
import type { EntryKey } from './kinds.ts'

/** Two hexadecimal digits. */
export type Shard = string

const PREFIX = 'catalog/'

export const shards: readonly Shard[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** First byte of SHA-256 over `kind:id`. */
export function shardOf({ kind, id }: EntryKey): Shard {
  return shards[createHash('sha256').update(`${kind}:${id}`).digest()[0] as number] as Shard
}

export function documentOf(shard: Shard): string {
  return PREFIX + shard
}

/** Undefined for a document that is no part of the catalog. */
export function shardIn(document: string): Shard | undefined {
  const shard = document.slice(PREFIX.length)
  return document.startsWith(PREFIX) && /^[0-9a-f]{2}$/.test(shard) ? shard : undefined
}
