import { statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/sqlite.ts'
import { diceOf } from '../src/testing/random.ts'
import { expectWhole, Journal } from './crash/journal.ts'
import { killCases, lockCase, processes, seed, soak } from './crash/kill-cases.ts'
import { startWriter, type WriterStore } from './crash/writer-process.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()

function writerAt(path: string, checkpointPagesMax: number): WriterStore {
  return { kind: 'sqlite', options: { path, limits: { checkpointPagesMax } } }
}

describe('a killed process', () => {
  const path = join(directory, 'crash', 'store.sqlite')
  killCases({
    kills: { usual: 20, soak: 200 },
    start: processes((dice) => writerAt(path, dice(2) === 0 ? 1000 : 20)),
    open: () => sqliteStore({ path }),
  })

  const locked = join(directory, 'lock', 'store.sqlite')
  lockCase({ start: processes(() => writerAt(locked, 1000)), open: () => sqliteStore({ path: locked }) })
})

describe('a disk that lied about a flush', () => {
  test('what is left is whole, and the loss is noticed as a new identity', async () => {
    const dice = diceOf(seed)
    for (let round = 0; round < (soak ? 20 : 3); round += 1) {
      const path = join(directory, `torn ${round}`, 'store.sqlite')
      const journal = new Journal()
      const running = startWriter(writerAt(path, 100_000), journal, dice(2 ** 31))
      await running.committed
      await delay(200 + dice(200))
      await running.kill()
      const wal = `${path}-wal`
      const { size } = statSync(wal)
      truncateSync(wal, Math.floor(size / 2) + dice(Math.floor(size / 4)))
      const store = await sqliteStore({ path })
      await expectWhole(store)
      expect(await journal.misses(store)).toBe(true)
      expect(store.identity.continuous).toBe(false)
      expect(store.identity.storeId).not.toBe(journal.opens[0]!.storeId)
      await store.close()
    }
  })
})
