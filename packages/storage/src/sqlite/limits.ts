import { defaultQueueLimits, type QueueLimits } from '../common/limits.ts'

/** Bounds of a SQLite store: those of its queue, and what SQLite itself may use. */
export interface SqliteLimits extends QueueLimits {
  /**
   * Pages of 4 KiB in the write-ahead log at which SQLite copies it into the database. Smaller spreads the work more evenly,
   * larger writes a page that changes often fewer times. Default 1 000, which is SQLite's own.
   */
  readonly checkpointPagesMax: number
  /** Size to which the write-ahead log is cut after one large transaction has blown it up. Default 64 MiB. */
  readonly walBytesMax: number
  /** Memory of SQLite's page cache. Default 32 MiB: heads and the ends of logs of some ten thousand busy documents. */
  readonly cacheBytesMax: number
}

export const defaultSqliteLimits: SqliteLimits = {
  ...defaultQueueLimits,
  checkpointPagesMax: 1_000,
  walBytesMax: 64 * 1024 * 1024,
  cacheBytesMax: 32 * 1024 * 1024,
}
