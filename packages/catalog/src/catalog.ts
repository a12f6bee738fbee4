/** A catalog: 256 documents of a node, the table of what is in them, and what other gossips carry of them. */
import type { ChangeHeader, Doc } from '@joinery/core'
import { type JoineryNode, type NodeOptions, type NodeStatus, startNode } from '@joinery/node'
import type { ReplicationLimits } from '@joinery/sync/replication'
import { type Applied, Applier } from './deltas/apply.ts'
import { type Clearing, Consumers } from './deltas/consumers.ts'
import { changeName } from './deltas/describe.ts'
import { type DeltaPage, type Part, readFeed } from './deltas/feed.ts'
import { CatalogError } from './errors.ts'
import { type CatalogLimits, catalogLimits } from './limits.ts'
import { checkField, checkId, checkMetadata } from './model/checks.ts'
import { type Explanation, explainEntry } from './model/explain.ts'
import type { EntryKey, Kind } from './model/kinds.ts'
import { documentOf, shardIn, shardOf, shards } from './model/shards.ts'
import { addEntry, removeEntry, updateEntry } from './model/writes.ts'
import { Parts } from './parts.ts'
import { type QueryItem, type QueryPage, type QueryRequest, runQuery } from './query/query.ts'
import { type Entry, Table } from './query/table.ts'
import { told } from './told.ts'

export interface CatalogOptions extends Omit<NodeOptions, 'opened'> {
  /** Fields of metadata that queries find by an index. Default: `indexedByDefault`. */
  readonly indexed?: readonly string[]
  readonly catalog?: Partial<CatalogLimits>
}

export const indexedByDefault: readonly string[] = ['status', 'name', 'size', 'created_at', 'updated_at', 'vm', 'pool']

/** What became of a write. */
export interface Written extends EntryKey {
  /** Names the change in deltas. */
  readonly change: string
  /** Whether the entry was not there before. */
  readonly created: boolean
}

/** What changed, and whether others changed it. */
export interface CatalogNews {
  readonly entries: readonly EntryKey[]
  readonly origin: 'local' | 'remote'
}

export interface CatalogStatus {
  readonly entries: Readonly<Record<Kind, number>>
  readonly consumers: number
  /** Deltas from elsewhere, since the start. */
  readonly deltas: Readonly<Record<'applied' | 'stale' | 'waiting' | 'refused', number>>
  readonly node: NodeStatus
}

export interface Catalog {
  readonly node: JoineryNode
  readonly limits: CatalogLimits
  /** Adds an entry, or joins what is there. Resolves when it is durable. Throws `CATALOG_ID_INVALID`, `CATALOG_METADATA_INVALID`. */
  add(entry: EntryKey, metadata?: unknown): Promise<Written>
  /** Writes fields of an entry that is there. Throws `CATALOG_NOT_FOUND`, too. */
  update(entry: EntryKey, metadata: unknown): Promise<Written>
  /** Removes what is seen of an entry here. Throws `CATALOG_NOT_FOUND`. */
  remove(entry: EntryKey): Promise<Written>
  get(entry: EntryKey): QueryItem | undefined
  /** Why an entry is as it is. Throws `CATALOG_NOT_FOUND`. */
  explain(entry: EntryKey): Explanation
  /** Throws `CATALOG_QUERY_INVALID`, `CATALOG_CURSOR_INVALID`. */
  query(request: QueryRequest): QueryPage
  /** What a consumer has not acknowledged. Throws `CATALOG_CURSOR_INVALID`, `CATALOG_CONSUMERS_FULL`. */
  deltas(consumer: string, options?: { readonly limit?: number; readonly cursor?: string | undefined }): DeltaPage
  /** Takes deltas in: all are checked before the first is applied. Throws `CATALOG_DELTA_*`. */
  apply(deltas: readonly unknown[]): Promise<Applied>
  /** Answers how many changes were acknowledged. Throws `CATALOG_VERSION_UNKNOWN`. */
  clear(consumer: string, clearing: Clearing): Promise<number>
  /** Told of every change; answers what ends that. Listeners must not throw. */
  subscribe(listener: (news: CatalogNews) => void): () => void
  status(): CatalogStatus
  /** Hash of the version of each part that has anything: equal on two nodes where they have the same. */
  versions(): Readonly<Record<string, string>>
  stop(options?: { readonly leave?: boolean }): Promise<void>
}

/** All parts stay in memory, beside documents that others may keep on the same node. */
const DOCUMENTS_LOADED_MAX = 2 * shards.length
/** Parts that are read at the same time when the catalog starts. */
const READS_MAX = 8

/** Starts the node, and reads everything. Throws what `startNode` does. */
export async function startCatalog(options: CatalogOptions): Promise<Catalog> {
  const { indexed = indexedByDefault, catalog, replication, ...rest } = options
  const limits = { ...catalogLimits, ...catalog }
  if (indexed.length > limits.indexesMax) {
    throw new CatalogError('CATALOG_QUERY_INVALID', `there are at most ${limits.indexesMax} indexes`)
  }
  for (const field of indexed) checkField(field, limits)
  const table = new Table({ limits, indexed })
  const running = new RunningCatalog(table, limits)
  const consumers = await Consumers.open(options.store, limits)
  const loaded: Partial<ReplicationLimits> = { documentsLoadedMax: DOCUMENTS_LOADED_MAX, ...replication }
  const node = await startNode({
    ...rest,
    replication: loaded,
    opened: (document, doc) => running.parts.opened(document, doc),
  })
  await running.start(node, consumers, options.wallMs)
  return running
}

class RunningCatalog implements Catalog {
  readonly limits: CatalogLimits
  readonly parts: Parts
  readonly #table: Table
  readonly #listeners = new Set<(news: CatalogNews) => void>()
  #node: JoineryNode | undefined
  #consumers: Consumers | undefined
  #applier: Applier | undefined

  constructor(table: Table, limits: CatalogLimits) {
    this.#table = table
    this.limits = limits
    this.parts = new Parts(table, (entries, origin) => {
      for (const listener of this.#listeners) listener({ entries, origin })
    })
  }

  async start(node: JoineryNode, consumers: Consumers, wallMs: () => number): Promise<void> {
    this.#node = node
    this.#consumers = consumers
    const { limits, parts } = this
    this.#applier = new Applier({ node, parts, limits, wallMs })
    const documents = node.documents().filter((document) => shardIn(document) !== undefined)
    for (let at = 0; at < documents.length; at += READS_MAX) {
      await Promise.all(documents.slice(at, at + READS_MAX).map((document) => node.read(document, () => undefined)))
    }
    this.#table.build()
  }

  get node(): JoineryNode {
    if (this.#node === undefined) throw new CatalogError('CATALOG_STOPPED', 'the catalog is not running')
    return this.#node
  }

  async add(entry: EntryKey, given: unknown = {}): Promise<Written> {
    checkId(entry.id, this.limits)
    const metadata = checkMetadata(given, this.limits)
    const created = this.#table.get(entry) === undefined
    return await this.#write(entry, created, (doc) => addEntry(doc, entry, metadata))
  }

  async update(entry: EntryKey, given: unknown): Promise<Written> {
    checkId(entry.id, this.limits)
    const metadata = checkMetadata(given, this.limits)
    this.#require(entry)
    return await this.#write(entry, false, (doc) => {
      this.#require(entry)
      updateEntry(doc, entry, metadata)
    })
  }

  async remove(entry: EntryKey): Promise<Written> {
    checkId(entry.id, this.limits)
    this.#require(entry)
    return await this.#write(entry, false, (doc) => removeEntry(doc, entry, Object.keys(this.#require(entry).metadata)))
  }

  async #write(entry: EntryKey, created: boolean, write: (doc: Doc) => void): Promise<Written> {
    const shard = shardOf(entry)
    const document = documentOf(shard)
    const headers = await told(this.node.edit(document, write))
    const header = headers.at(-1) as ChangeHeader
    this.parts.stored(document, header.first + header.length - 1)
    return { ...entry, change: changeName(shard, header), created }
  }

  #require(entry: EntryKey): Entry {
    const found = this.#table.get(entry)
    if (found !== undefined) return found
    const detail = `there is no entry ${JSON.stringify(entry.id)} among the ${entry.kind} of this node`
    throw new CatalogError('CATALOG_NOT_FOUND', detail)
  }

  get(entry: EntryKey): QueryItem | undefined {
    const found = this.#table.get(entry)
    return found === undefined ? undefined : { ...entry, metadata: found.metadata }
  }

  explain(entry: EntryKey): Explanation {
    const { metadata } = this.#require(entry)
    const { doc } = this.parts.get(shardOf(entry)) as Part
    return explainEntry(doc, entry, Object.keys(metadata))
  }

  query(request: QueryRequest): QueryPage {
    return runQuery(this.#table, request, this.limits)
  }

  deltas(
    name: string,
    { limit, cursor }: { readonly limit?: number; readonly cursor?: string | undefined } = {},
  ): DeltaPage {
    const { deltasPageDefault, deltasPageMax } = this.limits
    const consumer = this.#running.consumers.obtain(name)
    const most = Math.min(limit ?? deltasPageDefault, deltasPageMax)
    return readFeed(consumer, { part: (shard) => this.parts.get(shard), limit: most, cursor })
  }

  async apply(deltas: readonly unknown[]): Promise<Applied> {
    return await this.#running.applier.apply(deltas)
  }

  async clear(consumer: string, clearing: Clearing): Promise<number> {
    return await this.#running.consumers.clear(consumer, clearing)
  }

  subscribe(listener: (news: CatalogNews) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  status(): CatalogStatus {
    const { consumers, applier } = this.#running
    const entries = { snapshots: this.#table.count('snapshots'), images: this.#table.count('images') }
    return { entries, consumers: consumers.count, deltas: { ...applier.counted }, node: this.node.status() }
  }

  versions(): Readonly<Record<string, string>> {
    const known = shards.flatMap((shard) => {
      const part = this.parts.get(shard)
      return part === undefined || part.doc.version().size === 0 ? [] : [[shard, part.doc.versionHash()]]
    })
    return Object.fromEntries(known) as Record<string, string>
  }

  async stop(options?: { readonly leave?: boolean }): Promise<void> {
    this.#listeners.clear()
    await this.#node?.stop(options)
  }

  get #running(): { readonly consumers: Consumers; readonly applier: Applier } {
    const [consumers, applier] = [this.#consumers, this.#applier]
    if (consumers === undefined || applier === undefined) throw new CatalogError('CATALOG_STOPPED', 'not running')
    return { consumers, applier }
  }
}
