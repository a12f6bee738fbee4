import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Store } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { openLogFile } from '../src/sqlite/log-file.ts'
import { type LogFile, sqliteStore } from '../src/sqlite.ts'
import { diceOf } from '../src/testing/random.ts'
import { change, doc, write } from './store-helpers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
let count = 0

function newPath(): string {
  count += 1
  return join(directory, `${count}`, 'store.sqlite')
}

const turns = (ms = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A real log whose flushes wait until they are let go, or fail. */
function heldLog(): { open: (path: string) => LogFile; held: (() => void)[]; failWith: Error | undefined } {
  const control: ReturnType<typeof heldLog> = { open, held: [], failWith: undefined }
  function open(path: string): LogFile {
    const log = openLogFile(path)
    const flush: LogFile['flush'] = (done) => {
      control.held.push(() => (control.failWith === undefined ? log.flush(done) : done(control.failWith)))
    }
    return { flush, close: () => log.close() }
  }
  return control
}

/** Whether promises have resolved by now. */
async function settled(promises: readonly Promise<unknown>[]): Promise<boolean[]> {
  const done = promises.map(() => false)
  for (const [i, promise] of promises.entries())
    promise.then(
      () => (done[i] = true),
      () => (done[i] = true),
    )
  await turns()
  return done
}

function fenceOf(path: string): number {
  return Number(readFileSync(`${path}.fence`).readBigUInt64BE(32))
}

/** Everything that can be asked of a store. */
function readsOf(store: Store): Promise<unknown>[] {
  return [
    store.head(doc),
    store.log(doc, { after: 0, limit: 9 }),
    store.tenantLog('tenant', { after: 0, limit: 9 }),
    store.snapshot(doc),
    store.documents('tenant', { limit: 9 }),
    store.receipt('tenant', 's', 'k'),
    store.value('n'),
    store.values(''),
  ]
}

describe('a flush under way', () => {
  test('nobody is told of what is in it, by an acknowledgement, a read or the fence', async () => {
    const path = newPath()
    const log = heldLog()
    const store = await sqliteStore({ path, openLog: log.open })
    const before = fenceOf(path)
    const commit = store.commit(change(doc, 0))
    await turns()
    expect(log.held.length).toBe(1)
    const reads = readsOf(store)
    expect(await settled([commit, ...reads])).toEqual([commit, ...reads].map(() => false))
    expect(fenceOf(path)).toBe(before)
    log.held.shift()!()
    expect((await commit).map(({ version }) => version)).toEqual([1])
    expect(fenceOf(path)).toBe(before + 1)
    expect(await reads[0]).toMatchObject({ version: 1 })
    expect(await reads[1]).toHaveLength(1)
    await store.close()
  })

  test('what comes meanwhile shares the next one', async () => {
    const log = heldLog()
    const path = newPath()
    const store = await sqliteStore({ path, openLog: log.open })
    const first = store.commit(change(doc, 0))
    await turns()
    const before = fenceOf(path)
    const others = Array.from({ length: 20 }, (_, i) => store.commit(change({ tenant: 'tenant', id: `${i}` }, 0)))
    await turns()
    expect(log.held.length).toBe(1)
    log.held.shift()!()
    await first
    await turns()
    expect(log.held.length).toBe(1)
    log.held.shift()!()
    await Promise.all(others)
    expect(fenceOf(path)).toBe(before + 2)
    await store.close()
  })

  test('close waits for it', async () => {
    const log = heldLog()
    const path = newPath()
    const store = await sqliteStore({ path, openLog: log.open })
    const commit = store.commit(change(doc, 0))
    await turns()
    const closed = store.close()
    expect(await settled([commit, closed])).toEqual([false, false])
    log.held.shift()!()
    await Promise.all([commit, closed])
    const again = await sqliteStore({ path })
    expect(await again.head(doc)).toMatchObject({ version: 1 })
    await again.close()
  })

  test('a refused commit waits for none, and needs none', async () => {
    const log = heldLog()
    const store = await sqliteStore({ path: newPath(), openLog: log.open })
    await expect(store.commit(change(doc, 5))).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
    expect(log.held.length).toBe(0)
    await store.close()
  })
})

describe('a flush that fails', () => {
  test('is STORE_IO for what is in it and for all that comes, until the store is opened again', async () => {
    const path = newPath()
    const log = heldLog()
    const store = await sqliteStore({ path, openLog: log.open })
    const kept = store.commit(change({ tenant: 'tenant', id: 'kept' }, 0))
    await turns()
    log.held.shift()!()
    await kept
    const before = fenceOf(path)
    log.failWith = new Error('EIO: i/o error, fdatasync')
    const lost = store.commit(change(doc, 0)).catch((error) => error)
    const lostToo = store.commit(change(doc, 7)).catch((error) => error)
    await turns()
    const seen = store.head(doc).catch((error) => error)
    log.held.shift()!()
    expect(await lost).toMatchObject({ name: 'StoreError', code: 'STORE_IO', cause: log.failWith })
    expect(await lostToo).toMatchObject({ code: 'STORE_CONFLICT' })
    expect(await seen).toMatchObject({ code: 'STORE_IO' })
    log.failWith = undefined
    await expect(store.commit(change({ tenant: 'tenant', id: 'after' }, 0))).rejects.toMatchObject({ code: 'STORE_IO' })
    for (const read of readsOf(store)) await expect(read).rejects.toMatchObject({ code: 'STORE_IO' })
    expect(log.held.length).toBe(0)
    expect(fenceOf(path)).toBe(before)
    await store.close()
    const again = await sqliteStore({ path })
    expect(again.identity).toEqual({ storeId: store.identity.storeId, continuous: true })
    expect(await again.head({ tenant: 'tenant', id: 'kept' })).toMatchObject({ version: 1 })
    expect(await again.head({ tenant: 'tenant', id: 'after' })).toBeUndefined()
    await write(again, 1)
    await again.close()
  })
})

describe('loss of power', () => {
  test('what was acknowledged is in what was flushed, whatever of the rest is lost', async () => {
    const dice = diceOf(7)
    let versions = 0
    for (let round = 0; round < 8; round += 1) {
      const path = newPath()
      let flushedBytes = 0
      const openLog = (file: string): LogFile => {
        const log = openLogFile(file)
        const flush: LogFile['flush'] = (done) => {
          const { size } = statSync(file)
          log.flush((error) => {
            flushedBytes = size
            done(error)
          })
        }
        return { flush, close: () => log.close() }
      }
      const store = await sqliteStore({ path, openLog, limits: { checkpointPagesMax: 100_000 } })
      const acknowledged = new Map<string, number>()
      const writers = Array.from({ length: 10 }, async (_, i) => {
        const key = { tenant: 'tenant', id: `doc ${i}` }
        for (let version = 0; version < 40; version += 1) {
          await store.commit(change(key, version, 'x'.repeat(dice(3000))))
          acknowledged.set(key.id, version + 1)
        }
      })
      await turns(5 + dice(60))
      // The disk as it is at this moment: no more of the log than was flushed is sure to be there.
      const copy = newPath()
      mkdirSync(dirname(copy))
      const [known, bytes] = [new Map(acknowledged), flushedBytes]
      copyFileSync(path, copy)
      copyFileSync(`${path}-wal`, `${copy}-wal`)
      truncateSync(`${copy}-wal`, bytes + dice(2) * dice(Math.max(1, statSync(`${copy}-wal`).size - bytes)))
      const found = await sqliteStore({ path: copy })
      for (const [id, version] of known) {
        expect((await found.head({ tenant: 'tenant', id }))?.version ?? 0).toBeGreaterThanOrEqual(version)
        versions += version
      }
      await found.close()
      await Promise.all(writers)
      await store.close()
    }
    expect(versions).toBeGreaterThan(100)
  })
})
