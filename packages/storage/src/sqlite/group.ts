import { StoreError } from '@joinery/sync'
import type { Fence } from '../common/fence.ts'
import type { Outcome } from '../common/write-queue.ts'
import type { LogFile } from './log-file.ts'
import { runTransaction, type TransactionContext, type Write } from './transaction.ts'

export interface GroupContext extends TransactionContext {
  readonly fence: Fence
  readonly log: LogFile
}

/**
 * Group commit: the writes of a turn, and of the time a flush takes, are one transaction and one flush of the log. The event loop
 * goes on during the flush; nobody is told of what is in it before it has ended.
 */
export class Group {
  readonly #context: GroupContext
  #flushing: Promise<unknown> | undefined
  #broken: StoreError | undefined

  constructor(context: GroupContext) {
    this.#context = context
  }

  /** Stores writes. One call at a time. */
  flush(writes: readonly Write[]): readonly Outcome[] | Promise<readonly Outcome[]> {
    if (this.#broken !== undefined) return writes.map(failedWith(this.#broken))
    const outcomes = runTransaction(this.#context, writes)
    if (!outcomes.some(({ ok }) => ok)) return outcomes
    const flushed = this.#flush(outcomes)
    this.#flushing = flushed
    return flushed
  }

  #flush(outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
    const { counters, fence, log } = this.#context
    return new Promise((resolve) => {
      log.flush((error) => {
        this.#flushing = undefined
        if (error === null) {
          fence.advance(counters.transactions)
          resolve(outcomes)
          return
        }
        // A flush that failed may have lost what it was about, and a later one would not say so.
        const cause = { cause: error }
        this.#broken = new StoreError('STORE_IO', 'the log could not be flushed; open the store again', cause)
        resolve(outcomes.map((outcome) => (outcome.ok ? failedWith(this.#broken as StoreError)() : outcome)))
      })
    })
  }

  /** Answers what was read, when all that it may show is durable. */
  read<T>(read: () => T): T | Promise<T> {
    if (this.#broken !== undefined) throw this.#broken
    const answer = read()
    return this.#flushing === undefined ? answer : this.#once(this.#flushing, answer)
  }

  async #once<T>(flushed: Promise<unknown>, answer: T): Promise<T> {
    await flushed
    if (this.#broken !== undefined) throw this.#broken
    return answer
  }
}

function failedWith(error: StoreError): () => Outcome {
  return () => ({ ok: false, error })
}
