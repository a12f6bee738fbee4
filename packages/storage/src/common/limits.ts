/** Bounds of every store that queues its writes: what may wait, and how much one flush takes. */
export interface QueueLimits {
  /**
   * Writes that wait for a transaction. At a full queue a write is refused with `STORE_BUSY`: the caller holds the request and
   * can delay its answer, while a longer queue would only hide that the medium is behind. Default 10 000, some seconds of work.
   */
  readonly queueWritesMax: number
  /**
   * Bytes of the writes that wait, changes, attributes and snapshots together. A write larger than this is taken when nothing
   * else waits. Default 64 MiB, so that a burst of snapshots cannot exhaust memory.
   */
  readonly queueBytesMax: number
  /**
   * Writes that share one transaction. They are checked and laid out on the thread of the host, so this bounds how long that
   * keeps it from answering anyone. Default 500, about 20 ms.
   */
  readonly flushWritesMax: number
  /** Bytes that share one transaction, for the same reason; one larger write flushes alone. Default 4 MiB. */
  readonly flushBytesMax: number
  /**
   * Milliseconds between the beginnings of two flushes while writes come beside each other, so that more of them share one. A
   * flush that takes longer, as on a slow disk, is followed by the next at once, and a writer that waits for each of its writes never
   * waits for this. Default 8 ms, which nobody notices; at some hundred writes a second it halves what they cost.
   */
  readonly gatherMsMax: number
  /** Receipts forgotten in one transaction, for the same reason; a purge takes as many transactions as it needs. Default 1 000. */
  readonly purgeReceiptsMax: number
}

export const defaultQueueLimits: QueueLimits = {
  queueWritesMax: 10_000,
  queueBytesMax: 64 * 1024 * 1024,
  flushWritesMax: 500,
  flushBytesMax: 4 * 1024 * 1024,
  gatherMsMax: 8,
  purgeReceiptsMax: 1_000,
}
