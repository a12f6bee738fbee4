/** Bounds of a SQLite store: what may wait, how much one transaction takes, what SQLite itself may use. */
export interface SqliteLimits {
  /**
   * Writes that wait for a transaction. At a full queue a write is refused with `STORE_BUSY`: the caller holds the request and
   * can delay its answer, while a longer queue would only hide that the disk is behind. Default 10 000, some seconds of work.
   */
  readonly queueWritesMax: number
  /**
   * Bytes of the writes that wait, changes, attributes and snapshots together. A write larger than this is taken when nothing
   * else waits. Default 64 MiB, so that a burst of snapshots cannot exhaust memory.
   */
  readonly queueBytesMax: number
  /**
   * Writes that share one transaction. SQLite works on the thread of the host, so this bounds how long a flush keeps it from
   * answering anyone. Default 500, about 20 ms.
   */
  readonly flushWritesMax: number
  /** Bytes that share one transaction, for the same reason; one larger write flushes alone. Default 4 MiB. */
  readonly flushBytesMax: number
  /** Receipts forgotten in one transaction, for the same reason; a purge takes as many transactions as it needs. Default 1 000. */
  readonly purgeReceiptsMax: number
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
  queueWritesMax: 10_000,
  queueBytesMax: 64 * 1024 * 1024,
  flushWritesMax: 500,
  flushBytesMax: 4 * 1024 * 1024,
  purgeReceiptsMax: 1_000,
  checkpointPagesMax: 1_000,
  walBytesMax: 64 * 1024 * 1024,
  cacheBytesMax: 32 * 1024 * 1024,
}
