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
import type { Connection } from './connection.ts'
import * as keys from './keys.ts'
import * as records from './records.ts'
import { answered } from './request.ts'

/** As many as IndexedDB can be asked for. */
const itemsMax = 2 ** 32 - 1

function getAll<T>(source: IDBObjectStore | IDBIndex, range: IDBKeyRange, limit: number): Promise<T[]> {
  return answered(source.getAll(range, Math.min(limit, itemsMax)))
}

async function headIn(transaction: IDBTransaction, key: DocumentKey): Promise<records.Head | undefined> {
  const record = await answered(transaction.objectStore('heads').get(keys.documentKey(key)))
  return record && records.headOf(record)
}

export async function readHead(connection: Connection, key: DocumentKey): Promise<DocumentHead | undefined> {
  const head = await headIn(connection.read('heads'), key)
  return head && records.publicHead(head)
}

export async function readLog(connection: Connection, key: DocumentKey, options: LogOptions): Promise<LogEntry[]> {
  const transaction = connection.read('heads', 'log')
  const head = await headIn(transaction, key)
  if (!head) return []
  // Before the cut stands at most the tombstone, which is no part of the log.
  const after = Math.max(options.after, head.compactedVersion)
  const log = transaction.objectStore('log')
  const found = await getAll<records.EntryRecord>(log, keys.versionsAfter(key, after), options.limit)
  return found.map(records.entryOf)
}

export async function readTenantLog(connection: Connection, tenant: string, options: LogOptions): Promise<LogEntry[]> {
  const arrivals = connection.read('log').objectStore('log').index('arrival')
  const range = keys.positionsAfter(tenant, options.after)
  const found = await getAll<records.EntryRecord>(arrivals, range, options.limit)
  return found.map(records.entryOf)
}

export async function readTombstone(connection: Connection, key: DocumentKey): Promise<LogEntry | undefined> {
  const transaction = connection.read('heads', 'log')
  const head = await headIn(transaction, key)
  if (!head || head.tombstoneVersion === 0) return undefined
  const at = [...keys.documentKey(key), head.tombstoneVersion]
  return records.entryOf(await answered(transaction.objectStore('log').get(at)))
}

export async function readSnapshot(connection: Connection, key: DocumentKey): Promise<StoredSnapshot | undefined> {
  const record = await answered(connection.read('snapshots').objectStore('snapshots').get(keys.documentKey(key)))
  return record && records.snapshotOf(record)
}

/** One page. One more than asked for is read, to know whether there is a next page. */
export async function readDocuments(
  connection: Connection,
  tenant: string,
  { prefix = '', cursor, limit, deleted = false }: ListOptions,
): Promise<Page<DocumentHead>> {
  const front = deleted ? [keys.toBytes(tenant)] : [1, keys.toBytes(tenant)]
  const range = keys.idsAfter(front, prefix, cursor === undefined ? undefined : idOfCursor(cursor))
  if (!range) return { items: [] }
  const heads = connection.read('heads').objectStore('heads')
  const found = await getAll<records.HeadRecord>(deleted ? heads : heads.index('living'), range, limit + 1)
  const items = found.slice(0, limit).map((record) => records.publicHead(records.headOf(record)))
  return found.length > limit ? { items, cursor: cursorAfter(items.at(-1)!.key.id) } : { items }
}

/** One page, in a few steps per tenant however much each of them has: tenants stand nowhere by themselves. */
export async function readTenants(connection: Connection, { cursor, limit }: PageOptions): Promise<Page<string>> {
  const transaction = connection.read('heads', 'receipts')
  const after = cursor === undefined ? undefined : keys.toBytes(idOfCursor(cursor))
  const some = await Promise.all(
    ['heads', 'receipts'].map((name) => tenantsIn(transaction.objectStore(name), after, limit + 1)),
  )
  const found = [...new Set(some.flat().sort(keys.compare).map(keys.toText))]
  const items = found.slice(0, limit)
  return found.length > limit ? { items, cursor: cursorAfter(items.at(-1)!) } : { items }
}

async function tenantsIn(store: IDBObjectStore, after: keys.Bytes | undefined, limit: number): Promise<ArrayBuffer[]> {
  const found: ArrayBuffer[] = []
  const request = store.openKeyCursor(after && IDBKeyRange.lowerBound(keys.behindTenant(after)))
  for (;;) {
    const cursor = await answered(request)
    if (!cursor || found.length === limit) return found
    const [tenant] = cursor.primaryKey as [ArrayBuffer]
    found.push(tenant)
    cursor.continue(keys.behindTenant(tenant))
  }
}

export async function readReceipt(
  connection: Connection,
  { tenant, scope, key }: ReceiptKey,
): Promise<Receipt | undefined> {
  const at = [tenant, scope, key].map(keys.toBytes)
  const record = await answered(connection.read('receipts').objectStore('receipts').get(at))
  return record && records.receiptOf(record)
}

/** One page, as of the documents. */
export async function readReceipts(
  connection: Connection,
  tenant: string,
  { cursor, limit }: PageOptions,
): Promise<Page<Receipt>> {
  const range = keys.receiptsAfter(tenant, cursor === undefined ? undefined : placeOfCursor(cursor))
  const receipts = connection.read('receipts').objectStore('receipts')
  const found = await getAll<records.ReceiptRecord>(receipts, range, limit + 1)
  const items = found.slice(0, limit).map(records.receiptOf)
  return found.length > limit ? { items, cursor: cursorAfterReceipt(items.at(-1)!) } : { items }
}

export async function readValue(connection: Connection, name: string): Promise<string | undefined> {
  return answered(connection.read('values').objectStore('values').get(keys.toBytes(name)))
}

export async function readValues(connection: Connection, prefix: string): Promise<HostValue[]> {
  const values = connection.read('values').objectStore('values')
  const range = keys.withPrefix(prefix)
  const [names, found] = await Promise.all([answered(values.getAllKeys(range)), answered(values.getAll(range))])
  return names.map((name, i) => ({ name: keys.toText(name as ArrayBuffer), value: found[i] }))
}
