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
import { prefixRange, successor, toBytes, toText } from '../common/text.ts'
import type { Statements } from './statements.ts'

interface HeadRow {
  readonly id: Uint8Array
  readonly version: number
  readonly incarnation: Uint8Array
  readonly deleted: number
  readonly attributes: Uint8Array
  readonly snapshot_version: number
  readonly compacted_version: number
}

function toHead(tenant: string, row: HeadRow): DocumentHead {
  return {
    key: { tenant, id: toText(row.id) },
    version: row.version,
    incarnation: toText(row.incarnation),
    deleted: row.deleted !== 0,
    attributes: toText(row.attributes),
    snapshotVersion: row.snapshot_version,
    compactedVersion: row.compacted_version,
  }
}

export function readHead(statements: Statements, { tenant, id }: DocumentKey): DocumentHead | undefined {
  const row = statements.head.get(toBytes(tenant), toBytes(id)) as HeadRow | undefined
  return row && toHead(tenant, row)
}

interface EntryRow {
  readonly position: number
  readonly version: number
  readonly change: Uint8Array
  readonly attributes: Uint8Array
}

export function readLog(statements: Statements, key: DocumentKey, options: LogOptions): readonly LogEntry[] {
  const state = readState(statements, key)
  if (!state) return []
  const incarnation = toText(state.incarnation)
  const rows = statements.log.all(state.document, options.after, options.limit) as EntryRow[]
  return rows.map((row) => toEntry(key, incarnation, row))
}

interface StateRow {
  readonly document: number
  readonly incarnation: Uint8Array
}

function readState(statements: Statements, { tenant, id }: DocumentKey): StateRow | undefined {
  return statements.state.get(toBytes(tenant), toBytes(id)) as StateRow | undefined
}

function toEntry({ tenant, id }: DocumentKey, incarnation: string, row: EntryRow): LogEntry {
  const { position, version, change, attributes } = row
  return { key: { tenant, id }, version, position, incarnation, change, attributes: toText(attributes) }
}

export function readTombstone(statements: Statements, key: DocumentKey): LogEntry | undefined {
  const state = readState(statements, key)
  const row = state && (statements.firstEntry.get(state.document) as (EntryRow & EndsRow) | undefined)
  return row?.ends ? toEntry(key, toText(row.ends), row) : undefined
}

interface EndsRow {
  readonly ends: Uint8Array | null
}

interface ArrivalRow extends EntryRow, EndsRow {
  readonly id: Uint8Array
  readonly incarnation: Uint8Array
}

export function readTenantLog(statements: Statements, tenant: string, options: LogOptions): readonly LogEntry[] {
  const rows = statements.tenantLog.all(toBytes(tenant), options.after, options.limit) as ArrivalRow[]
  // A tombstone stays while a later incarnation lives, so it names its own.
  return rows.map((row) => toEntry({ tenant, id: toText(row.id) }, toText(row.ends ?? row.incarnation), row))
}

export function readSnapshot(statements: Statements, { tenant, id }: DocumentKey): StoredSnapshot | undefined {
  const row = statements.snapshot.get(toBytes(tenant), toBytes(id)) as
    | {
        readonly version: number
        readonly incarnation: Uint8Array
        readonly bytes: Uint8Array
        readonly attributes: Uint8Array
      }
    | undefined
  if (!row) return undefined
  const { version, bytes } = row
  return { version, incarnation: toText(row.incarnation), bytes, attributes: toText(row.attributes) }
}

/** One page. One more than asked for is read, to know whether there is a next page. */
export function readDocuments(statements: Statements, tenant: string, options: ListOptions): Page<DocumentHead> {
  const { prefix = '', cursor, limit, deleted = false } = options
  const range = prefixRange(prefix)
  const next = cursor === undefined ? range.from : successor(idOfCursor(cursor))
  const from = Buffer.compare(next, range.from) > 0 ? next : range.from
  const listing = deleted ? statements.heads : statements.headsAlive
  const rows = listing.all(toBytes(tenant), from, range.to, limit + 1) as HeadRow[]
  const items = rows.slice(0, limit).map((row) => toHead(tenant, row))
  return rows.length > limit ? { items, cursor: cursorAfter(items.at(-1)!.key.id) } : { items }
}

/** One page. One more than asked for is read, to know whether there is a next page. */
export function readTenants(statements: Statements, { cursor, limit }: PageOptions): Page<string> {
  const from = cursor === undefined ? new Uint8Array(0) : successor(idOfCursor(cursor))
  const rows = statements.tenants.all(from, limit + 1) as { readonly name: Uint8Array }[]
  const items = rows.slice(0, limit).map(({ name }) => toText(name))
  return rows.length > limit ? { items, cursor: cursorAfter(items.at(-1)!) } : { items }
}

interface AnswerRow {
  readonly request_hash: Uint8Array
  readonly answer: Uint8Array
  readonly expires_at_ms: number | null
}

function toReceipt({ tenant, scope, key }: ReceiptKey, row: AnswerRow): Receipt {
  const receipt = { tenant, scope, key, requestHash: toText(row.request_hash), answer: toText(row.answer) }
  return row.expires_at_ms === null ? receipt : { ...receipt, expiresAtMs: row.expires_at_ms }
}

export function readReceipt(statements: Statements, key: ReceiptKey): Receipt | undefined {
  const row = statements.receipt.get(toBytes(key.tenant), toBytes(key.scope), toBytes(key.key)) as AnswerRow | undefined
  return row && toReceipt(key, row)
}

interface ReceiptRow extends AnswerRow {
  readonly scope: Uint8Array
  readonly key: Uint8Array
}

/** One page, as of the other listings. */
export function readReceipts(statements: Statements, tenant: string, { cursor, limit }: PageOptions): Page<Receipt> {
  const { scope, key } = cursor === undefined ? { scope: '', key: '' } : placeOfCursor(cursor)
  const from = cursor === undefined ? new Uint8Array(0) : successor(key)
  const rows = statements.receipts.all(toBytes(tenant), toBytes(scope), from, limit + 1) as ReceiptRow[]
  const items = rows.slice(0, limit).map((row) => {
    return toReceipt({ tenant, scope: toText(row.scope), key: toText(row.key) }, row)
  })
  return rows.length > limit ? { items, cursor: cursorAfterReceipt(items.at(-1)!) } : { items }
}

export function readValue(statements: Statements, name: string): string | undefined {
  const row = statements.value.get(toBytes(name)) as { readonly value: Uint8Array } | undefined
  return row && toText(row.value)
}

export function readValues(statements: Statements, prefix: string): readonly HostValue[] {
  const { from, to } = prefixRange(prefix)
  const rows = statements.values.all(from, to) as { readonly name: Uint8Array; readonly value: Uint8Array }[]
  return rows.map(({ name, value }) => ({ name: toText(name), value: toText(value) }))
}
