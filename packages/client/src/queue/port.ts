/**
 * The port of the offline queue: a small ordered map of text that is durable and atomic. What the records mean is the business
 * of the outbox, so an adapter is a page of code.
 */

/** One record to be set, or removed where the value is undefined. */
export type QueueChange = readonly [key: string, value: string | undefined]

/**
 * What an adapter promises:
 *
 * - `write` makes all its changes durable before it resolves, and after a crash at any moment all of them are there or none.
 *   The client calls it again only after it has resolved.
 * - `read` answers everything written, also by an earlier process.
 * - One client at a time: opening a queue that another one has open is refused with `CLIENT_QUEUE_LOCKED`, and a process that
 *   died does not keep it locked.
 * - It throws `ClientError` with `CLIENT_QUEUE_*` only. After `write` has failed, it fails until the queue is opened again.
 */
export interface Queue {
  read(): Promise<ReadonlyMap<string, string>>
  write(changes: readonly QueueChange[]): Promise<void>
  close(): Promise<void>
}
