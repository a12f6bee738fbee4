/**
 * What the store has of a document, unread: its snapshot and the changes behind it. Enough for who joins or comes back, so a document
 * is loaded only when it is written to, or when somebody asks for what only a loaded one can tell.
 */
import { type ActorId, encodeBundle, readChange } from '@joinery/core'
import type { DocumentHead, Known, LogEntry, Store, StoredSnapshot } from '@joinery/sync'
import { documentAttributes } from './attributes.ts'
import { readSnapshotAttributes } from './snapshot-attributes.ts'

export interface StoredState {
  /** Absent while the log has everything. */
  readonly snapshot: StoredSnapshot | undefined
  /** The changes after this version, up to the head. */
  readonly tailFrom: number
  /** A bundle; absent when there is no change after the snapshot. */
  readonly tail: Uint8Array | undefined
  /** What is stored of each actor. */
  readonly chain: ReadonlyMap<ActorId, Known>
}

/** So many changes are sent as they are, whatever a snapshot of them would take. */
const TAIL_CHANGES_MIN = 256
/** A change with its header. A tail takes about as much as the snapshot at most. */
const CHANGE_BYTES = 250
/** Log entries read at a time. */
const PAGE = 1000

/** Whether a snapshot of this size may be followed by so many changes, instead of making another one. */
export function isShortTail(changes: number, snapshotBytes: number): boolean {
  return changes <= Math.max(TAIL_CHANGES_MIN, snapshotBytes / CHANGE_BYTES)
}

/** Reads it; undefined where the document should rather be loaded: its log is long, or was folded while it was read. */
export async function readStoredState(store: StoredStateSource, head: DocumentHead): Promise<StoredState | undefined> {
  const snapshot = head.snapshotVersion === 0 ? undefined : await store.snapshot(head.key)
  if (head.snapshotVersion !== 0 && !fits(snapshot, head)) return undefined
  const tailFrom = snapshot?.version ?? documentAttributes(head).base
  if (!isShortTail(head.version - tailFrom, snapshot?.bytes.length ?? 0)) return undefined
  const covered = snapshot === undefined ? new Map() : readSnapshotAttributes(snapshot.attributes).chain
  const changes = await readTail(store, head, tailFrom)
  if (covered === undefined || changes === undefined) return undefined
  const chain = new Map<ActorId, Known>(covered)
  // The log has the changes of an actor in their order.
  for (const change of changes) {
    const { header, check } = readChange(change)
    chain.set(header.actor, { known: header.first + header.length - 1, knownCheck: check })
  }
  return { snapshot, tailFrom, tail: changes.length === 0 ? undefined : encodeBundle(changes), chain }
}

type StoredStateSource = Pick<Store, 'snapshot' | 'log'>

/** A snapshot of this life; a newer one than the head tells may be there by now. */
function fits(snapshot: StoredSnapshot | undefined, { incarnation, version }: DocumentHead): boolean {
  return snapshot !== undefined && snapshot.incarnation === incarnation && snapshot.version <= version
}

async function readTail(store: StoredStateSource, head: DocumentHead, from: number): Promise<Uint8Array[] | undefined> {
  const changes: Uint8Array[] = []
  for (let after = from; after < head.version; ) {
    const page = await store.log(head.key, { after, limit: Math.min(PAGE, head.version - after) })
    // History is folded beside this: with a part of it gone, the rest is no answer.
    if (page[0]?.version !== after + 1) return undefined
    changes.push(...page.map(({ change }) => change))
    after = (page.at(-1) as LogEntry).version
  }
  return changes
}
