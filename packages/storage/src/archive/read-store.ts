/** Everything that a store has, thing by thing, in the one order that the hash over everything is taken in. */
import {
  type DocumentHead,
  type DocumentKey,
  ownValuePrefix,
  type Page,
  type PageOptions,
  type Receipt,
  type Store,
} from '@joinery/sync'
import { documentBytes } from '../common/stored-document.ts'
import { DataError } from './errors.ts'
import { inOrder } from './in-order.ts'
import type { Scope, StoreItem } from './items.ts'
import { type ArchiveLimits, archiveLimits } from './limits.ts'
import { readDocument } from './read-document.ts'

export interface ReadStoreOptions {
  /** Default: all of it. */
  readonly scope?: Scope
  /** Documents alone, or receipts and values as well. Values belong to no tenant: a part of a store has none. */
  readonly content: 'documents' | 'everything'
  /** Receipts that expire by then are left out: what is copied need not outlive what it is a copy of. */
  readonly expiredMs?: number
  /** Leaves out documents of which it answers false; asked with the head before anything else is read. */
  readonly wants?: (head: DocumentHead) => Promise<boolean>
  readonly signal?: AbortSignal
  readonly limits?: Partial<ArchiveLimits>
}

/**
 * Yields what there is. Each document is as it was at one moment, also while others write to the store; it is not one moment for
 * all of them. Throws `DATA_NOT_FOUND` where the scope names a tenant or document that is not there, `DATA_INTERRUPTED` when the
 * signal says so, and what the store throws.
 */
export async function* readStore(store: Store, options: ReadStoreOptions): AsyncGenerator<StoreItem, void, undefined> {
  const { scope = {}, content } = options
  const limits = { ...archiveLimits, ...options.limits }
  const reading = { ...options, limits }
  let found = false
  for await (const tenant of tenantsIn(store, scope, limits)) {
    for await (const document of documentsIn(store, tenant, reading)) {
      found = true
      yield document
    }
    if (content === 'documents' || scope.id !== undefined) continue
    for await (const receipt of receiptsIn(store, tenant, reading)) {
      found = true
      yield receipt
    }
  }
  if (scope.tenant === undefined && content === 'everything') yield* valuesOf(store)
  // A document that is not wanted was found all the same, but whoever leaves documents out names none.
  if (!found && scope.tenant !== undefined && options.wants === undefined) throw notFound(scope)
}

/** The heads of all documents of a scope, deleted ones included, in the order of a store. */
export async function* readHeads(
  store: Store,
  scope: Scope = {},
  { pageItemsMax }: Pick<ArchiveLimits, 'pageItemsMax'> = archiveLimits,
): AsyncGenerator<DocumentHead, void, undefined> {
  const { tenant: only, id } = scope
  if (only !== undefined && id !== undefined) {
    const head = await store.head({ tenant: only, id })
    if (head) yield head
    return
  }
  for await (const tenant of tenantsIn(store, scope, { pageItemsMax })) {
    for await (const page of headsOf(store, tenant, pageItemsMax)) yield* page
  }
}

/** How many documents there are, deleted ones included. */
export async function countDocuments(store: Store, scope: Scope = {}): Promise<number> {
  let count = 0
  for await (const _ of readHeads(store, scope)) count += 1
  return count
}

/** Whether a store has nothing that another could have: no document, receipt or value but its own. */
export async function isEmpty(store: Store): Promise<boolean> {
  for await (const _ of valuesOf(store)) return false
  for await (const tenant of tenantsIn(store, {}, archiveLimits)) {
    const documents = await store.documents(tenant, { limit: 1, deleted: true })
    const receipts = await store.receipts(tenant, { limit: 1 })
    if (documents.items.length + receipts.items.length > 0) return false
  }
  return true
}

type Reading = ReadStoreOptions & { readonly limits: ArchiveLimits }

async function* tenantsIn(
  store: Store,
  { tenant }: Scope,
  { pageItemsMax }: Pick<ArchiveLimits, 'pageItemsMax'>,
): AsyncGenerator<string> {
  if (tenant !== undefined) yield tenant
  else for await (const page of pages((options) => store.tenants(options), pageItemsMax)) yield* page
}

async function* pages<T>(
  list: (options: PageOptions) => Promise<Page<T>>,
  limit: number,
): AsyncGenerator<readonly T[]> {
  for (let cursor: string | undefined, isMore = true; isMore; isMore = cursor !== undefined) {
    const page = await list(cursor === undefined ? { limit } : { limit, cursor })
    yield page.items
    cursor = page.cursor
  }
}

function headsOf(store: Store, tenant: string, limit: number): AsyncGenerator<readonly DocumentHead[]> {
  return pages((options) => store.documents(tenant, { ...options, deleted: true }), limit)
}

async function* keysIn(store: Store, tenant: string, reading: Reading): AsyncGenerator<DocumentKey> {
  const { scope, wants, signal, limits } = reading
  if (scope?.id !== undefined) {
    yield { tenant, id: scope.id }
    return
  }
  for await (const heads of headsOf(store, tenant, limits.pageItemsMax)) {
    for await (const key of wants ? wantedOf(heads, wants, limits) : keysOf(heads)) {
      if (signal?.aborted) throw interrupted()
      yield key
    }
  }
}

function keysOf(heads: readonly DocumentHead[]): readonly DocumentKey[] {
  return heads.map(({ key }) => key)
}

async function* wantedOf(
  heads: readonly DocumentHead[],
  wants: NonNullable<ReadStoreOptions['wants']>,
  { aheadDocumentsMax }: ArchiveLimits,
): AsyncGenerator<DocumentKey> {
  const run = async (head: DocumentHead) => ((await wants(head)) ? head.key : undefined)
  for await (const key of inOrder(heads, { run, widthMax: () => aheadDocumentsMax })) if (key) yield key
}

/** Documents in the order of their ids, read some ahead: as many as are about as large as the bound on bytes, all together. */
async function* documentsIn(store: Store, tenant: string, reading: Reading): AsyncGenerator<StoreItem> {
  const { limits } = reading
  let usualBytes = 1
  const run = async (key: DocumentKey) => readDocument(store, key, limits)
  const widthMax = () =>
    Math.max(1, Math.min(limits.aheadDocumentsMax, Math.floor(limits.inFlightBytesMax / usualBytes)))
  for await (const document of inOrder(keysIn(store, tenant, reading), { run, widthMax })) {
    if (!document) continue
    // Quick to rise and slow to fall: where one is large, the next may be.
    usualBytes = Math.max(documentBytes(document), Math.floor(usualBytes * 0.9), 1)
    yield { type: 'document', document }
  }
}

async function* receiptsIn(
  store: Store,
  tenant: string,
  { limits, expiredMs, signal }: Reading,
): AsyncGenerator<StoreItem> {
  const isKept = ({ expiresAtMs }: Receipt) =>
    expiresAtMs === undefined || expiredMs === undefined || expiresAtMs > expiredMs
  for await (const page of pages((options) => store.receipts(tenant, options), limits.pageItemsMax)) {
    if (signal?.aborted) throw interrupted()
    for (const receipt of page) if (isKept(receipt)) yield { type: 'receipt', receipt }
  }
}

async function* valuesOf(store: Store): AsyncGenerator<StoreItem> {
  for (const { name, value } of await store.values('')) {
    if (!name.startsWith(ownValuePrefix)) yield { type: 'value', name, value }
  }
}

export function interrupted(): DataError {
  return new DataError('DATA_INTERRUPTED', 'interrupted before it was done')
}

function notFound({ tenant, id }: Scope): DataError {
  const what = id === undefined ? 'nothing' : `no document ${JSON.stringify(id)}`
  return new DataError('DATA_NOT_FOUND', `there is ${what} of tenant ${JSON.stringify(tenant)}`)
}
