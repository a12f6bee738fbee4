/** What the server does, without HTTP: requests in, answers out, refusals as `ServerError`. */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation } from '@joinery/sync'
import type { LiveDocuments } from '../live/live-documents.ts'
import type { ValueEvent } from '../live/value-stream.ts'
import type { Folded, FoldOptions } from './fold-all.ts'

export type { DocumentType, Operation }

/** Who asks. */
export interface Caller {
  readonly tenant: string
  readonly node: string
  /** Id of the API key that vouches for them; absent where there are no keys. */
  readonly key?: string
}

/** What makes a retry safe: the key of the request and a hash of its body. */
export interface Idempotency {
  readonly key: string
  readonly bodyHash: string
}

/** What every answer about a document carries. */
export interface DocumentState {
  readonly id: string
  readonly type: DocumentType
  /** Grows by one per stored change, also across deletion and new creation. */
  readonly version: number
  readonly incarnation: string
  readonly storeId: string
}

export interface DocumentValue extends DocumentState {
  readonly value: JsonValue
  /** Ids of the elements, for `rga` and `text` when asked for. */
  readonly ids?: readonly string[]
}

export interface LoggedOperation {
  readonly version: number
  readonly node: string
  /** RFC 3339, milliseconds. */
  readonly time: string
  readonly op: Operation
}

export interface TenantOperation extends LoggedOperation {
  readonly id: string
  readonly incarnation: string
  /** Position in the tenant's log: the `since` of the next page. */
  readonly position: number
}

/** The version a caller is at, and where that number comes from. */
export interface Since {
  readonly version: number
  readonly storeId?: string | undefined
  readonly incarnation?: string | undefined
}

export interface PutRequest {
  readonly type: DocumentType
  readonly value: JsonValue
  readonly idempotency?: Idempotency | undefined
}

export interface OpsRequest {
  readonly type: DocumentType
  readonly since: Since
  readonly ops: readonly Operation[]
  /** Leave the snapshot out of the answer. */
  readonly withoutSnapshot?: boolean | undefined
  /** Show element ids in the answer. */
  readonly withIds?: boolean | undefined
  readonly idempotency?: Idempotency | undefined
}

export interface OpsAnswer extends DocumentState {
  readonly snapshot?: JsonValue
  readonly ids?: readonly string[]
  /** What others did after `since`, oldest first; at most one page of them. */
  readonly ops: readonly LoggedOperation[]
  /** True when there is more after the last of `ops`, or when `since` is older than the kept history. */
  readonly truncated: boolean
}

export interface LogAnswer extends DocumentState {
  readonly ops: readonly LoggedOperation[]
  /** The `since` of the next page; absent on the last. */
  readonly next?: number
}

export interface LogOptions {
  readonly since: Since
  readonly limit: number
  readonly waitMs?: number | undefined
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined
}

export interface GetOptions {
  /** Show element ids in the answer. */
  readonly ids?: boolean | undefined
}

export interface DocumentListOptions {
  readonly prefix?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface DocumentListAnswer {
  readonly documents: readonly DocumentState[]
  /** Absent on the last page. */
  readonly cursor?: string
}

export interface TenantLogOptions {
  readonly since: number
  readonly limit: number
}

export interface TenantLogAnswer {
  readonly storeId: string
  readonly ops: readonly TenantOperation[]
  /** The `since` of the next page; absent on the last. */
  readonly next?: number
}

export interface WatchOptions {
  /** What the caller has already. */
  readonly since?: Since | undefined
  readonly onEvent: (event: ValueEvent) => void
}

/** The value as the caller wrote it, and whether that created the document. */
export interface PutAnswer extends DocumentValue {
  readonly created: boolean
}

/** What is in memory. */
export interface Resident {
  readonly documents: number
  readonly bytes: number
}

/** What waits. */
export interface Backlog {
  /** Reads and writes that wait for their document, or have it. */
  readonly tasks: number
  /** Histories that wait to be folded, or are being. */
  readonly compactions: number
}

export interface DocumentService {
  readonly resident: Resident
  readonly backlog: Backlog
  /** Scope of every version. */
  readonly storeId: string
  /** The documents that sessions follow. */
  readonly live: LiveDocuments
  /** Creates or overwrites. `created` tells which. */
  put(caller: Caller, id: string, request: PutRequest): Promise<PutAnswer>
  get(caller: Caller, id: string, options?: GetOptions): Promise<DocumentValue>
  /** Ends the current incarnation. */
  remove(caller: Caller, id: string, idempotency?: Idempotency): Promise<DocumentState>
  list(caller: Caller, options: DocumentListOptions): Promise<DocumentListAnswer>
  ops(caller: Caller, id: string, request: OpsRequest): Promise<OpsAnswer>
  /** With `waitMs`, an answer without operations is put off until there are some, or the time is over. */
  log(caller: Caller, id: string, options: LogOptions): Promise<LogAnswer>
  /**
   * Tells of the value as it is, or of what changed since, and then of every change. Answers what ends it. The document has to be
   * there.
   */
  watch(caller: Caller, id: string, options: WatchOptions): Promise<() => void>
  tenantLog(caller: Caller, options: TenantLogOptions): Promise<TenantLogAnswer>
  /** Folds history that the policy would still keep. Throws what the store throws. */
  compact(options: FoldOptions): Promise<Folded>
  /** Waits for what was begun and refuses what comes after. The store stays open. */
  drain(): Promise<void>
}
