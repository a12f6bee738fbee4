import type { Commit, DocumentHead, DocumentKey, LogEntry, Receipt } from '@joinery/sync'
import type { Arrival } from './arrivals.ts'
import type { Medium, MemoryDocument } from './medium.ts'

/** Writes a commit that was checked; answers with the entries as stored, which the caller must copy before handing out. */
export function writeCommit(medium: Medium, commit: Commit): LogEntry[] {
  const tenant = medium.tenantForWriting(commit.key.tenant)
  const document = documentOf(medium, commit)
  if (commit.kind === 'end') {
    tenant.arrivals.drop(document.tombstone ? [document.tombstone, ...document.log] : document.log)
    document.log = []
  }
  const stored: LogEntry[] = []
  for (const entry of commit.entries) {
    document.version += 1
    medium.lastPosition += 1
    const { version } = document
    const position = medium.lastPosition
    const { incarnation } = commit
    const change = copyBytes(entry.change)
    const logged = { key: document.key, version, position, incarnation, change, attributes: entry.attributes }
    const arrival: Arrival = { entry: logged, gone: false }
    tenant.arrivals.push(arrival)
    if (commit.kind === 'end') document.tombstone = arrival
    else document.log.push(arrival)
    stored.push(logged)
  }
  if (commit.kind === 'end') endLife(document)
  if (commit.receipt) medium.receipts.set(receiptKey(commit.receipt), { ...commit.receipt })
  return stored
}

/** The document to write to, with a new life begun when the commit begins one. */
function documentOf(medium: Medium, { key, kind, incarnation, attributes = '' }: Commit): MemoryDocument {
  const existing = medium.document(key)
  if (kind !== 'begin') return existing!
  if (existing) {
    existing.incarnation = incarnation
    existing.deleted = false
    existing.attributes = attributes
    return existing
  }
  const document: MemoryDocument = {
    key: { tenant: key.tenant, id: key.id },
    version: 0,
    incarnation,
    deleted: false,
    attributes,
    snapshotVersion: 0,
    compactedVersion: 0,
    log: [],
    tombstone: undefined,
    snapshot: undefined,
  }
  medium.addDocument(document)
  return document
}

function endLife(document: MemoryDocument): void {
  document.deleted = true
  document.snapshot = undefined
  document.snapshotVersion = 0
  // The next life begins after this version, with nothing of its own compacted.
  document.compactedVersion = document.version
}

export function headOf(document: MemoryDocument): DocumentHead {
  const { key, version, incarnation, deleted, attributes, snapshotVersion, compactedVersion } = document
  return { key: copyKey(key), version, incarnation, deleted, attributes, snapshotVersion, compactedVersion }
}

export function copyEntry(entry: LogEntry): LogEntry {
  return { ...entry, key: copyKey(entry.key), change: copyBytes(entry.change) }
}

/** A plain copy also of a Node `Buffer`, whose own `slice` would share memory. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function copyKey({ tenant, id }: DocumentKey): DocumentKey {
  return { tenant, id }
}

/** Names of any content joined without ambiguity. */
export function receiptKey({ tenant, scope, key }: Pick<Receipt, 'tenant' | 'scope' | 'key'>): string {
  return JSON.stringify([tenant, scope, key])
}
