/**
 * A store in memory: the whole contract of the port, nothing on disk. For tests, simulations and hosts that may forget.
 *
 * What survives `close` is the medium. Hand the same one to a second store and it continues where the first stopped, so that
 * a test restarts a host without files.
 */

import { compareUtf8 } from '@joinery/core'
import {
  type Commit,
  type DocumentHead,
  type DocumentKey,
  type ImportOptions,
  type ListOptions,
  type LogEntry,
  type LogOptions,
  type Page,
  type PageOptions,
  type Receipt,
  type Store,
  type StoredDocument,
  type StoredSnapshot,
  StoreError,
  type StoreIdentity,
} from '@joinery/sync'
import {
  checkCommitArguments,
  checkCompactionArguments,
  checkListArguments,
  checkLogArguments,
  checkPurgeArguments,
  checkReceiptArguments,
  checkReceiptsArguments,
} from './common/arguments.ts'
import { newStoreId, platformRandom, type RandomBytes } from './common/random.ts'
import { checkCommit, checkCompaction, checkImport } from './common/rules.ts'
import { checkStoredDocument } from './common/stored-document.ts'
import { writeImport } from './memory/import.ts'
import { listDocuments, listReceipts, listTenants } from './memory/listing.ts'
import { Medium } from './memory/medium.ts'
import { copyBytes, copyEntry, headOf, receiptKey, writeCommit } from './memory/write.ts'

export type { RandomBytes }

/** What outlives a store in memory. Opaque: only `memoryStore` looks inside. */
export type MemoryMedium = { readonly brand: 'MemoryMedium' }

const media = new WeakMap<MemoryMedium, Medium>()

export interface MemoryStoreOptions {
  /** Kept by the caller to open the same data again. Default: one of its own, gone with the store. */
  readonly medium?: MemoryMedium
  /** Where the store id comes from. Default: the platform. */
  readonly random?: RandomBytes
}

/** An empty medium. */
export function memoryMedium(): MemoryMedium {
  const handle: MemoryMedium = { brand: 'MemoryMedium' }
  media.set(handle, new Medium())
  return handle
}

/** Opens a store in memory. Throws `STORE_LOCKED` when another store has the medium open. */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const medium = media.get(options.medium ?? memoryMedium())!
  if (medium.open) throw new StoreError('STORE_LOCKED', 'another store has this medium open')
  medium.open = true
  const continuous = medium.storeId !== undefined
  medium.storeId ??= newStoreId(options.random ?? platformRandom)
  return new MemoryStore(medium, { storeId: medium.storeId, continuous })
}

class MemoryStore implements Store {
  readonly identity: StoreIdentity
  readonly #medium: Medium
  #closed = false

  constructor(medium: Medium, identity: StoreIdentity) {
    this.#medium = medium
    this.identity = identity
  }

  async commit(commit: Commit): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkCommitArguments(commit)
    checkCommit(this.#medium.document(commit.key), commit)
    return writeCommit(this.#medium, commit).map(copyEntry)
  }

  async head(key: DocumentKey): Promise<DocumentHead | undefined> {
    this.#requireOpen()
    const document = this.#medium.document(key)
    return document && headOf(document)
  }

  async log(key: DocumentKey, options: LogOptions): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkLogArguments(options)
    const log = this.#medium.document(key)?.log ?? []
    // Versions in a log have no gaps, so the first one tells where any other is.
    const first = log[0]?.entry.version ?? 0
    const from = Math.max(0, options.after + 1 - first)
    return log.slice(from, from + options.limit).map(({ entry }) => copyEntry(entry))
  }

  async tenantLog(tenant: string, options: LogOptions): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkLogArguments(options)
    const arrivals = this.#medium.tenant(tenant)?.arrivals
    return arrivals ? arrivals.after(options.after, options.limit).map(copyEntry) : []
  }

  async snapshot(key: DocumentKey): Promise<StoredSnapshot | undefined> {
    this.#requireOpen()
    const snapshot = this.#medium.document(key)?.snapshot
    return snapshot && { ...snapshot, bytes: copyBytes(snapshot.bytes) }
  }

  async tombstone(key: DocumentKey): Promise<LogEntry | undefined> {
    this.#requireOpen()
    const tombstone = this.#medium.document(key)?.tombstone
    return tombstone && copyEntry(tombstone.entry)
  }

  async compact(key: DocumentKey, snapshot: StoredSnapshot, keepAfter: number): Promise<void> {
    this.#requireOpen()
    checkCompactionArguments(snapshot, keepAfter)
    const document = this.#medium.document(key)
    checkCompaction(document, snapshot)
    const cut = document!.log.filter(({ entry }) => entry.version <= keepAfter)
    document!.log = document!.log.slice(cut.length)
    this.#medium.tenant(key.tenant)!.arrivals.drop(cut)
    document!.snapshot = { ...snapshot, bytes: copyBytes(snapshot.bytes) }
    document!.snapshotVersion = snapshot.version
    document!.compactedVersion = Math.max(document!.compactedVersion, keepAfter)
  }

  async documents(tenant: string, options: ListOptions): Promise<Page<DocumentHead>> {
    this.#requireOpen()
    checkListArguments(options)
    return listDocuments(this.#medium, tenant, options)
  }

  async tenants(options: PageOptions): Promise<Page<string>> {
    this.#requireOpen()
    checkListArguments(options)
    return listTenants(this.#medium, options)
  }

  async importDocument(document: StoredDocument, options: ImportOptions): Promise<void> {
    this.#requireOpen()
    checkStoredDocument(document)
    checkImport(this.#medium.document(document.head.key), options)
    writeImport(this.#medium, document, options)
  }

  async importReceipts(receipts: readonly Receipt[]): Promise<void> {
    this.#requireOpen()
    receipts.forEach(checkReceiptArguments)
    for (const receipt of receipts) this.#medium.receipts.set(receiptKey(receipt), { ...receipt })
  }

  async receipts(tenant: string, options: PageOptions): Promise<Page<Receipt>> {
    this.#requireOpen()
    checkReceiptsArguments(options)
    return listReceipts(this.#medium, tenant, options)
  }

  async receipt(tenant: string, scope: string, key: string): Promise<Receipt | undefined> {
    this.#requireOpen()
    const receipt = this.#medium.receipts.get(receiptKey({ tenant, scope, key }))
    return receipt && { ...receipt }
  }

  async purgeReceipts(nowMs: number): Promise<number> {
    this.#requireOpen()
    checkPurgeArguments(nowMs)
    const { receipts } = this.#medium
    const before = receipts.size
    for (const [key, { expiresAtMs }] of receipts) {
      if (expiresAtMs !== undefined && expiresAtMs <= nowMs) receipts.delete(key)
    }
    return before - receipts.size
  }

  async value(name: string): Promise<string | undefined> {
    this.#requireOpen()
    return this.#medium.values.get(name)
  }

  async values(prefix: string): Promise<readonly { readonly name: string; readonly value: string }[]> {
    this.#requireOpen()
    const found = [...this.#medium.values].filter(([name]) => name.startsWith(prefix))
    return found.sort(([a], [b]) => compareUtf8(a, b)).map(([name, value]) => ({ name, value }))
  }

  async setValue(name: string, value: string | undefined): Promise<void> {
    this.#requireOpen()
    if (value === undefined) this.#medium.values.delete(name)
    else this.#medium.values.set(name, value)
  }

  async close(): Promise<void> {
    // Only the first close lets go: the medium may belong to a later store by now.
    if (!this.#closed) this.#medium.open = false
    this.#closed = true
  }

  #requireOpen(): void {
    if (this.#closed) throw new StoreError('STORE_CLOSED', 'the store was closed')
  }
}
