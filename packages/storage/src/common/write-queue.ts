import { StoreError } from '@joinery/sync'
import type { QueueLimits } from './limits.ts'

/** What came of one write. `error` is what the caller gets. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: StoreError }

export interface WriteQueueOptions<W> {
  /** Runs writes in one transaction, in order, and answers when it is durable. Must neither throw nor reject. */
  readonly flush: (writes: readonly W[]) => readonly Outcome[] | Promise<readonly Outcome[]>
  /** Calls back in a later turn, after the input of this one was handled. */
  readonly schedule: (run: () => void) => void
  /** Calls back after so many milliseconds. */
  readonly after: (ms: number, run: () => void) => void
  readonly limits: Omit<QueueLimits, 'purgeReceiptsMax'>
}

/**
 * Group commit: writes wait for the end of the turn, or of the flush under way, then share a transaction and its flush to the
 * disk. There is one flush at a time.
 *
 * A flush costs the same for one write as for many, so where writes come beside each other flushes keep a distance. Who waits for
 * one write before the next is never kept waiting: nothing would come to share its flush.
 */
export interface WriteQueue<W> {
  /** Resolves with what the flush answered, once the write is durable. Rejects with `STORE_BUSY` when the queue is full. */
  submit<T>(bytes: number, write: W): Promise<T>
  /** Resolves when all that was submitted is settled. */
  drained(): Promise<void>
}

interface Waiting<W> {
  readonly bytes: number
  readonly write: W
  readonly settle: (outcome: Outcome) => void
}

/** So many flushes keep their distance after one that several writes shared, or that some came during. */
const FLUSHES_APART = 4

export function writeQueue<W>({ flush, schedule, after, limits }: WriteQueueOptions<W>): WriteQueue<W> {
  let waiting: Waiting<W>[] = []
  let waitingBytes = 0
  /** A flush is under way, or comes in a later turn. */
  let busy = false
  /** The last flush has begun too short a while ago. */
  let resting = false
  let apart = 0
  let onDrained: (() => void)[] = []

  /** As many of the first as one transaction takes, at least one. */
  function takeBatch(): Waiting<W>[] {
    let bytes = 0
    let count = 0
    while (count < waiting.length && count < limits.flushWritesMax) {
      bytes += waiting[count]!.bytes
      if (count > 0 && bytes > limits.flushBytesMax) break
      count += 1
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    for (const { bytes: taken } of batch) waitingBytes -= taken
    return batch
  }

  function run(): void {
    const batch = takeBatch()
    if (apart > 0 && limits.gatherMsMax > 0 && !resting) rest()
    const outcomes = flush(batch.map(({ write }) => write))
    // A flush that answers at once is settled at once: waiting for a promise would cost each write a turn.
    if (outcomes instanceof Promise) void outcomes.then((answers) => finish(batch, answers))
    else finish(batch, outcomes)
  }

  function rest(): void {
    resting = true
    after(limits.gatherMsMax, () => {
      resting = false
      if (!busy && waiting.length > 0) begin()
    })
  }

  function begin(): void {
    busy = true
    schedule(run)
  }

  function finish(batch: readonly Waiting<W>[], outcomes: readonly Outcome[]): void {
    apart = batch.length > 1 || waiting.length > 0 ? FLUSHES_APART : apart - 1
    for (const [i, { settle }] of batch.entries()) settle(outcomes[i]!)
    busy = false
    if (waiting.length > 0) beginIfDue()
    else tellDrained()
  }

  /** What fills a flush need not wait for more. */
  function beginIfDue(): void {
    if (!resting || waiting.length >= limits.flushWritesMax || waitingBytes >= limits.flushBytesMax) begin()
  }

  function tellDrained(): void {
    for (const resolve of onDrained) resolve()
    onDrained = []
  }

  return {
    submit<T>(bytes: number, write: W): Promise<T> {
      const full = waiting.length >= limits.queueWritesMax || waitingBytes + bytes > limits.queueBytesMax
      if (full && waiting.length > 0) return Promise.reject(new StoreError('STORE_BUSY', 'too many writes wait'))
      return new Promise((resolve, reject) => {
        const settle = (outcome: Outcome) => (outcome.ok ? resolve(outcome.value as T) : reject(outcome.error))
        waiting.push({ bytes, write, settle })
        waitingBytes += bytes
        if (!busy) beginIfDue()
      })
    },
    drained() {
      if (!busy && waiting.length === 0) return Promise.resolve()
      return new Promise((resolve) => onDrained.push(resolve))
    },
  }
}
