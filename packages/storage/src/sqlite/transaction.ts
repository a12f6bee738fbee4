import { StoreError } from '@joinery/sync'
import type { Outcome } from '../common/write-queue.ts'
import { storeFailure } from './failure.ts'
import type { Statements } from './statements.ts'

/** Counts that go with the data: stored in every transaction, put back when one fails. */
export interface Counters {
  transactions: number
  lastPosition: number
}

/** A write: runs inside a transaction, and answers with what its caller gets. */
export type Write = () => unknown

export interface TransactionContext {
  readonly statements: Statements
  readonly counters: Counters
}

/**
 * Runs writes in one transaction. It is not durable yet: that is for `group.ts`.
 *
 * A write refuses by throwing a `StoreError` before it has changed anything; its neighbours go on. If a write fails half-way,
 * the transaction is taken back and each write gets one of its own, so that only the one at fault fails. A failing COMMIT
 * fails all of them: the medium is at fault.
 */
export function runTransaction(context: TransactionContext, writes: readonly Write[]): readonly Outcome[] {
  try {
    return attempt(context, writes)
  } catch (error) {
    const isCulprit = error instanceof WriteFault
    if (isCulprit && writes.length > 1) return writes.flatMap((write) => runTransaction(context, [write]))
    const failure = storeFailure(isCulprit ? error.cause : error, 'the transaction failed')
    return writes.map(() => ({ ok: false, error: failure }))
  }
}

/** A write that failed in the middle, apart from a transaction that failed around it. */
class WriteFault extends Error {}

function attempt({ statements, counters }: TransactionContext, writes: readonly Write[]): readonly Outcome[] {
  const before = { ...counters }
  try {
    statements.begin.run()
    const outcomes = writes.map(runOne)
    if (!outcomes.some(({ ok }) => ok)) {
      statements.rollback.run()
      return outcomes
    }
    counters.transactions += 1
    statements.saveCounters.run(counters.transactions, counters.lastPosition)
    statements.commit.run()
    return outcomes
  } catch (error) {
    Object.assign(counters, before)
    takeBack(statements)
    throw error
  }
}

function runOne(write: Write): Outcome {
  try {
    return { ok: true, value: write() }
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, error }
    throw new WriteFault('a write failed half-way', { cause: error })
  }
}

function takeBack(statements: Statements): void {
  try {
    statements.rollback.run()
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full. If not, the next BEGIN fails and says so.
  }
}
