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
  readonly limits: Omit<QueueLimits, 'purgeReceiptsMax'>
}

/**
 * Group commit: writes wait for the end of the turn, or of the flush under way, then share a transaction and its flush to the
 * disk. There is one flush at a time.
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

export function writeQueue<W>({ flush, schedule, limits }: WriteQueueOptions<W>): WriteQueue<W> {
  let waiting: Waiting<W>[] = []
  let waitingBytes = 0
  /** A flush is under way, or comes in a later turn. */
  let busy = false
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
    const outcomes = flush(batch.map(({ write }) => write))
    // A flush that answers at once is settled at once: waiting for a promise would cost each write a turn.
    if (outcomes instanceof Promise) void outcomes.then((answers) => finish(batch, answers))
    else finish(batch, outcomes)
  }

  function finish(batch: readonly Waiting<W>[], outcomes: readonly Outcome[]): void {
    for (const [i, { settle }] of batch.entries()) settle(outcomes[i]!)
    if (waiting.length > 0) {
      schedule(run)
      return
    }
    busy = false
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
        if (!busy) schedule(run)
        busy = true
      })
    },
    drained() {
      if (!busy) return Promise.resolve()
      return new Promise((resolve) => onDrained.push(resolve))
    },
  }
}
