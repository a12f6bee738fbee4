/** What the service tells of what it does, for metrics. */

export type OperationName =
  | 'put'
  | 'apply'
  | 'delete'
  | 'read'
  | 'list'
  | 'log'
  | 'poll'
  | 'tenant_log'
  | 'stream'
  | 'subscribe'
  | 'change'

/** Refused: the caller's doing. Failed: ours, or the store's. */
export type OperationOutcome = 'done' | 'refused' | 'failed'

export type StoreRead = 'head' | 'log' | 'snapshot' | 'documents' | 'tenant_log' | 'receipt'

export interface ServiceObserver {
  /** An operation ended. */
  operation(operation: OperationName, outcome: OperationOutcome, seconds: number): void
  /** Changes were stored in one step. */
  stored(door: 'http' | 'session', changes: number, seconds: number): void
  storeRead(read: StoreRead, seconds: number): void
  /** Changes of a session took so long from their arrival until they were sent on. */
  sent(seconds: number): void
  /** Changes were made without having seen each other, and joined. */
  merged(changes: number): void
  /** Somebody else wrote first: the step is made again. */
  conflict(): void
  compacted(): void
  compactionFailed(): void
}
