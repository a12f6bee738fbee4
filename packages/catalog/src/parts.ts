/**
 * The documents of the catalog as the node has them in memory, the table of entries that is kept beside them, and how much of what this
 * node wrote is durable.
 */
import type { Doc, DocEvent, Patch } from '@joinery/core'
import type { Part } from './deltas/feed.ts'
import { type EntryKey, isKind, kinds } from './model/kinds.ts'
import { parseRow } from './model/rows.ts'
import { type Shard, shardIn, shardOf } from './model/shards.ts'
import { entriesOf } from './model/writes.ts'
import type { RowChange, Table } from './query/table.ts'

interface OpenPart extends Part {
  ownDurable: number
}

export class Parts {
  readonly #table: Table
  readonly #changed: (entries: readonly EntryKey[], origin: DocEvent['origin']) => void
  readonly #parts = new Map<Shard, OpenPart>()

  /** @param changed is told of entries that are other ones than before. */
  constructor(table: Table, changed: (entries: readonly EntryKey[], origin: DocEvent['origin']) => void) {
    this.#table = table
    this.#changed = changed
  }

  get(shard: Shard): Part | undefined {
    return this.#parts.get(shard)
  }

  /** A document came into memory: begun, loaded, or loaded again because what was here was lost. */
  opened(document: string, doc: Doc): void {
    const shard = shardIn(document)
    if (shard === undefined) return
    const wasOpen = this.#parts.has(shard)
    // What a document is loaded from is durable.
    const part = { doc, ownDurable: doc.known(doc.actor.id) }
    this.#parts.set(shard, part)
    const rows = rowsOf(doc)
    this.#take(wasOpen ? [...this.#lost(shard, rows), ...rows] : rows, 'remote')
    doc.subscribe(({ patches, origin }) => {
      if (this.#parts.get(shard) === part) this.#take(patches.flatMap(rowChange), origin)
    })
  }

  /** A change of this node's own is durable. */
  stored(document: string, counter: number): void {
    const shard = shardIn(document)
    const part = shard === undefined ? undefined : this.#parts.get(shard)
    if (part !== undefined) part.ownDurable = Math.max(part.ownDurable, counter)
  }

  #take(rows: readonly RowChange[], origin: DocEvent['origin']): void {
    const changed = this.#table.apply(rows)
    if (changed.length > 0) this.#changed(changed, origin)
  }

  /** Rows that the table has and a document that was opened again has not. */
  #lost(shard: Shard, rows: readonly RowChange[]): RowChange[] {
    const there = new Set(rows.map(({ kind, id, field }) => JSON.stringify([kind, id, field])))
    const lost: RowChange[] = []
    for (const { kind, id, metadata } of this.#table.all()) {
      if (shardOf({ kind, id }) !== shard) continue
      for (const field of ['', ...Object.keys(metadata)]) {
        if (!there.has(JSON.stringify([kind, id, field]))) lost.push({ kind, id, field, value: undefined })
      }
    }
    return lost
  }
}

function rowsOf(doc: Doc): RowChange[] {
  const rows: RowChange[] = []
  for (const kind of kinds) {
    const map = entriesOf(doc, kind)
    for (const key of map.keys()) {
      const row = parseRow(kind, key)
      const value = map.getLww(key)
      if (row !== undefined && value !== undefined) rows.push({ ...row, value })
    }
  }
  return rows
}

function rowChange(patch: Patch): RowChange[] {
  const [kind, key, ...deeper] = patch.path
  if (typeof kind !== 'string' || !isKind(kind) || typeof key !== 'string' || deeper.length > 0) return []
  const row = parseRow(kind, key)
  if (row === undefined || (patch.type !== 'set' && patch.type !== 'unset')) return []
  return [{ ...row, value: patch.type === 'set' ? patch.value : undefined }]
}
