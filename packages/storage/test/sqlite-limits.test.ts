import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Commit, Store } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { loadDriver, type SqliteDatabase } from '../src/sqlite/driver.ts'
import { defaultSqliteLimits, type SqliteLimits } from '../src/sqlite/limits.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { change, write } from './store-helpers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
let count = 0

/** A store, its path, and what SQLite itself answers to a pragma on its connection. */
async function open(limits: Partial<SqliteLimits> = {}) {
  count += 1
  const path = join(directory, `${count}`, 'store.sqlite')
  const real = await loadDriver()
  let database: SqliteDatabase | undefined
  const driver = {
    open(file: string) {
      database = real.open(file)
      return database
    },
  }
  const store = await sqliteStore({ path, limits, driver })
  const pragma = (name: string) => Object.values(database!.prepare(`PRAGMA ${name}`).get() as object)[0]
  return { store, path, pragma }
}

/** How many transactions the store has committed. */
function transactions(path: string): number {
  return Number(readFileSync(`${path}.fence`).readBigUInt64BE(32))
}

function keyAt(i: number) {
  return { tenant: 'tenant', id: `doc ${i}` }
}

async function commitTogether(store: Store, many: number, more: (i: number) => Partial<Commit> = () => ({})) {
  await Promise.all(Array.from({ length: many }, (_, i) => store.commit({ ...change(keyAt(i), 0), ...more(i) })))
}

describe('what SQLite is told', () => {
  test('checkpoints are flushed, the log is left to the store, and the file has one owner', async () => {
    const { store, pragma } = await open()
    expect(pragma('journal_mode')).toBe('wal')
    expect(pragma('synchronous')).toBe(1)
    expect(pragma('fullfsync')).toBe(1)
    expect(pragma('checkpoint_fullfsync')).toBe(1)
    expect(pragma('locking_mode')).toBe('exclusive')
    await store.close()
  })

  test('checkpointPagesMax, walBytesMax and cacheBytesMax', async () => {
    const { store, pragma } = await open({ checkpointPagesMax: 77, walBytesMax: 123_456, cacheBytesMax: 7 * 1024 })
    expect(pragma('wal_autocheckpoint')).toBe(77)
    expect(pragma('journal_size_limit')).toBe(123_456)
    expect(pragma('cache_size')).toBe(-7)
    await store.close()
    const usual = await open()
    expect(usual.pragma('wal_autocheckpoint')).toBe(defaultSqliteLimits.checkpointPagesMax)
    await usual.store.close()
  })
})

describe('what the limits do', () => {
  test('checkpointPagesMax keeps the write-ahead log short', async () => {
    const { store, path } = await open({ checkpointPagesMax: 50 })
    let largest = 0
    for (let i = 0; i < 200; i += 1) {
      await store.commit(change(keyAt(i), 0, 'x'.repeat(2000)))
      largest = Math.max(largest, statSync(`${path}-wal`).size)
    }
    // A checkpoint comes after the commit that goes past the limit, so one commit is added.
    expect(largest).toBeGreaterThan(40 * 4096)
    expect(largest).toBeLessThan(80 * 4096)
    await store.close()
  })

  test('walBytesMax cuts the write-ahead log after a large transaction', async () => {
    const { store, path } = await open({ walBytesMax: 100_000 })
    const entries = [{ change: new Uint8Array(8 * 1024 * 1024), attributes: '' }]
    await store.commit({ ...change(keyAt(0), 0), entries })
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(8 * 1024 * 1024)
    await write(store, 3)
    expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(100_000)
    await store.close()
  })

  test('flushWritesMax and flushBytesMax bound a transaction', async () => {
    const { store, path } = await open({ flushWritesMax: 10 })
    const before = transactions(path)
    await commitTogether(store, 35)
    expect(transactions(path) - before).toBe(4)
    await store.close()
    const small = await open({ flushBytesMax: 1000 })
    const start = transactions(small.path)
    await commitTogether(small.store, 10, () => ({ entries: [{ change: new Uint8Array(400), attributes: '' }] }))
    expect(transactions(small.path) - start).toBe(5)
    await small.store.close()
  })

  test('purgeReceiptsMax bounds a transaction, not the purge', async () => {
    const { store, path } = await open({ purgeReceiptsMax: 10 })
    await commitTogether(store, 25, (i) => ({
      receipt: { tenant: 'tenant', scope: 's', key: `${i}`, requestHash: '', answer: '', expiresAtMs: 1 },
    }))
    const before = transactions(path)
    expect(await store.purgeReceipts(1)).toBe(25)
    expect(transactions(path) - before).toBe(3)
    await store.close()
  })
})
