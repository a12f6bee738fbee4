/** The connection that writes: made when needed, given up after a failure that is not a statement's own. */
import { StoreError } from '@joinery/sync'
import type { Client } from 'pg'
import type { Outcome } from '../common/write-queue.ts'
import { type Address, closeQuietly, connect, placeOf, type Wait } from './connect.ts'
import { isRefusedStatement, storeFailure } from './failure.ts'
import { type GroupContext, LostCommit, runGroup } from './group.ts'
import type { Write } from './writes.ts'

export interface WriterOptions extends GroupContext {
  readonly address: Address
  readonly wait: Wait
}

export interface Writer {
  /** Stores a group. Never rejects. */
  flush(writes: readonly Write[]): Promise<readonly Outcome[]>
  close(): Promise<void>
}

export function openWriter(options: WriterOptions): Writer {
  const { address, seat, wait } = options
  let client: Client | undefined

  /** A connection to the very data that was opened. */
  async function connected(): Promise<Client> {
    if (client) return client
    let made: Client | undefined
    made = await connect(address, {
      pipeline: true,
      onEnd: () => {
        if (client === made) client = undefined
      },
    })
    const place = await placeOf(made).catch(async (error) => {
      await closeQuietly(made)
      throw error
    })
    if (place !== seat.place) {
      await closeQuietly(made)
      const message = `the database is another than was opened (${place}, not ${seat.place}): open the store again`
      throw new StoreError('STORE_LOCKED', message)
    }
    client = made
    return made
  }

  async function giveUp(): Promise<void> {
    const failed = client
    client = undefined
    if (failed) await closeQuietly(failed)
  }

  async function attempt(writes: readonly Write[]): Promise<readonly Outcome[]> {
    const connection = await connected()
    try {
      return await runGroup(connection, options, writes)
    } catch (error) {
      const cause = error instanceof LostCommit ? error.cause : error
      if (cause instanceof StoreError) throw cause
      if (isRefusedStatement(cause)) {
        await connection.query('ROLLBACK').catch(giveUp)
        throw cause
      }
      await giveUp()
      if (error instanceof LostCommit) return await outcomeOf(error)
      throw cause
    }
  }

  /** What became of a transaction whose COMMIT was not answered. */
  async function outcomeOf({ commits, outcomes, cause }: LostCommit): Promise<readonly Outcome[]> {
    for (let attempts = 0; attempts < address.limits.outcomeAttemptsMax; attempts += 1) {
      const count = await commitsOfSeat()
      if (count === BigInt(commits)) return outcomes
      if (count === BigInt(commits) - 1n) throw cause
      await wait(address.limits.reconnectWaitMs)
    }
    throw new StoreError('STORE_UNKNOWN', 'the connection was lost during the commit, and the outcome is not known', {
      cause,
    })
  }

  /**
   * How many transactions of this seat were committed. The row is locked to read it: a transaction that PostgreSQL has not ended
   * yet holds that lock, so the answer is final. Undefined while it cannot be had, or when the seat is another's.
   *
   * Not `pg_xact_status`: after a crash the number of a transaction that left no trace is given to another.
   */
  async function commitsOfSeat(): Promise<bigint | undefined> {
    try {
      const connection = await connected()
      const text = 'SELECT commits FROM seats WHERE seat = $1 AND fence = $2 FOR UPDATE'
      const { rows } = await connection.query<{ commits: string }>(text, [seat.number, seat.fence])
      return rows[0] && BigInt(rows[0].commits)
    } catch {
      return undefined
    }
  }

  async function flush(writes: readonly Write[]): Promise<readonly Outcome[]> {
    try {
      return await attempt(writes)
    } catch (error) {
      if (isRefusedStatement(error) && writes.length > 1) return await oneByOne(writes)
      const failure = storeFailure(error, 'the transaction failed')
      return writes.map(() => ({ ok: false, error: failure }))
    }
  }

  /** After a statement failed that was for all of them: only the write at fault fails again. */
  async function oneByOne(writes: readonly Write[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = []
    for (const write of writes) outcomes.push(...(await flush([write])))
    return outcomes
  }

  return { flush, close: giveUp }
}
