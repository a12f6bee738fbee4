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
import { documentOf, shardOf, shards } from './model/shards.ts'
import { addEntry, removeEntry, updateEntry } from './model/writes.ts'
import { Parts } from './parts.ts'
import { type QueryItem, type QueryPage, type QueryRequest, runQuery } from './query/query.ts'
import { type Entry, Table } from './query/table.ts'
import { told } from './told.ts'

export interface CatalogOptions extends NodeOptions {
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
  /** Adds an entry, or joins what is there. Resolves when it is durable. Throws `ID_INVALID`, `CATALOG_METADATA_INVALID`. */
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
/** Starts the node, and reads everything. Throws what `startNode` does. */
export async function startCatalog(options: CatalogOptions): Promise<Catalog> {
  const { indexed = indexedByDefault, catalog, replication, ...rest } = options
  const limits = { ...catalogLimits, ...catalog }
  checkIndexed(indexed, limits)
  const table = new Table({ limits, indexed })
  const consumers = await Consumers.open(options.store, limits)
  const loaded: Partial<ReplicationLimits> = { documentsLoadedMax: DOCUMENTS_LOADED_MAX, ...replication }
  const node = await startNode({ ...rest, replication: loaded })
  try {
    const running = new RunningCatalog({ node, table, consumers, limits, wallMs: options.wallMs })
    await running.start()
    return running
  } catch (error) {
    await node.stop()
    throw error
  }
}

function checkIndexed(indexed: readonly string[], limits: CatalogLimits): void {
  if (indexed.length > limits.indexesMax) {
    throw new CatalogError('CATALOG_QUERY_INVALID', `there are at most ${limits.indexesMax} indexes`)
  }
  for (const field of indexed) checkField(field, limits)
}

interface RunningOptions {
  readonly node: JoineryNode
  readonly table: Table
  readonly consumers: Consumers
  readonly limits: CatalogLimits
  readonly wallMs: () => number
}

class RunningCatalog implements Catalog {
  readonly node: JoineryNode
  readonly limits: CatalogLimits
  readonly #table: Table
  readonly #consumers: Consumers
  readonly #parts: Parts
  readonly #applier: Applier
  readonly #listeners = new Set<(news: CatalogNews) => void>()

  constructor({ node, table, consumers, limits, wallMs }: RunningOptions) {
    this.node = node
    this.limits = limits
    this.#table = table
    this.#consumers = consumers
    this.#parts = new Parts(node, table, (entries, origin) => {
      for (const listener of this.#listeners) listener({ entries, origin })
    })
    this.#applier = new Applier({ node, parts: this.#parts, limits, wallMs })
  }

  async start(): Promise<void> {
    await this.#parts.start()
    this.#table.build()
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
    this.#parts.stored(shard, header.first + header.length - 1)
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
    const { doc } = this.#parts.get(shardOf(entry)) as Part
    return explainEntry(doc, entry, Object.keys(metadata))
  }

  query(request: QueryRequest): QueryPage {
    return runQuery(this.#table, request, this.limits)
  }

  deltas(
    name: string,
    { limit, cursor }: { readonly limit?: number; readonly cursor?: string | undefined } = {},
  ): DeltaPage {
    const { deltasPageDefault, deltasPageMax, deltasPageBytesMax } = this.limits
    const consumer = this.#consumers.obtain(name)
    const most = Math.min(limit ?? deltasPageDefault, deltasPageMax)
    return readFeed(consumer, {
      part: (shard) => this.#parts.get(shard),
      limit: most,
      bytesMax: deltasPageBytesMax,
      cursor,
    })
  }

  async apply(deltas: readonly unknown[]): Promise<Applied> {
    return await this.#applier.apply(deltas)
  }

  async clear(consumer: string, clearing: Clearing): Promise<number> {
    return await this.#consumers.clear(consumer, clearing)
  }

  subscribe(listener: (news: CatalogNews) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  status(): CatalogStatus {
    const entries = { snapshots: this.#table.count('snapshots'), images: this.#table.count('images') }
    return { entries, consumers: this.#consumers.count, deltas: { ...this.#applier.counted }, node: this.node.status() }
  }

  versions(): Readonly<Record<string, string>> {
    const known = shards.flatMap((shard) => {
      const part = this.#parts.get(shard)
      return part === undefined || part.doc.version().size === 0 ? [] : [[shard, part.doc.versionHash()]]
    })
    return Object.fromEntries(known) as Record<string, string>
  }

  async stop(options?: { readonly leave?: boolean }): Promise<void> {
    this.#listeners.clear()
    await this.node.stop(options)
  }
}
