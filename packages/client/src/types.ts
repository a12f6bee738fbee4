/** What goes in and out of a client. The JSON is that of `docs/HTTP-API.md`. */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation } from '@joinery/sync'
import type { ClientError, Problem } from './errors.ts'

export type { DocumentType, Operation }

/** What the server says about a document with every answer. */
export interface DocumentState {
  readonly id: string
  readonly type: DocumentType
  readonly version: number
  readonly incarnation: string
  readonly storeId: string
}

export interface DocumentValue extends DocumentState {
  readonly value: JsonValue
  /** Ids of the elements of an `rga` or `text`. */
  readonly ids?: readonly string[]
}

export interface DocumentPage {
  readonly documents: readonly DocumentState[]
  /** Hand it to the next `list`; absent on the last page. */
  readonly cursor?: string
}

export interface LoggedOperation {
  readonly version: number
  readonly node: string
  readonly time: string
  readonly op: Operation
}

export interface LogPage extends DocumentState {
  readonly ops: readonly LoggedOperation[]
  /** The `since` of the next page; absent on the last. */
  readonly next?: number
}

/** A document as this client has it: the last known value of the server with everything queued applied to it. */
export interface View {
  readonly id: string
  readonly type: DocumentType
  readonly value: JsonValue
  /** Version of the last known value; 0 when the server's value was never seen. */
  readonly version: number
  /** Operations in it that the server has not accepted yet. */
  readonly pending: number
}

/** What `pull` answers. */
export interface Pulled extends DocumentValue {
  /** What other nodes did after the value that `get` or `pull` answered last, oldest first. */
  readonly ops: readonly LoggedOperation[]
  /** `ops` is not all of it: too many, or the log no longer reaches back so far. */
  readonly truncated: boolean
  /** Why the earlier version counted for nothing: the server's code, such as `STORE_MISMATCH`. */
  readonly reset?: string
  /** The value with what is still queued here. */
  readonly view: JsonValue
}

/** A request that is durable here. It is sent in the background. */
export interface Mutation {
  /** Names the request in `refused`, also after a restart. */
  readonly handle: number
  /**
   * Resolves when the server has stored it. Rejects with `CLIENT_REFUSED` when it will not, and `CLIENT_CLOSED` when the
   * client closes first; the request then stays queued.
   */
  saved(): Promise<DocumentState>
}

/** A request that the server will not take. */
export interface RefusedRequest {
  readonly handle: number
  readonly id: string
  readonly kind: 'put' | 'ops' | 'remove'
  readonly type?: DocumentType
  readonly value?: JsonValue
  readonly ops?: readonly Operation[]
  /** When it was set aside, milliseconds since 1970. */
  readonly atMs: number
  readonly problem: Problem
}

/** Requests out of the line, each until the application decides. They count against the bound of the queue. */
export interface RefusedRequests {
  list(): readonly RefusedRequest[]
  /**
   * Queues one again, at the end of the line and on the state known now. Durable when it resolves. Throws
   * `CLIENT_NOT_REFUSED`, and `CLIENT_UNRESOLVED` when it names elements that never reached the server.
   */
  retry(handle: number): Promise<Mutation>
  /** Drops one. Throws `CLIENT_NOT_REFUSED`. */
  discard(handle: number): Promise<void>
  /** All of them as JSON text, to be kept elsewhere. */
  export(): string
}

export interface ClientStatus {
  /** Operations that are queued. */
  readonly pending: number
  /** Requests that were refused. */
  readonly refused: number
  /** Whether the last request got an answer from the server; undefined before the first. */
  readonly online: boolean | undefined
  /** What went wrong last; absent once a request succeeded after it. */
  readonly lastError: ClientError | undefined
}
