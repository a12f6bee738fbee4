import { type DocumentHead, type LogEntry, type StoredDocument, StoreError } from '@joinery/sync'

/**
 * What an import is checked for: that some store can have come to this document by commits and compactions alone. What is
 * written elsewhere and read back must not bring in a state that the rest of the code takes for impossible.
 */
export function checkStoredDocument(document: StoredDocument): void {
  checkHead(document.head)
  if (document.tombstone) checkTombstone(document.head, document.tombstone)
  if (document.head.deleted) checkDeleted(document)
  else checkLiving(document)
  checkPositions(entriesOf(document))
}

/** Tombstone and log, in the order of their versions. */
export function entriesOf({ tombstone, log }: StoredDocument): readonly LogEntry[] {
  return tombstone ? [tombstone, ...log] : log
}

/** Memory that a waiting import holds, near enough: characters count as bytes. */
export function documentBytes(document: StoredDocument): number {
  const { head, snapshot } = document
  let bytes = head.attributes.length + (snapshot ? snapshot.bytes.byteLength + snapshot.attributes.length : 0)
  for (const entry of entriesOf(document)) bytes += entry.change.byteLength + entry.attributes.length
  return bytes
}

function checkHead({ version, snapshotVersion, compactedVersion }: DocumentHead): void {
  for (const number of [version, snapshotVersion, compactedVersion]) {
    require(Number.isSafeInteger(number) && number >= 0, 'versions are whole numbers')
  }
  require(version >= 1, 'a document has at least one version')
  require(compactedVersion <= version && snapshotVersion <= version, 'nothing is ahead of the last version')
}

function checkTombstone(head: DocumentHead, tombstone: LogEntry): void {
  checkEntry(head, tombstone)
  require(Number.isSafeInteger(tombstone.version) && tombstone.version >= 2, 'a life has changes before it ends')
  require((tombstone.incarnation === head.incarnation) === head.deleted, 'a life that ended is over')
}

function checkDeleted({ head, tombstone, snapshot, log }: StoredDocument): void {
  require(tombstone?.version === head.version, 'a deleted document has the tombstone of its last version')
  require(head.snapshotVersion === 0 &&
    head.compactedVersion === head.version, 'nothing else is kept of a deleted document')
  require(snapshot === undefined && log.length === 0, 'a deleted document has neither snapshot nor log')
}

function checkLiving({ head, tombstone, snapshot, log }: StoredDocument): void {
  const { version, compactedVersion, snapshotVersion, incarnation } = head
  const base = tombstone?.version ?? 0
  require(version > base && compactedVersion >= base, 'a life comes after the end of the one before')
  require(log.length === version - compactedVersion, 'the log has every version after the cut')
  for (const [i, entry] of log.entries()) {
    checkEntry(head, entry)
    require(entry.version === compactedVersion + i + 1, 'the log has every version after the cut')
    require(entry.incarnation === incarnation, 'the log is of the current life')
  }
  require((snapshot?.version ?? 0) === snapshotVersion, 'the snapshot is the one that the head names')
  if (snapshot) {
    require(snapshot.incarnation === incarnation, 'the snapshot is of the current life')
    require(snapshotVersion >= compactedVersion, 'the snapshot covers what was cut')
  } else {
    require(compactedVersion === base, 'what was cut is in a snapshot')
  }
}

function checkEntry(head: DocumentHead, { key }: LogEntry): void {
  require(key.tenant === head.key.tenant && key.id === head.key.id, 'all entries are of this document')
}

function checkPositions(entries: readonly LogEntry[]): void {
  let last = 0
  for (const { position } of entries) {
    require(Number.isSafeInteger(position) && position > last, 'positions are whole numbers that rise')
    last = position
  }
}

function require(holds: boolean, rule: string): void {
  if (!holds) throw new StoreError('STORE_ARGUMENT', `this is no document that a store can have: ${rule}`)
}
