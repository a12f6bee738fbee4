import type { Commit, DocumentHead, DocumentKey, ImportOptions, LogEntry, Receipt, StoredDocument } from '@joinery/sync'
import type { Compaction } from '../common/durable-store.ts'
import { checkCommit, checkCompaction, checkImport, type HeadState, positionTaken } from '../common/rules.ts'
import { entriesOf } from '../common/stored-document.ts'
import { toBytes, toText } from '../common/text.ts'
import type { Statements } from './statements.ts'
import type { Counters } from './transaction.ts'

/** Where writes go. They run inside a transaction, one after the other. */
export interface WriteContext {
  readonly statements: Statements
  readonly counters: Counters
}

interface StateRow {
  readonly document: number
  readonly tenant: number
  readonly version: number
  readonly incarnation: Uint8Array
  readonly deleted: number
  readonly snapshot_version: number
  readonly compacted_version: number
}

function readState(statements: Statements, { tenant, id }: DocumentKey): StateRow | undefined {
  return statements.state.get(toBytes(tenant), toBytes(id)) as StateRow | undefined
}

function headState(row: StateRow): HeadState {
  return {
    version: row.version,
    incarnation: toText(row.incarnation),
    deleted: row.deleted !== 0,
    snapshotVersion: row.snapshot_version,
    compactedVersion: row.compacted_version,
  }
}

/** One commit. Everything that can refuse it comes before the first change. */
export function writeCommit({ statements, counters }: WriteContext, commit: Commit): readonly LogEntry[] {
  const { document, tenant } = append(statements, commit) ?? change(statements, commit)
  if (commit.kind === 'end') {
    statements.dropLog.run(document)
    statements.dropSnapshot.run(document)
  }
  const ends = commit.kind === 'end' ? toBytes(commit.incarnation) : null
  const { tenant: tenantName, id } = commit.key
  const entries = commit.entries.map(({ change, attributes }, i) => {
    counters.lastPosition += 1
    const position = counters.lastPosition
    const version = commit.expectedVersion + i + 1
    statements.addEntry.run(position, document, version, tenant, ends, change, toBytes(attributes))
    const key = { tenant: tenantName, id }
    return { key, version, position, incarnation: commit.incarnation, change, attributes }
  })
  if (commit.receipt) {
    const isSame = commit.receipt.tenant === tenantName
    const receiptTenant = isSame ? tenant : tenantForWriting(statements, commit.receipt.tenant)
    putReceipt(statements, receiptTenant, commit.receipt)
  }
  return entries
}

interface DocumentNumbers {
  readonly document: number
  readonly tenant: number
}

/**
 * What nearly every commit does, as one statement: it finds the row on exactly the head that `checkCommit` asks for. Undefined for
 * any other commit, with nothing done.
 */
function append(statements: Statements, commit: Commit): DocumentNumbers | undefined {
  const { key, kind, incarnation, expectedVersion, entries } = commit
  if (kind !== 'append') return undefined
  const version = expectedVersion + entries.length
  const life = toBytes(incarnation)
  const row = statements.appendDocument.get(version, toBytes(key.tenant), toBytes(key.id), expectedVersion, life)
  return row as DocumentNumbers | undefined
}

function change(statements: Statements, commit: Commit): DocumentNumbers {
  const row = readState(statements, commit.key)
  checkCommit(row && headState(row), commit)
  return advance(statements, commit, row)
}

/** Moves the head to the last version of the commit; a document never seen gets its row. */
function advance(statements: Statements, commit: Commit, row: StateRow | undefined): DocumentNumbers {
  const version = commit.expectedVersion + commit.entries.length
  if (!row) {
    const tenant = tenantForWriting(statements, commit.key.tenant)
    const attributes = toBytes(commit.attributes ?? '')
    const id = toBytes(commit.key.id)
    const added = statements.addDocument.run(tenant, id, version, toBytes(commit.incarnation), attributes)
    return { document: Number(added.lastInsertRowid), tenant }
  }
  if (commit.kind === 'end') {
    statements.endDocument.run(version, row.document)
  } else {
    const attributes = toBytes(commit.attributes ?? '')
    statements.reviveDocument.run(version, toBytes(commit.incarnation), attributes, row.document)
  }
  return row
}

function tenantForWriting(statements: Statements, name: string): number {
  const bytes = toBytes(name)
  statements.addTenant.run(bytes)
  return (statements.tenant.get(bytes) as { tenant: number }).tenant
}

function putReceipt(statements: Statements, tenant: number, receipt: Receipt): void {
  const { scope, key, requestHash, answer, expiresAtMs = null } = receipt
  statements.putReceipt.run(tenant, toBytes(scope), toBytes(key), toBytes(requestHash), toBytes(answer), expiresAtMs)
}

/** The snapshot, and with it the cut. */
export function writeCompaction(
  { statements }: WriteContext,
  key: DocumentKey,
  { snapshot, keepAfter }: Compaction,
): void {
  const row = readState(statements, key)
  checkCompaction(row && headState(row), snapshot)
  const { document } = row!
  statements.putSnapshot.run(document, snapshot.version, snapshot.bytes, toBytes(snapshot.attributes))
  statements.cutLog.run(document, keepAfter)
  statements.compactDocument.run(snapshot.version, keepAfter, document)
}

/** A document as another store has it. What can refuse it comes before the first change, but for the name of the tenant. */
export function writeImport(
  { statements, counters }: WriteContext,
  document: StoredDocument,
  { arrival, replaces = false }: ImportOptions,
): void {
  const { head, snapshot } = document
  const row = readState(statements, head.key)
  checkImport(row && headState(row), { arrival, replaces })
  const tenant = row?.tenant ?? tenantForWriting(statements, head.key.tenant)
  const entries = entriesOf(document)
  if (arrival === 'kept') {
    for (const { position } of entries) checkPosition(statements, { tenant, position, own: row?.document })
  }
  const number = row ? replaceDocument(statements, row, head) : addDocument(statements, tenant, head)
  for (const entry of entries) {
    const position = arrival === 'kept' ? entry.position : counters.lastPosition + 1
    counters.lastPosition = Math.max(counters.lastPosition, position)
    const ends = entry === document.tombstone ? toBytes(entry.incarnation) : null
    statements.addEntry.run(position, number, entry.version, tenant, ends, entry.change, toBytes(entry.attributes))
  }
  if (!snapshot) return
  statements.putSnapshot.run(number, snapshot.version, snapshot.bytes, toBytes(snapshot.attributes))
}

function checkPosition(
  statements: Statements,
  place: { readonly tenant: number; readonly position: number; readonly own: number | undefined },
): void {
  const taken = statements.positionTaken.get(place.tenant, place.position) as { readonly document: number } | undefined
  if (taken && taken.document !== place.own) throw positionTaken(place.position)
}

/** What a head says of itself, in the order of the columns. */
function columnsOf(head: DocumentHead) {
  const { version, incarnation, deleted, attributes, snapshotVersion, compactedVersion } = head
  const isDeleted = deleted ? 1 : 0
  return [version, toBytes(incarnation), isDeleted, toBytes(attributes), snapshotVersion, compactedVersion] as const
}

function addDocument(statements: Statements, tenant: number, head: DocumentHead): number {
  return Number(statements.importDocument.run(tenant, toBytes(head.key.id), ...columnsOf(head)).lastInsertRowid)
}

function replaceDocument(statements: Statements, { document }: StateRow, head: DocumentHead): number {
  statements.dropLog.run(document)
  statements.dropSnapshot.run(document)
  statements.replaceDocument.run(...columnsOf(head), document)
  return document
}

export function writeReceipts({ statements }: WriteContext, receipts: readonly Receipt[]): void {
  for (const receipt of receipts) putReceipt(statements, tenantForWriting(statements, receipt.tenant), receipt)
}

/** Forgets at most `limit` receipts; answers how many. */
export function purgeReceipts({ statements }: WriteContext, nowMs: number, limit: number): number {
  return Number(statements.purgeReceipts.run(nowMs, limit).changes)
}

export function writeValue({ statements }: WriteContext, name: string, value: string | undefined): void {
  if (value === undefined) statements.dropValue.run(toBytes(name))
  else statements.putValue.run(toBytes(name), toBytes(value))
}
