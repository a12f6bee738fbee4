import { defaultQueueLimits, type QueueLimits } from '../common/limits.ts'

/** Bounds of a PostgreSQL store: those of its queue, its connections, and how long it waits for what it cannot see. */
export interface PostgresLimits extends QueueLimits {
  /** Connections for reading. Default 4: reads are short; one connection more writes, and one holds the seat and listens. */
  readonly readConnectionsMax: number
  /** Owners of one store at a time, servers and commands together. Default 64, far above what one database serves well. */
  readonly seatsMax: number
  /** How long a connection may take to be made. Default 5 s, beyond which the network or the server is at fault. */
  readonly connectWaitMsMax: number
  /**
   * How long PostgreSQL may take to answer a query. Default 30 s: longer than any query here takes, shorter than a dead
   * connection would otherwise be waited for.
   */
  readonly answerWaitMsMax: number
  /**
   * How long a commit waits for another owner's commit in the same tenant. Default 10 s; then it is refused with `STORE_BUSY`.
   * An owner that stops in the middle of a transaction is cut off after the same time, so that it cannot stop the others.
   */
  readonly lockWaitMsMax: number
  /** Pause between attempts to reach PostgreSQL again. Default 200 ms: a restart is noticed soon and not hindered. */
  readonly reconnectWaitMs: number
  /**
   * How often the connection that listens is asked for a sign of life. Default 10 s: with `answerWaitMsMax` this is how long a
   * silent network can keep news away before watchers are told of a gap.
   */
  readonly listenCheckMs: number
  /**
   * Attempts to find out whether a commit of unknown outcome was stored. Default 100, which is 20 s and enough for a restart;
   * then it fails with `STORE_UNKNOWN`.
   */
  readonly outcomeAttemptsMax: number
  /**
   * Bytes of one notification. PostgreSQL takes fewer than 8 000. Commits of one group share notifications as far as they
   * fit; a commit whose names do not fit is told as a gap.
   */
  readonly newsBytesMax: number
}

export const defaultPostgresLimits: PostgresLimits = {
  ...defaultQueueLimits,
  readConnectionsMax: 4,
  seatsMax: 64,
  connectWaitMsMax: 5_000,
  answerWaitMsMax: 30_000,
  lockWaitMsMax: 10_000,
  reconnectWaitMs: 200,
  listenCheckMs: 10_000,
  outcomeAttemptsMax: 100,
  newsBytesMax: 7_900,
}
