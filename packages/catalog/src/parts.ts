/**
 * The documents of the catalog as the node has them in memory, the table of entries that is kept beside them, and how much of what this
 * node wrote is durable.
 */
import type { Patch, SchemaDoc } from '@joinery/core'
import { type DocumentEvent, type JoineryNode, NodeError } from '@joinery/node'
import { ReplicationError } from '@joinery/sync/replication'
import type { Part } from './deltas/feed.ts'
import { type EntryKey, isKind, kinds } from './model/kinds.ts'
import { parseRow } from './model/rows.ts'
import { documentOf, type Shard, shardOf, shards } from './model/shards.ts'
import { entriesOf } from './model/writes.ts'
import type { RowChange, Table } from './query/table.ts'

type Origin = 'local' | 'remote'

/** Told of entries that are other ones than before. */
type Listener = (entries: readonly EntryKey[], origin: Origin) => void

interface OpenPart extends Part {
  ownDurable: number
}

/** Parts that are read at the same time when the catalog starts. */
const READS_MAX = 8

export class Parts {
  readonly #node: JoineryNode
  readonly #table: Table
  readonly #changed: Listener
  readonly #parts = new Map<Shard, OpenPart>()

  constructor(node: JoineryNode, table: Table, changed: Listener) {
    this.#node = node
    this.#table = table
    this.#changed = changed
  }

  /** Reads everything that is stored, and follows it. */
  async start(): Promise<void> {
    for (const shard of shards) this.#node.watch(documentOf(shard), (event) => this.#told(shard, event))
    const documents = new Set(this.#node.documents())
    const stored = shards.filter((shard) => documents.has(documentOf(shard)))
    for (let at = 0; at < stored.length; at += READS_MAX) {
      await Promise.all(stored.slice(at, at + READS_MAX).map((shard) => this.#read(shard)))
    }
  }

  get(shard: Shard): Part | undefined {
    return this.#parts.get(shard)
  }

  /** All changes of this node's own up to this one are durable. */
  stored(shard: Shard, counter: number): void {
    const part = this.#parts.get(shard)
    if (part !== undefined) part.ownDurable = Math.max(part.ownDurable, counter)
  }

  #told(shard: Shard, event: DocumentEvent): void {
    if (event.type === 'reset') {
      // Whoever asked for nothing is told of nothing: what is missed comes with the next change.
      this.#read(shard).catch(() => {})
    } else if (this.#parts.get(shard)?.doc === event.doc) this.#take(event.patches.flatMap(rowChange), event.origin)
    else this.#open(shard, event.doc, event.origin)
  }

  async #read(shard: Shard): Promise<void> {
    const document = documentOf(shard)
    let known = 0
    try {
      await this.#node.read(document, (doc) => {
        known = doc.known(doc.actor.id)
        if (this.#parts.get(shard)?.doc !== doc) this.#open(shard, doc, 'remote')
      })
    } catch (error) {
      if (error instanceof NodeError && error.code === 'NODE_DOCUMENT_MISSING') this.#close(shard)
      // The node fetches it from its peers, and tells of the changes as they come.
      else if (!(error instanceof ReplicationError) || error.code !== 'REPLICATION_DAMAGED') throw error
      return
    }
    // Nothing is taken in by this; it ends when everything that was known is durable.
    await this.#node.submit(document, [])
    this.stored(shard, known)
  }

  #open(shard: Shard, doc: SchemaDoc, origin: Origin): void {
    const wasOpen = this.#parts.has(shard)
    this.#parts.set(shard, { doc, ownDurable: 0 })
    const rows = rowsOf(doc)
    this.#take(wasOpen ? [...this.#lost(shard, rows), ...rows] : rows, origin)
  }

  #close(shard: Shard): void {
    if (this.#parts.delete(shard)) this.#take(this.#lost(shard, []), 'remote')
  }

  #take(rows: readonly RowChange[], origin: Origin): void {
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

function rowsOf(doc: SchemaDoc): RowChange[] {
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
