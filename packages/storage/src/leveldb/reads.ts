import { compareUtf8 } from '@joinery/core'
import type {
  DocumentHead,
  DocumentKey,
  ListOptions,
  LogEntry,
  LogOptions,
  Page,
  PageOptions,
  Receipt,
  StoredSnapshot,
} from '@joinery/sync'
import { cursorAfter, cursorAfterReceipt, idOfCursor, placeOfCursor } from '../common/arguments.ts'
import type { HostValue, ReceiptKey } from '../common/durable-store.ts'
import type { Database } from './database.ts'
import * as keys from './keys.ts'
import * as records from './records.ts'

type Snapshot = ReturnType<Database['snapshot']>

export interface ReadContext {
  readonly database: Database
  readonly limits: { readonly scanItemsMax: number; readonly scanBytesMax: number }
}

interface Scan extends keys.KeyRange {
  readonly limit?: number
  readonly snapshot?: Snapshot
}

/** Keys and values of a range, at most `limit`, as they are at one moment. */
async function scan(
  { database, limits }: ReadContext,
  { limit = -1, ...range }: Scan,
): Promise<[string, Uint8Array][]> {
  const iterator = database.iterator({ ...range, limit, highWaterMarkBytes: limits.scanBytesMax })
  try {
    const found: [string, Uint8Array][] = []
    for (;;) {
      const some = await iterator.nextv(limits.scanItemsMax)
      for (const item of some) found.push(item)
      // Fewer than asked for only means that they were large.
      if (some.length === 0) return found
    }
  } finally {
    await iterator.close()
  }
}

export async function readHead({ database }: ReadContext, key: DocumentKey): Promise<DocumentHead | undefined> {
  const living = database.getSync(keys.headKey(key, false))
  if (living) return records.decodeHead(key, false, living)
  // Both places at one moment: between two looks a head may change sides, and would be seen on neither.
  const snapshot = database.snapshot()
  try {
    for (const deleted of [true, false]) {
      const bytes = database.getSync(keys.headKey(key, deleted), { snapshot })
      if (bytes) return records.decodeHead(key, deleted, bytes)
    }
    return undefined
  } finally {
    await snapshot.close()
  }
}

export async function readLog(context: ReadContext, key: DocumentKey, options: LogOptions): Promise<LogEntry[]> {
  const found = await scan(context, { ...keys.logAfter(key, options.after), limit: options.limit })
  return found.map(([, bytes]) => records.decodeEntry(key, bytes))
}

export async function readTenantLog(context: ReadContext, tenant: string, options: LogOptions): Promise<LogEntry[]> {
  const { database } = context
  // Order and entries are read as they were at one moment, or an entry could be cut between the two.
  const snapshot = database.snapshot()
  try {
    const found = await scan(context, { ...keys.arrivalsAfter(tenant, options.after), limit: options.limit, snapshot })
    const arrivals = found.map(([, bytes]) => records.decodeArrival(bytes))
    const places = arrivals.map(({ id, version, isEnd }) =>
      isEnd ? keys.tombstoneKey({ tenant, id }) : keys.logKey({ tenant, id }, version),
    )
    const entries = await database.getMany(places, { snapshot })
    return entries.map((bytes, i) => records.decodeEntry({ tenant, id: arrivals[i]!.id }, bytes!))
  } finally {
    await snapshot.close()
  }
}

export function readSnapshot({ database }: ReadContext, key: DocumentKey): StoredSnapshot | undefined {
  const bytes = database.getSync(keys.snapshotKey(key))
  return bytes && records.decodeSnapshot(bytes)
}

export function readTombstone({ database }: ReadContext, key: DocumentKey): LogEntry | undefined {
  const bytes = database.getSync(keys.tombstoneKey(key))
  return bytes && records.decodeEntry(key, bytes)
}

/** One page. One more than asked for is read, to know whether there is a next page. */
export async function readDocuments(
  context: ReadContext,
  tenant: string,
  options: ListOptions,
): Promise<Page<DocumentHead>> {
  const { prefix = '', cursor, limit, deleted = false } = options
  const after = cursor === undefined ? undefined : idOfCursor(cursor)
  const snapshot = context.database.snapshot()
  const heads = async (areDeleted: boolean): Promise<DocumentHead[]> => {
    const space = keys.headSpace(tenant, areDeleted)
    const range = keys.withPrefix(space + prefix)
    // The smallest text above an id is that id with a NUL.
    const gte = after !== undefined && compareUtf8(after, prefix) >= 0 ? `${space}${after}\0` : range.gte
    // A cursor from beyond the prefix is the end of it.
    if (compareUtf8(gte, range.lt) >= 0) return []
    const found = await scan(context, { gte, lt: range.lt, limit: limit + 1, snapshot })
    return found.map(([key, bytes]) => records.decodeHead({ tenant, id: key.slice(space.length) }, areDeleted, bytes))
  }
  try {
    const living = await heads(false)
    const all = deleted ? merged(living, await heads(true)) : living
    const items = all.slice(0, limit)
    return all.length > limit ? { items, cursor: cursorAfter(items.at(-1)!.key.id) } : { items }
  } finally {
    await snapshot.close()
  }
}

function merged(living: readonly DocumentHead[], deleted: readonly DocumentHead[]): DocumentHead[] {
  return [...living, ...deleted].sort((a, b) => compareUtf8(a.key.id, b.key.id))
}

/**
 * One page. Tenants stand nowhere by themselves: each space is asked for the first one behind the last that was found, so this
 * costs a few seeks per tenant however much each of them has.
 */
export async function readTenants({ database }: ReadContext, { cursor, limit }: PageOptions): Promise<Page<string>> {
  const snapshot = database.snapshot()
  const next = async (space: (typeof keys.tenantSpaces)[number], after: string | undefined) => {
    const [key] = await database.keys({ ...keys.tenantsAfter(space, after), limit: 1, snapshot }).all()
    return key === undefined ? undefined : keys.tenantOf(key)
  }
  try {
    const found: string[] = []
    let after = cursor === undefined ? undefined : idOfCursor(cursor)
    const fronts = await Promise.all(keys.tenantSpaces.map((space) => next(space, after)))
    while (found.length <= limit) {
      const names = fronts.filter((name) => name !== undefined)
      if (names.length === 0) return { items: found }
      after = names.reduce((least, name) => (compareUtf8(name, least) < 0 ? name : least))
      found.push(after)
      for (const [i, space] of keys.tenantSpaces.entries())
        if (fronts[i] === after) fronts[i] = await next(space, after)
    }
    const items = found.slice(0, limit)
    return { items, cursor: cursorAfter(items.at(-1)!) }
  } finally {
    await snapshot.close()
  }
}

/** One page, as of the documents. */
export async function readReceipts(
  context: ReadContext,
  tenant: string,
  { cursor, limit }: PageOptions,
): Promise<Page<Receipt>> {
  const range = keys.receiptsAfter(tenant, cursor === undefined ? undefined : placeOfCursor(cursor))
  const found = await scan(context, { ...range, limit: limit + 1 })
  const items = found
    .slice(0, limit)
    .map(([key, bytes]) => records.decodeReceipt(keys.namesOfReceipt(tenant, key), bytes))
  return found.length > limit ? { items, cursor: cursorAfterReceipt(items.at(-1)!) } : { items }
}

export function readReceipt({ database }: ReadContext, key: ReceiptKey): Receipt | undefined {
  const bytes = database.getSync(keys.receiptKey(key))
  return bytes && records.decodeReceipt(key, bytes)
}

/** Expiries of receipts that are due, at most `limit`. */
export async function readDueExpiries(context: ReadContext, nowMs: number, limit: number): Promise<string[]> {
  const found = await scan(context, { ...keys.expiriesUntil(nowMs), limit })
  return found.map(([expiry]) => expiry)
}

export function readValue({ database }: ReadContext, name: string): string | undefined {
  const bytes = database.getSync(keys.valueKey(name))
  return bytes && records.decodeValue(bytes)
}

export async function readValues(context: ReadContext, prefix: string): Promise<HostValue[]> {
  const found = await scan(context, keys.withPrefix(keys.valueKey(prefix)))
  return found.map(([key, bytes]) => ({ name: key.slice(1), value: records.decodeValue(bytes) }))
}
