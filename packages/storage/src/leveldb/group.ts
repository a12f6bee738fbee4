import type { StoreError } from '@joinery/sync'
import type { Established } from '../common/identity.ts'
import type { Outcome } from '../common/write-queue.ts'
import { Batch } from './batch.ts'
import type { Database } from './database.ts'
import { storeFailure } from './failure.ts'
import { markKey } from './keys.ts'
import { encodeStore } from './records.ts'
import type { WriteContext } from './writes.ts'

/** A write: lays itself out in the batch, and answers with what its caller gets. */
export type Write = (context: WriteContext) => unknown

export interface GroupOptions {
  readonly database: Database
  readonly established: Established
  readonly lastPosition: number
}

/** Stores the writes of a turn as one batch with one flush. */
export type Group = (writes: readonly Write[]) => Promise<readonly Outcome[]>

export function groupOver({ database, established, lastPosition }: GroupOptions): Group {
  const { mark, fence } = established
  let transactions = mark.transactions
  let position = lastPosition
  let broken: StoreError | undefined

  return async (writes) => {
    if (broken) return writes.map(() => failed(broken!))
    const batch = new Batch(database)
    const nextPosition = () => {
      position += 1
      return position
    }
    const takePosition = (given: number) => {
      position = Math.max(position, given)
      return given
    }
    const outcomes = writes.map((write) => runOne(write, { batch, nextPosition, takePosition }))
    if (batch.isEmpty) return outcomes
    transactions += 1
    batch.put(markKey, encodeStore({ ...mark, transactions, lastPosition: position }))
    batch.keep()
    try {
      await batch.store()
    } catch (error) {
      // Whether the failed batch is in LevelDB's log is unknown, and what is written behind it may be lost when that log is
      // read again. So nothing more is written until the store was opened anew.
      broken = storeFailure(error, 'the batch failed; open the store again')
      return writes.map(() => failed(broken!))
    }
    fence.advance(transactions)
    return outcomes
  }
}

function failed(error: StoreError): Outcome {
  return { ok: false, error }
}

/** A write that fails, refused or because something could not be read, leaves nothing in the batch. */
function runOne(write: Write, context: WriteContext): Outcome {
  try {
    const value = write(context)
    context.batch.keep()
    return { ok: true, value }
  } catch (error) {
    context.batch.discard()
    return { ok: false, error: storeFailure(error, 'the write failed') }
  }
}
