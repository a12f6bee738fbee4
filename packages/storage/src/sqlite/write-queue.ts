import { StoreError } from '@joinery/sync'

/** What came of one write. `error` is what the caller gets. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: StoreError }

export type Write = () => unknown

export interface WriteQueueOptions {
  /** Runs writes in one transaction, in order, and answers when it is durable. Must not throw. */
  readonly flush: (writes: readonly Write[]) => readonly Outcome[]
  /** Calls back in a later turn, after the input of this one was handled. */
  readonly schedule: (run: () => void) => void
  readonly limits: {
    readonly queueWritesMax: number
    readonly queueBytesMax: number
    readonly flushWritesMax: number
    readonly flushBytesMax: number
  }
}

/** Group commit: writes wait for the end of the turn, then share a transaction and its flush to the disk. */
export interface WriteQueue {
  /** Resolves once the write is durable. Rejects with `STORE_BUSY` when the queue is full. */
  submit<T>(bytes: number, write: () => T): Promise<T>
  /** Resolves when all that was submitted is settled. */
  drained(): Promise<void>
}

interface Waiting {
  readonly bytes: number
  readonly write: Write
  readonly settle: (outcome: Outcome) => void
}

export function writeQueue({ flush, schedule, limits }: WriteQueueOptions): WriteQueue {
  let waiting: Waiting[] = []
  let waitingBytes = 0
  let onDrained: (() => void)[] = []

  /** As many of the first as one transaction takes, at least one. */
  function takeBatch(): Waiting[] {
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
    for (const [i, { settle }] of batch.entries()) settle(outcomes[i]!)
    if (waiting.length > 0) {
      schedule(run)
      return
    }
    for (const resolve of onDrained) resolve()
    onDrained = []
  }

  return {
    submit<T>(bytes: number, write: () => T): Promise<T> {
      const full = waiting.length >= limits.queueWritesMax || waitingBytes + bytes > limits.queueBytesMax
      if (full && waiting.length > 0) return Promise.reject(new StoreError('STORE_BUSY', 'too many writes wait'))
      return new Promise((resolve, reject) => {
        const settle = (outcome: Outcome) => (outcome.ok ? resolve(outcome.value as T) : reject(outcome.error))
        waiting.push({ bytes, write, settle })
        waitingBytes += bytes
        if (waiting.length === 1) schedule(run)
      })
    },
    drained() {
      if (waiting.length === 0) return Promise.resolve()
      return new Promise((resolve) => onDrained.push(resolve))
    },
  }
}
