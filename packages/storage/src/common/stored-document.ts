import { type DocumentHead, type LogEntry, type StoredDocument, StoreError } from '@joinery/sync'

/**
 * What an import is checked for: that some store can have come to this document by commits and compactions alone. What is
 * written elsewhere and read back must not bring in a state that the rest of the code takes for impossible.
 */
export function checkStoredDocument(document: StoredDocument): void {
  const rule = misfit(document)
  if (rule !== undefined) throw new StoreError('STORE_ARGUMENT', `this is no document that a store can have: ${rule}`)
}

/** The rule that the parts of a document break; undefined when they fit each other. */
export function misfit(document: StoredDocument): string | undefined {
  for (const rules of [headRules, tombstoneRules, document.head.deleted ? deletedRules : livingRules, positionRules]) {
    for (const [holds, rule] of rules(document)) if (!holds) return rule
  }
  return undefined
}

/** Whether it holds, and in words. */
type Rule = readonly [boolean, string]

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

function* headRules({ head }: StoredDocument): Iterable<Rule> {
  const { version, snapshotVersion, compactedVersion } = head
  for (const number of [version, snapshotVersion, compactedVersion]) {
    yield [Number.isSafeInteger(number) && number >= 0, 'versions are whole numbers']
  }
  yield [version >= 1, 'a document has at least one version']
  yield [compactedVersion <= version && snapshotVersion <= version, 'nothing is ahead of the last version']
}

function* tombstoneRules({ head, tombstone }: StoredDocument): Iterable<Rule> {
  if (!tombstone) return
  yield isOf(head, tombstone)
  yield [Number.isSafeInteger(tombstone.version) && tombstone.version >= 2, 'a life has changes before it ends']
  yield [(tombstone.incarnation === head.incarnation) === head.deleted, 'a life that ended is over']
}

function* deletedRules({ head, tombstone, snapshot, log }: StoredDocument): Iterable<Rule> {
  yield [tombstone?.version === head.version, 'a deleted document has the tombstone of its last version']
  yield [
    head.snapshotVersion === 0 && head.compactedVersion === head.version,
    'nothing else is kept of a deleted document',
  ]
  yield [snapshot === undefined && log.length === 0, 'a deleted document has neither snapshot nor log']
}

function* livingRules({ head, tombstone, snapshot, log }: StoredDocument): Iterable<Rule> {
  const { version, compactedVersion, snapshotVersion, incarnation } = head
  const base = tombstone?.version ?? 0
  yield [version > base && compactedVersion >= base, 'a life comes after the end of the one before']
  yield [log.length === version - compactedVersion, 'the log has every version after the cut']
  for (const [i, entry] of log.entries()) {
    yield isOf(head, entry)
    yield [entry.version === compactedVersion + i + 1, 'the log has every version after the cut']
    yield [entry.incarnation === incarnation, 'the log is of the current life']
  }
  yield [(snapshot?.version ?? 0) === snapshotVersion, 'the snapshot is the one that the head names']
  yield [snapshot === undefined || snapshot.incarnation === incarnation, 'the snapshot is of the current life']
  const isCovered = snapshot === undefined ? compactedVersion === base : snapshotVersion >= compactedVersion
  yield [isCovered, 'what was cut is in a snapshot']
}

function isOf(head: DocumentHead, { key }: LogEntry): Rule {
  return [key.tenant === head.key.tenant && key.id === head.key.id, 'all entries are of this document']
}

function* positionRules(document: StoredDocument): Iterable<Rule> {
  let last = 0
  for (const { position } of entriesOf(document)) {
    yield [Number.isSafeInteger(position) && position > last, 'positions are whole numbers that rise']
    last = position
  }
}
