/**
 * What lies in the object stores. A name that is part of a key is bytes; everything else is as the port has it.
 */
import type { DocumentHead, LogEntry, Receipt, StoredSnapshot } from '@joinery/sync'
import { StoreError } from '@joinery/sync'
import { type Bytes, toBytes, toText } from './keys.ts'

/** The mark of the store: whose it is, and how far its order of arrival has come. */
export interface MarkRecord {
  /** Empty until the first owner has named it. */
  readonly storeId: string
  /** Random; each owner writes its own, and one that finds another's there is an owner no more. */
  readonly owner: string
  readonly lastPosition: number
  /** Where there are no Web Locks: until when the owner is taken to be alive. */
  readonly leaseUntilMs: number
}

/** A head, and the version of the tombstone that is kept beside it; 0 when there is none. */
export interface Head extends DocumentHead {
  readonly tombstoneVersion: number
}

interface DocumentNames {
  readonly tenant: Bytes
  readonly id: Bytes
}

export interface HeadRecord extends DocumentNames, Omit<Head, 'key' | 'deleted'> {
  /** Absent when deleted, so that the index of the living has no others. */
  readonly living?: 1
}

/** A change of the log, or the tombstone. */
export interface EntryRecord extends DocumentNames, Omit<LogEntry, 'key'> {}

export interface SnapshotRecord extends DocumentNames, StoredSnapshot {}

export interface ReceiptRecord extends Omit<Receipt, 'tenant' | 'scope' | 'key'> {
  readonly tenant: Bytes
  readonly scope: Bytes
  readonly key: Bytes
}

export function headRecord(head: Head): HeadRecord {
  const { version, incarnation, attributes, snapshotVersion, compactedVersion, tombstoneVersion } = head
  const rest = { version, incarnation, attributes, snapshotVersion, compactedVersion, tombstoneVersion }
  return { ...namesOf(head.key), ...rest, ...(head.deleted ? {} : { living: 1 }) }
}

export function headOf({ tenant, id, living, ...rest }: HeadRecord): Head {
  // Anybody's script may write here. A head without a version would let a commit pass that must be refused.
  if (!(rest.version > 0)) throw new StoreError('STORE_IO', 'a document in the database is spoilt')
  return { key: { tenant: toText(tenant), id: toText(id) }, deleted: living === undefined, ...rest }
}

/** As the port has it. */
export function publicHead({ tombstoneVersion: _, ...head }: Head): DocumentHead {
  return head
}

export function entryRecord({ key, version, position, incarnation, attributes, change }: LogEntry): EntryRecord {
  return { ...namesOf(key), version, position, incarnation, attributes, change: compact(change) }
}

export function entryOf({ tenant, id, ...rest }: EntryRecord): LogEntry {
  return { key: { tenant: toText(tenant), id: toText(id) }, ...rest }
}

export function snapshotRecord(key: LogEntry['key'], snapshot: StoredSnapshot): SnapshotRecord {
  const { version, incarnation, bytes, attributes } = snapshot
  return { ...namesOf(key), version, incarnation, bytes: compact(bytes), attributes }
}

export function snapshotOf({ tenant: _, id: __, ...snapshot }: SnapshotRecord): StoredSnapshot {
  return snapshot
}

export function receiptRecord({ tenant, scope, key, requestHash, answer, expiresAtMs }: Receipt): ReceiptRecord {
  const names = { tenant: toBytes(tenant), scope: toBytes(scope), key: toBytes(key) }
  return { ...names, requestHash, answer, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) }
}

export function receiptOf({ tenant, scope, key, ...rest }: ReceiptRecord): Receipt {
  return { tenant: toText(tenant), scope: toText(scope), key: toText(key), ...rest }
}

function namesOf({ tenant, id }: LogEntry['key']): DocumentNames {
  return { tenant: toBytes(tenant), id: toBytes(id) }
}

/** IndexedDB stores the whole buffer behind a view, however little of it the view shows. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
