import type { Commit, DocumentHead, DocumentKey, ImportOptions, LogEntry, Receipt, StoredDocument } from '@joinery/sync'
import type { Compaction } from '../common/durable-store.ts'
import {
  checkCommit,
  checkCompaction,
  checkImport,
  headAfterCommit,
  headAfterCompaction,
  positionTaken,
} from '../common/rules.ts'
import { entriesOf } from '../common/stored-document.ts'
import type { Batch } from './batch.ts'
import {
  arrivalKey,
  expiryKey,
  headKey,
  logKey,
  receiptKey,
  receiptOfExpiry,
  snapshotKey,
  tombstoneKey,
  valueKey,
} from './keys.ts'
import * as records from './records.ts'

/** Where writes go, one after the other. */
export interface WriteContext {
  readonly batch: Batch
  /** The next position, which is then taken. */
  readonly nextPosition: () => number
  /** Takes a position that is given: the next one lies behind it. */
  readonly takePosition: (position: number) => number
}

function readHead(batch: Batch, key: DocumentKey): DocumentHead | undefined {
  for (const deleted of [false, true]) {
    const bytes = batch.get(headKey(key, deleted))
    if (bytes) return records.decodeHead(key, deleted, bytes)
  }
  return undefined
}

/** One commit. Everything that can refuse it comes before the first change. */
export function writeCommit({ batch, nextPosition }: WriteContext, commit: Commit): readonly LogEntry[] {
  const { kind, incarnation } = commit
  const { tenant, id } = commit.key
  const head = readHead(batch, commit.key)
  checkCommit(head, commit)
  const isEnd = kind === 'end'
  if (isEnd) dropLife(batch, head!)
  const entries = commit.entries.map(({ change, attributes }, i): LogEntry => {
    const version = commit.expectedVersion + i + 1
    const entry = { key: { tenant, id }, version, position: nextPosition(), incarnation, change, attributes }
    putEntry(batch, entry, isEnd)
    return entry
  })
  writeHead(batch, headAfterCommit(head, commit), head)
  if (commit.receipt) putReceipt(batch, commit.receipt)
  return entries
}

function putEntry(batch: Batch, entry: LogEntry, isEnd: boolean): void {
  const { key, version, position } = entry
  batch.put(isEnd ? tombstoneKey(key) : logKey(key, version), records.encodeEntry(entry))
  batch.put(arrivalKey(key.tenant, position), records.encodeArrival({ id: key.id, version, isEnd }))
}

/** A document as another store has it. */
export function writeImport(
  { batch, nextPosition, takePosition }: WriteContext,
  document: StoredDocument,
  options: ImportOptions,
): void {
  const { head, snapshot } = document
  const before = readHead(batch, head.key)
  checkImport(before, options)
  if (before) dropLife(batch, before)
  for (const entry of entriesOf(document)) {
    const isKept = options.arrival === 'kept'
    // A write that is refused leaves nothing in the batch, also when it is refused half-way.
    if (isKept && batch.get(arrivalKey(head.key.tenant, entry.position))) throw positionTaken(entry.position)
    const position = isKept ? takePosition(entry.position) : nextPosition()
    putEntry(batch, { ...entry, position }, entry === document.tombstone)
  }
  if (snapshot) batch.put(snapshotKey(head.key), records.encodeSnapshot(snapshot))
  writeHead(batch, head, before)
}

export function writeReceipts({ batch }: WriteContext, receipts: readonly Receipt[]): void {
  for (const receipt of receipts) putReceipt(batch, receipt)
}

/** Living and deleted heads are apart; a head that changes sides leaves nothing on the other. */
function writeHead(batch: Batch, head: DocumentHead, before: DocumentHead | undefined): void {
  if (before && before.deleted !== head.deleted) batch.del(headKey(head.key, before.deleted))
  batch.put(headKey(head.key, head.deleted), records.encodeHead(head))
}

/** Log, snapshot and the tombstone of the life before. */
function dropLife(batch: Batch, { key, version, compactedVersion }: DocumentHead): void {
  dropLog(batch, key, compactedVersion, version)
  batch.del(snapshotKey(key))
  dropEntry(batch, key, tombstoneKey(key))
}

/** A log has every version between the cut and the head, so its keys are known without a scan. */
function dropLog(batch: Batch, key: DocumentKey, after: number, last: number): void {
  for (let version = after + 1; version <= last; version += 1) dropEntry(batch, key, logKey(key, version))
}

/** The entry and its place in the order of arrival. */
function dropEntry(batch: Batch, key: DocumentKey, at: string): void {
  const bytes = batch.get(at)
  if (!bytes) return
  batch.del(arrivalKey(key.tenant, records.decodeEntry(key, bytes).position))
  batch.del(at)
}

function putReceipt(batch: Batch, receipt: Receipt): void {
  const key = receiptKey(receipt)
  const old = batch.get(key)
  const expired = old && records.decodeReceipt(receipt, old).expiresAtMs
  if (expired !== undefined) batch.del(expiryKey(expired, key))
  batch.put(key, records.encodeReceipt(receipt))
  if (receipt.expiresAtMs !== undefined) batch.put(expiryKey(receipt.expiresAtMs, key), new Uint8Array(0))
}

/** The snapshot, and with it the cut. */
export function writeCompaction({ batch }: WriteContext, key: DocumentKey, { snapshot, keepAfter }: Compaction): void {
  const head = readHead(batch, key)
  checkCompaction(head, snapshot)
  batch.put(snapshotKey(key), records.encodeSnapshot(snapshot))
  dropLog(batch, key, head!.compactedVersion, keepAfter)
  writeHead(batch, headAfterCompaction(head!, snapshot, keepAfter), head)
}

/** Forgets the receipts of these expiries; answers how many. One that was replaced meanwhile has another expiry. */
export function purgeReceipts({ batch }: WriteContext, expiries: readonly string[]): number {
  const due = expiries.filter((expiry) => batch.get(expiry) !== undefined)
  for (const expiry of due) {
    batch.del(expiry)
    batch.del(receiptOfExpiry(expiry))
  }
  return due.length
}

export function writeValue({ batch }: WriteContext, name: string, value: string | undefined): void {
  if (value === undefined) batch.del(valueKey(name))
  else batch.put(valueKey(name), records.encodeValue(value))
}
