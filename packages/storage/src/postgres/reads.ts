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
import type { Pool, QueryResultRow } from 'pg'
import { cursorAfter, cursorAfterReceipt, idOfCursor, placeOfCursor } from '../common/arguments.ts'
import type { HostValue, ReceiptKey } from '../common/durable-store.ts'
import { prefixRange, successor, toBytes, toText } from '../common/text.ts'
import { isRefusedStatement } from './failure.ts'

/** Each prepared once per connection. All are one statement, so they see the data as it is at one moment. */
const sql = {
  head: `SELECT documents.* FROM tenants JOIN documents USING (tenant) WHERE name = $1 AND id = $2`,
  log: `SELECT log.version, position, documents.incarnation, change, log.attributes
    FROM tenants JOIN documents USING (tenant) JOIN log USING (tenant, document)
    WHERE name = $1 AND id = $2 AND log.version > $3 AND ends IS NULL ORDER BY log.version LIMIT $4`,
  tenant_log: `SELECT log.version, position, coalesce(ends, documents.incarnation) AS incarnation, change, log.attributes, id
    FROM log JOIN documents USING (tenant, document)
    WHERE log.tenant = (SELECT tenant FROM tenants WHERE name = $1) AND position > $2 ORDER BY position LIMIT $3`,
  snapshot: `SELECT snapshots.version, documents.incarnation, bytes, snapshots.attributes
    FROM tenants JOIN documents USING (tenant) JOIN snapshots USING (tenant, document) WHERE name = $1 AND id = $2`,
  // The tombstone lies before the log; the first entry says by itself whether it is one.
  first_entry: `SELECT log.version, position, ends, change, log.attributes
    FROM tenants JOIN documents USING (tenant) JOIN log USING (tenant, document)
    WHERE name = $1 AND id = $2 ORDER BY log.version LIMIT 1`,
  tenants: 'SELECT name FROM tenants WHERE name >= $1 ORDER BY name LIMIT $2',
  documents_alive: `SELECT * FROM documents WHERE tenant = (SELECT tenant FROM tenants WHERE name = $1)
    AND id >= $2 AND id < $3 AND NOT deleted ORDER BY id LIMIT $4`,
  documents: `SELECT * FROM documents WHERE tenant = (SELECT tenant FROM tenants WHERE name = $1)
    AND id >= $2 AND id < $3 ORDER BY id LIMIT $4`,
  receipt: `SELECT request_hash, answer, expires_at_ms FROM tenants JOIN receipts USING (tenant)
    WHERE name = $1 AND scope = $2 AND key = $3`,
  receipts: `SELECT scope, key, request_hash, answer, expires_at_ms FROM receipts
    WHERE tenant = (SELECT tenant FROM tenants WHERE name = $1) AND (scope, key) >= ($2, $3) ORDER BY scope, key LIMIT $4`,
  value: 'SELECT value FROM host_values WHERE name = $1',
  values: 'SELECT name, value FROM host_values WHERE name >= $1 AND name < $2 ORDER BY name',
  // What another owner purges just now is left to it: both would wait, and then count the same twice.
  purge: `DELETE FROM receipts WHERE (tenant, scope, key) IN (SELECT tenant, scope, key FROM receipts
    WHERE expires_at_ms <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`,
} as const

async function query<Row extends QueryResultRow>(
  pool: Pool,
  name: keyof typeof sql,
  values: unknown[],
): Promise<Row[]> {
  const read = () => pool.query<Row>({ name, text: sql[name], values })
  const { rows } = await read().catch((error: unknown) => {
    if (isRefusedStatement(error)) throw error
    // The connection broke, perhaps long ago and unnoticed. To ask once more on another one does no harm.
    return read()
  })
  return rows
}

export interface HeadRow {
  readonly id: Buffer
  readonly version: string
  readonly incarnation: Buffer
  readonly deleted: boolean
  readonly attributes: Buffer
  readonly snapshot_version: string
  readonly compacted_version: string
}

export function headOf(tenant: string, row: HeadRow): DocumentHead {
  return {
    key: { tenant, id: toText(row.id) },
    version: Number(row.version),
    incarnation: toText(row.incarnation),
    deleted: row.deleted,
    attributes: toText(row.attributes),
    snapshotVersion: Number(row.snapshot_version),
    compactedVersion: Number(row.compacted_version),
  }
}

/** A plain copy: `pg` hands out parts of larger buffers. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes)
}

export async function readHead(pool: Pool, { tenant, id }: DocumentKey): Promise<DocumentHead | undefined> {
  const [row] = await query<HeadRow>(pool, 'head', [toBytes(tenant), toBytes(id)])
  return row && headOf(tenant, row)
}

interface EntryRow {
  readonly version: string
  readonly position: string
  readonly incarnation: Buffer
  readonly change: Buffer
  readonly attributes: Buffer
}

function entryOf({ tenant, id }: DocumentKey, row: EntryRow): LogEntry {
  return {
    key: { tenant, id },
    version: Number(row.version),
    position: Number(row.position),
    incarnation: toText(row.incarnation),
    change: plain(row.change),
    attributes: toText(row.attributes),
  }
}

export async function readLog(pool: Pool, key: DocumentKey, { after, limit }: LogOptions): Promise<LogEntry[]> {
  const rows = await query<EntryRow>(pool, 'log', [toBytes(key.tenant), toBytes(key.id), after, limit])
  return rows.map((row) => entryOf(key, row))
}

export async function readTenantLog(pool: Pool, tenant: string, { after, limit }: LogOptions): Promise<LogEntry[]> {
  const rows = await query<EntryRow & { readonly id: Buffer }>(pool, 'tenant_log', [toBytes(tenant), after, limit])
  return rows.map((row) => entryOf({ tenant, id: toText(row.id) }, row))
}

export async function readTombstone(pool: Pool, key: DocumentKey): Promise<LogEntry | undefined> {
  const names = [toBytes(key.tenant), toBytes(key.id)]
  const [row] = await query<Omit<EntryRow, 'incarnation'> & { ends: Buffer | null }>(pool, 'first_entry', names)
  return row?.ends ? entryOf(key, { ...row, incarnation: row.ends }) : undefined
}

interface SnapshotRow {
  readonly version: string
  readonly incarnation: Buffer
  readonly bytes: Buffer
  readonly attributes: Buffer
}

export async function readSnapshot(pool: Pool, { tenant, id }: DocumentKey): Promise<StoredSnapshot | undefined> {
  const [row] = await query<SnapshotRow>(pool, 'snapshot', [toBytes(tenant), toBytes(id)])
  if (!row) return undefined
  const { version, incarnation, bytes, attributes } = row
  const texts = { incarnation: toText(incarnation), attributes: toText(attributes) }
  return { version: Number(version), ...texts, bytes: plain(bytes) }
}

/** One page. One more than asked for is read, to know whether there is a next page. */
export async function readDocuments(pool: Pool, tenant: string, options: ListOptions): Promise<Page<DocumentHead>> {
  const { prefix = '', cursor, limit, deleted = false } = options
  const range = prefixRange(prefix)
  const next = cursor === undefined ? range.from : successor(idOfCursor(cursor))
  const from = Buffer.compare(next, range.from) > 0 ? next : range.from
  const name = deleted ? 'documents' : 'documents_alive'
  const rows = await query<HeadRow>(pool, name, [toBytes(tenant), from, range.to, limit + 1])
  const items = rows.slice(0, limit).map((row) => headOf(tenant, row))
  return rows.length > limit ? { items, cursor: cursorAfter(items.at(-1)!.key.id) } : { items }
}

/** One page, as of the documents. */
export async function readTenants(pool: Pool, { cursor, limit }: PageOptions): Promise<Page<string>> {
  const from = cursor === undefined ? new Uint8Array(0) : successor(idOfCursor(cursor))
  const rows = await query<{ readonly name: Buffer }>(pool, 'tenants', [from, limit + 1])
  const items = rows.slice(0, limit).map(({ name }) => toText(name))
  return rows.length > limit ? { items, cursor: cursorAfter(items.at(-1)!) } : { items }
}

interface AnswerRow {
  readonly request_hash: Buffer
  readonly answer: Buffer
  readonly expires_at_ms: string | null
}

function receiptOf({ tenant, scope, key }: ReceiptKey, row: AnswerRow): Receipt {
  const receipt = { tenant, scope, key, requestHash: toText(row.request_hash), answer: toText(row.answer) }
  return row.expires_at_ms === null ? receipt : { ...receipt, expiresAtMs: Number(row.expires_at_ms) }
}

export async function readReceipt(pool: Pool, key: ReceiptKey): Promise<Receipt | undefined> {
  const names = [toBytes(key.tenant), toBytes(key.scope), toBytes(key.key)]
  const [row] = await query<AnswerRow>(pool, 'receipt', names)
  return row && receiptOf(key, row)
}

interface ReceiptRow extends AnswerRow {
  readonly scope: Buffer
  readonly key: Buffer
}

/** One page, as of the documents. */
export async function readReceipts(pool: Pool, tenant: string, { cursor, limit }: PageOptions): Promise<Page<Receipt>> {
  const { scope, key } = cursor === undefined ? { scope: '', key: '' } : placeOfCursor(cursor)
  const from = cursor === undefined ? new Uint8Array(0) : successor(key)
  const rows = await query<ReceiptRow>(pool, 'receipts', [toBytes(tenant), toBytes(scope), from, limit + 1])
  const items = rows.slice(0, limit).map((row) => {
    return receiptOf({ tenant, scope: toText(row.scope), key: toText(row.key) }, row)
  })
  return rows.length > limit ? { items, cursor: cursorAfterReceipt(items.at(-1)!) } : { items }
}

export async function purgeReceipts(pool: Pool, nowMs: number, limit: number): Promise<number> {
  // `bigint` has neither fractions nor infinity; every expiry is a safe integer.
  const last = Math.max(Number.MIN_SAFE_INTEGER - 1, Math.min(Math.floor(nowMs), Number.MAX_SAFE_INTEGER))
  const { rowCount } = await pool.query({ name: 'purge', text: sql.purge, values: [last, limit] })
  return rowCount ?? 0
}

export async function readValue(pool: Pool, name: string): Promise<string | undefined> {
  const [row] = await query<{ readonly value: Buffer }>(pool, 'value', [toBytes(name)])
  return row && toText(row.value)
}

export async function readValues(pool: Pool, prefix: string): Promise<HostValue[]> {
  const { from, to } = prefixRange(prefix)
  const rows = await query<{ readonly name: Buffer; readonly value: Buffer }>(pool, 'values', [from, to])
  return rows.map(({ name, value }) => ({ name: toText(name), value: toText(value) }))
}
