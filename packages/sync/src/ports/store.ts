/**
 * The storage port: what a host needs from durable storage, and nothing about how it is done.
 *
 * A store keeps, per document, an append-only log of changes, at most one snapshot and the last tombstone; per tenant, the
 * order in which changes arrived; per caller, receipts of answered requests; and small named values of the host.
 *
 * The contract every adapter is tested against (`@joinery/storage/testing`):
 *
 * - **Atomic.** A commit happens whole or not at all, also when the process is killed half-way.
 * - **Durable.** A commit resolves only when it survives SIGKILL of the process and, where the device honours a flush, loss
 *   of power. Commits that arrive while one is being flushed share the next flush (group commit).
 * - **Serialisable per document.** A commit names the version it was made on; one that lost a race is refused with
 *   `STORE_CONFLICT` and changes nothing.
 * - **Gap-free.** Versions of a document are 1, 2, 3, …, across incarnations, never reused.
 * - **Immutable.** Bytes handed in may be kept by the store; bytes handed out may be kept by the caller.
 */

/** Where a document lives. Both parts are well-formed strings; the host has checked their length. */
export interface DocumentKey {
  readonly tenant: string
  readonly id: string
}

/** What the store knows about a document without reading its content. */
export interface DocumentHead {
  readonly key: DocumentKey
  /** Version of the last stored change; 0 never occurs, a document begins with a commit. */
  readonly version: number
  /** Incarnation of the current life, or of the last one when `deleted`. */
  readonly incarnation: string
  readonly deleted: boolean
  /** Host data of the current incarnation (its type, for one), as given by the commit that began it. */
  readonly attributes: string
  /** The snapshot covers all changes up to and including this version; 0 when there is none. */
  readonly snapshotVersion: number
  /**
   * Changes after this version are in the log; older ones were compacted away. A life begins with nothing compacted: here
   * stands the version before its first change, and for a deleted document its last version.
   */
  readonly compactedVersion: number
}

/** A change to be stored: opaque bytes plus host data (who, when, the operation as the API shows it). */
export interface NewEntry {
  readonly change: Uint8Array
  readonly attributes: string
}

/** A stored change. */
export interface LogEntry extends NewEntry {
  readonly key: DocumentKey
  readonly version: number
  /** Position in the tenant's order of arrival: strictly increasing, gaps allowed. */
  readonly position: number
  readonly incarnation: string
}

/** The remembered answer to a request, so that a retry gets it again. */
export interface Receipt {
  /** Who asked: receipts are looked up by (tenant, scope, key). */
  readonly tenant: string
  readonly scope: string
  readonly key: string
  readonly requestHash: string
  readonly answer: string
  /** Milliseconds since the epoch after which the receipt may be forgotten; absent: kept for ever. */
  readonly expiresAtMs?: number
}

/** One atomic step of one document. */
export interface Commit {
  readonly key: DocumentKey
  /** The version this commit was made on: 0 for a document never seen. */
  readonly expectedVersion: number
  /**
   * - `append`: add changes to the current incarnation.
   * - `begin`: a new incarnation starts with these changes; the document was absent or deleted. The incarnation that ended
   *   last cannot begin again.
   * - `end`: the incarnation is deleted. Takes one version (its entry carries the tombstone), drops log and snapshot of the
   *   incarnation, keeps the tombstone until the next one replaces it.
   */
  readonly kind: 'append' | 'begin' | 'end'
  readonly incarnation: string
  /** Host data of the document; read by `begin` only. */
  readonly attributes?: string
  /** At least one; exactly one for `end`. */
  readonly entries: readonly NewEntry[]
  /** Stored in the same step. An existing receipt under the same (tenant, scope, key) is replaced. */
  readonly receipt?: Receipt
}

/** State of a document up to a version, and what goes with it. */
export interface StoredSnapshot {
  readonly version: number
  readonly incarnation: string
  readonly bytes: Uint8Array
  /** Host data that belongs to the snapshot, such as arrival versions of live tags. */
  readonly attributes: string
}

/** A document as a store keeps it: all that it takes to write it into another store. */
export interface StoredDocument {
  readonly head: DocumentHead
  /** The entry that ended the life before this one; of a deleted document, the one that ended its last. */
  readonly tombstone?: LogEntry
  readonly snapshot?: StoredSnapshot
  /** Changes after the head's `compactedVersion`, ascending and without gaps; none of a deleted document. */
  readonly log: readonly LogEntry[]
}

export interface ImportOptions {
  /**
   * - `kept`: entries stand in their tenant's order of arrival where they stood, at the positions they have. For a store that is
   *   being filled: whoever already reads the order of arrival page by page would miss them.
   * - `now`: they arrive after everything that is there, at positions that the store chooses.
   */
  readonly arrival: 'kept' | 'now'
  /**
   * Takes the place of what the store has of the document. Only for a store that is being filled and was never served from:
   * versions that somebody has seen would come again with another meaning. Without it a document that is there, or was, is
   * refused with `STORE_CONFLICT`.
   */
  readonly replaces?: boolean
}

/** A page of a listing. `cursor` is absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly cursor?: string
}

export interface PageOptions {
  /** The cursor of the page before. */
  readonly cursor?: string
  /** At least 1. */
  readonly limit: number
}

export interface ListOptions extends PageOptions {
  /** Only ids that start with this. */
  readonly prefix?: string
  /** Deleted documents are left out unless asked for. */
  readonly deleted?: boolean
}

export interface LogOptions {
  /** Entries with a larger version (document log) or position (tenant log). */
  readonly after: number
  /** At least 1. */
  readonly limit: number
}

/** Whose data this is, and whether it can have lost or forked anything since it was last open. */
export interface StoreIdentity {
  /**
   * Scope of every version number. New when the store is new, and when the store was found restored from a backup, copied or
   * rolled back: versions of before then mean nothing any more.
   */
  readonly storeId: string
  /** True when the data is known to be exactly what this store last acknowledged, so that the host may keep its actor. */
  readonly continuous: boolean
  /**
   * Which of several owners this is, where a store may have several at a time. Two living owners never share a seat, and an
   * owner that is gone leaves its seat to the next, so what a host must have to itself (its actor) it keeps per seat, and
   * `continuous` speaks of this seat. Absent where a store has one owner at a time.
   */
  readonly seat?: string
}

/** What other owners of the same data have done. */
export type StoreEvent =
  /** A document has this version now. */
  | { readonly type: 'commit'; readonly key: DocumentKey; readonly version: number }
  /** Commits may have gone untold, of any document: whoever keeps something must look again. */
  | { readonly type: 'gap' }

export interface Store {
  readonly identity: StoreIdentity

  /**
   * Commits one step and answers with what was stored. Refused: every code but `STORE_FORMAT` and `STORE_UNFINISHED`. After `STORE_UNKNOWN` the
   * commit may be stored or not; after every other refusal it is not, except that `STORE_IO` of an embedded store's failing
   * medium leaves that to be seen when it is opened again.
   */
  commit(commit: Commit): Promise<readonly LogEntry[]>

  head(key: DocumentKey): Promise<DocumentHead | undefined>

  /** Changes of the current incarnation after a version, ascending. An `end` entry is not part of any log. */
  log(key: DocumentKey, options: LogOptions): Promise<readonly LogEntry[]>

  /** Changes of all documents of a tenant, ascending by position, `end` entries included. Compacted ones are missing. */
  tenantLog(tenant: string, options: LogOptions): Promise<readonly LogEntry[]>

  snapshot(key: DocumentKey): Promise<StoredSnapshot | undefined>

  /** The entry that ended a life of the document last; it stays beside the life that follows. */
  tombstone(key: DocumentKey): Promise<LogEntry | undefined>

  /**
   * Replaces the snapshot and cuts the log up to and including `keepAfter` (at most the snapshot's version), in one step.
   * Refused with `STORE_CONFLICT` when the incarnation is not the current one, a newer snapshot is there, or the snapshot
   * claims a version that the document has not reached or that lies before its log.
   */
  compact(key: DocumentKey, snapshot: StoredSnapshot, keepAfter: number): Promise<void>

  /** Documents of a tenant, ascending by the bytes of their id. */
  documents(tenant: string, options: ListOptions): Promise<Page<DocumentHead>>

  /**
   * Every tenant that has documents, living or deleted, or receipts, ascending by the bytes of its name. One that had some once
   * may be among them.
   */
  tenants(options: PageOptions): Promise<Page<string>>

  receipt(tenant: string, scope: string, key: string): Promise<Receipt | undefined>

  /** Receipts of a tenant, ascending by the bytes of scope and key. */
  receipts(tenant: string, options: PageOptions): Promise<Page<Receipt>>

  /**
   * Writes a document as another store has it, whole and in one step: its versions stay what they were. Refused with
   * `STORE_ARGUMENT` when it is no document that a store can have, with `STORE_CONFLICT` when it is there already or an entry of
   * another document has one of its positions.
   */
  importDocument(document: StoredDocument, options: ImportOptions): Promise<void>

  /** Writes receipts as another store has them, in one step. One under the same (tenant, scope, key) is replaced. */
  importReceipts(receipts: readonly Receipt[]): Promise<void>

  /** Forgets receipts whose `expiresAtMs` is not after this moment; answers how many. */
  purgeReceipts(nowMs: number): Promise<number>

  /** Small named values of the host (API keys, its actor), one namespace for the whole store. `own-values.ts` has the reserved names. */
  value(name: string): Promise<string | undefined>
  /** Ascending by the bytes of the name. */
  values(prefix: string): Promise<readonly { readonly name: string; readonly value: string }[]>
  /** Durable when it resolves. `undefined` removes. */
  setValue(name: string, value: string | undefined): Promise<void>

  /**
   * Tells of commits by other owners of the same data, from now until the answered function is called or the store is closed.
   * What is told can be read. Own commits are not told, order among documents is not kept, and a version may be told late or
   * twice. The listener must not throw. Only where a store may have several owners.
   */
  watch?(listener: (event: StoreEvent) => void): () => void

  /** Waits for what was begun, then lets go of the files. Later calls are refused with `STORE_CLOSED`. Idempotent. */
  close(): Promise<void>
}
