import { type Commit, type DocumentHead, type ImportOptions, type StoredSnapshot, StoreError } from '@joinery/sync'

/**
 * The decisions of the storage port as functions of a document's head: who wins a race, and what may be compacted. Adapters
 * differ in how they read the head and write the result, never in these answers.
 */

/** The part of a head that decides. */
export type HeadState = Pick<
  DocumentHead,
  'version' | 'incarnation' | 'deleted' | 'snapshotVersion' | 'compactedVersion'
>

/** Throws `STORE_CONFLICT` unless the commit was made on exactly this head. */
export function checkCommit(head: HeadState | undefined, commit: Commit): void {
  const version = head?.version ?? 0
  if (commit.expectedVersion !== version) {
    throw conflict(`the commit was made on version ${commit.expectedVersion}, the last one is ${version}`)
  }
  const alive = head !== undefined && !head.deleted
  if (commit.kind === 'begin') {
    if (alive) throw conflict('the document exists')
    // A life that could begin again would bring back what its tombstone took away.
    if (head?.incarnation === commit.incarnation) throw conflict('this incarnation has ended')
    return
  }
  if (!alive) throw conflict(head ? 'the document is deleted' : 'the document does not exist')
  if (head.incarnation !== commit.incarnation) throw conflict('the document is in another incarnation')
}

/** Throws `STORE_CONFLICT` unless the snapshot belongs to this head and covers what its log no longer has. */
export function checkCompaction(head: HeadState | undefined, snapshot: StoredSnapshot): void {
  if (!head || head.deleted) throw conflict('there is no document to compact')
  if (head.incarnation !== snapshot.incarnation) throw conflict('the document is in another incarnation')
  if (snapshot.version < head.snapshotVersion) throw conflict('a newer snapshot is there')
  if (snapshot.version > head.version) throw conflict('the snapshot is ahead of the document')
  if (snapshot.version < head.compactedVersion) throw conflict('the snapshot lies before the log')
}

/** Throws `STORE_CONFLICT` when there is, or was, such a document and the import does not take its place. */
export function checkImport(head: HeadState | undefined, { replaces = false }: ImportOptions): void {
  if (head && !replaces) throw conflict(head.deleted ? 'the document was deleted' : 'the document exists')
}

/** An entry of another document stands where an import says that one of its own stood. */
export function positionTaken(position: number): StoreError {
  return conflict(`another document has position ${position}`)
}

/** The head after a commit that was not refused. */
export function headAfterCommit(head: DocumentHead | undefined, commit: Commit): DocumentHead {
  const { key, kind, incarnation, attributes = '', expectedVersion } = commit
  const version = expectedVersion + commit.entries.length
  switch (kind) {
    case 'append':
      return { ...head!, version }
    case 'begin': {
      const begun = { key: { tenant: key.tenant, id: key.id }, version, incarnation, deleted: false, attributes }
      return { ...begun, snapshotVersion: 0, compactedVersion: expectedVersion }
    }
    case 'end':
      return { ...head!, version, deleted: true, snapshotVersion: 0, compactedVersion: version }
  }
}

/** The head after a compaction that was not refused. */
export function headAfterCompaction(head: DocumentHead, { version }: StoredSnapshot, keepAfter: number): DocumentHead {
  return { ...head, snapshotVersion: version, compactedVersion: Math.max(head.compactedVersion, keepAfter) }
}

function conflict(message: string): StoreError {
  return new StoreError('STORE_CONFLICT', message)
}
