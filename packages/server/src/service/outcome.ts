/** What a write does to a document and its head, between the document in memory and the commit. */
import type { ChangeHeader, Doc } from '@joinery/core'
import type { Commit, DocumentHead, DocumentKey, NewEntry } from '@joinery/sync'
import { writeDocumentAttributes } from './attributes.ts'
import type { OpenDocument } from './library.ts'
import type { DocumentState, DocumentType } from './types.ts'

/** What a write did to a document in memory, to be committed. */
export interface Outcome<A> {
  readonly kind: Commit['kind']
  readonly doc: Doc | undefined
  readonly incarnation: string
  readonly attributes: string
  readonly entries: readonly NewEntry[]
  /** Which session each entry came from; absent where none did. */
  readonly sources?: readonly object[]
  /** The header of each entry's change, where it was read already. */
  readonly headers?: readonly ChangeHeader[]
  /** The answer, given the state after the commit. */
  readonly answer: (state: DocumentState) => A
}

export function outcomeOf<A>(
  opened: OpenDocument | undefined,
  made: Pick<Outcome<A>, 'entries' | 'sources' | 'headers' | 'answer'> & {
    readonly doc: Doc
    readonly type: DocumentType
  },
): Outcome<A> {
  const { doc, type, entries, sources, headers, answer } = made
  const begins = opened?.doc === undefined
  return {
    kind: begins ? 'begin' : 'append',
    doc,
    incarnation: doc.incarnation,
    // A life keeps what it began with.
    attributes: begins ? writeDocumentAttributes({ type, base: opened?.head.version ?? 0 }) : opened.head.attributes,
    entries,
    ...(sources === undefined ? {} : { sources }),
    ...(headers === undefined ? {} : { headers }),
    answer,
  }
}

/** The head of a document that is about to begin. */
export function firstHead(key: DocumentKey, doc: Doc, type: DocumentType): DocumentHead {
  const attributes = writeDocumentAttributes({ type, base: 0 })
  const { incarnation } = doc
  return { key, version: 0, incarnation, deleted: false, attributes, snapshotVersion: 0, compactedVersion: 0 }
}

/** The head after a commit. */
export function nextHead<A>(head: DocumentHead | undefined, key: DocumentKey, outcome: Outcome<A>): DocumentHead {
  const { incarnation, attributes, entries, kind } = outcome
  return {
    key,
    version: (head?.version ?? 0) + entries.length,
    incarnation,
    deleted: kind === 'end',
    attributes,
    snapshotVersion: kind === 'begin' ? 0 : (head?.snapshotVersion ?? 0),
    // A life begins with nothing compacted: its log begins behind the version before it.
    compactedVersion: kind === 'begin' ? (head?.version ?? 0) : (head?.compactedVersion ?? 0),
  }
}
