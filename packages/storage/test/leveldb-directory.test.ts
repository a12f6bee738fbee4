import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Store } from '@joinery/sync'
import { ClassicLevel } from 'classic-level'
import { describe, expect, test } from 'vitest'
import { levelStore } from '../src/leveldb.ts'
import { identitySteps } from './identity-helpers.ts'
import { change, changesOf, doc, expectGolden, write } from './store-helpers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
const databaseName = 'joinery-leveldb-1'
let count = 0

function newPath(): string {
  count += 1
  return join(directory, `${count}`, 'store')
}

const { visit, closedStore, expectRenamed } = identitySteps((path) => levelStore({ path }), newPath)

describe('the directory', () => {
  test('it is created with what is missing above it, for the owner only', async () => {
    const path = join(directory, 'deep', 'er')
    await visit(path, (store) => write(store, 1))
    expect(readdirSync(path).sort()).toEqual(['fence', databaseName])
    for (const made of [join(directory, 'deep'), path, join(path, databaseName)]) {
      expect(statSync(made).mode & 0o777).toBe(0o700)
    }
    expect(statSync(join(path, 'fence')).mode & 0o777).toBe(0o600)
  })

  test('an empty directory becomes a store', async () => {
    const path = newPath()
    mkdirSync(path, { recursive: true })
    await visit(path, (store) => write(store, 1))
  })

  test('through a symbolic link it is the same store', async () => {
    const { path, storeId } = await closedStore()
    const link = newPath()
    mkdirSync(join(link, '..'))
    symlinkSync(path, link)
    const store = await levelStore({ path: link })
    expect(store.identity).toEqual({ storeId, continuous: true })
    await expect(levelStore({ path })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await store.close()
  })

  test('what cannot be a directory is STORE_IO, with its cause', async () => {
    const file = newPath()
    mkdirSync(join(file, '..'))
    writeFileSync(file, '')
    await expect(levelStore({ path: file })).rejects.toMatchObject({ name: 'StoreError', code: 'STORE_IO' })
    const failure = await levelStore({ path: join(file, 'below') }).catch((error) => error)
    expect(failure).toMatchObject({ code: 'STORE_IO', cause: { code: 'ENOTDIR' } })
  })

  test('of many openers one gets the store, the others STORE_LOCKED', async () => {
    const path = newPath()
    const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => levelStore({ path })))
    const opened = attempts.filter((one) => one.status === 'fulfilled')
    expect(opened.length).toBe(1)
    const refused = attempts.filter((one) => one.status === 'rejected')
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'STORE_LOCKED' })
    await write(opened[0]!.value, 1)
    await opened[0]!.value.close()
  })
})

describe('the format', () => {
  async function expectRefused(path: string, said: string) {
    const before = readdirSync(path, { recursive: true })
    await expect(levelStore({ path })).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      message: expect.stringContaining(said),
    })
    expect(readdirSync(path, { recursive: true })).toEqual(before)
  }

  test('the directory of another program is refused and left as it is', async () => {
    const path = newPath()
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'letter.txt'), 'to the editor')
    await expectRefused(path, 'no store')
  })

  test('the LevelDB of another program is refused and left as it is', async () => {
    const path = newPath()
    mkdirSync(path, { recursive: true })
    const other = new ClassicLevel(path)
    await other.put('k', 'v')
    await other.close()
    await expectRefused(path, 'no store')
  })

  test('a store of a newer format is refused and left as it is', async () => {
    const { path } = await closedStore()
    renameSync(join(path, databaseName), join(path, 'joinery-leveldb-2'))
    await expectRefused(path, 'format 2')
  })

  test('a store written by format 1 is read', async () => {
    const path = newPath()
    cpSync(new URL('golden/leveldb-format-1', import.meta.url), path, { recursive: true })
    const store = await levelStore({ path })
    expect(store.identity.continuous).toBe(false)
    await expectGolden(store)
    await store.close()
  })
})

describe('identity', () => {
  test('a closed store continues', async () => {
    const { path, storeId } = await closedStore()
    expect(await visit(path, (store) => write(store, 5))).toEqual({ storeId, continuous: true })
    expect(await visit(path)).toEqual({ storeId, continuous: true })
  })

  test('a missing fence means a new identity', async () => {
    const { path, storeId } = await closedStore()
    rmSync(join(path, 'fence'))
    await expectRenamed(path, storeId)
  })

  test('a database put back to an earlier state beside its fence means a new identity', async () => {
    const { path, storeId } = await closedStore()
    const database = join(path, databaseName)
    cpSync(database, `${path}.backup`, { recursive: true })
    await visit(path, (store) => write(store, 1))
    rmSync(database, { recursive: true })
    cpSync(`${path}.backup`, database, { recursive: true })
    await expectRenamed(path, storeId)
  })

  test('a database that is gone beside its fence means a new identity', async () => {
    const { path, storeId } = await closedStore()
    rmSync(join(path, databaseName), { recursive: true })
    mkdirSync(join(path, databaseName))
    await expectRenamed(path, storeId, 0)
  })

  test('a copy of the whole directory takes a new identity, the original keeps its own', async () => {
    const { path, storeId } = await closedStore()
    const copy = newPath()
    cpSync(path, copy, { recursive: true })
    await expectRenamed(copy, storeId)
    expect(await visit(path)).toEqual({ storeId, continuous: true })
  })

  test('a directory that was moved keeps its identity', async () => {
    const { path, storeId } = await closedStore()
    const moved = newPath()
    mkdirSync(join(moved, '..'))
    renameSync(path, moved)
    expect(await visit(moved)).toEqual({ storeId, continuous: true })
  })

  test('a log that lost its end, as on a disk that lied, is whole as far as it goes, and means a new identity', async () => {
    const { path, storeId } = await closedStore()
    await visit(path, (store) => write(store, 50))
    // Closing does not turn the log into a table, so the last writes are in it alone.
    const database = join(path, databaseName)
    const log = join(database, readdirSync(database).find((name) => name.endsWith('.log'))!)
    truncateSync(log, Math.floor(statSync(log).size / 2))
    const store = await levelStore({ path })
    expect(store.identity.continuous).toBe(false)
    expect(store.identity.storeId).not.toBe(storeId)
    const version = (await store.head(doc))!.version
    expect(version).toBeLessThan(60)
    expect(await changesOf(store)).toEqual(Array.from({ length: version }, (_, i) => `change ${i + 1}`))
    await store.close()
  })
})

async function visitWith(path: string, limits: object, work: (store: Store) => Promise<void>) {
  const store = await levelStore({ path, limits })
  await work(store)
  await store.close()
}

describe('what the limits do', () => {
  test('flushWritesMax and flushBytesMax bound a batch', async () => {
    const batches = async (limits: object, commits: number, bytes: number) => {
      const path = newPath()
      const store = await levelStore({ path, limits })
      const counted = () => Number(readFileSync(join(path, 'fence')).readBigUInt64BE(32))
      const before = counted()
      const entries = [{ change: new Uint8Array(bytes), attributes: '' }]
      const keys = Array.from({ length: commits }, (_, i) => ({ tenant: 'tenant', id: `doc ${i}` }))
      await Promise.all(keys.map((key) => store.commit({ ...change(key, 0), entries })))
      await store.close()
      return counted() - before
    }
    expect(await batches({}, 100, 10)).toBe(1)
    expect(await batches({ flushWritesMax: 10 }, 35, 10)).toBe(4)
    expect(await batches({ flushBytesMax: 1000 }, 10, 400)).toBe(5)
  })

  test('queueWritesMax: what does not fit is refused with STORE_BUSY', async () => {
    const store = await levelStore({ path: newPath(), limits: { queueWritesMax: 10 } })
    const keys = Array.from({ length: 25 }, (_, i) => ({ tenant: 'tenant', id: `doc ${i}` }))
    const settled = await Promise.allSettled(keys.map((key) => store.commit(change(key, 0))))
    const codes = settled.map((one) => (one.status === 'fulfilled' ? 'stored' : one.reason.code))
    expect(codes).toEqual([...Array(10).fill('stored'), ...Array(15).fill('STORE_BUSY')])
    await store.close()
  })

  test('writeBufferBytesMax: beyond it the log becomes a table', async () => {
    const tables = async (limits: object) => {
      const path = newPath()
      await visitWith(path, limits, async (store) => {
        const entries = [{ change: crypto.getRandomValues(new Uint8Array(60_000)), attributes: '' }]
        for (let i = 0; i < 10; i += 1) {
          await store.commit({ ...change({ tenant: 'tenant', id: `doc ${i}` }, 0), entries })
        }
      })
      return readdirSync(join(path, databaseName)).filter((name) => name.endsWith('.ldb')).length
    }
    expect(await tables({ writeBufferBytesMax: 65_536 })).toBeGreaterThan(0)
    expect(await tables({})).toBe(0)
  })

  test('scanItemsMax and scanBytesMax bound a step of a scan, not its result', async () => {
    for (const limits of [{ scanItemsMax: 3 }, { scanBytesMax: 10 }]) {
      const store = await levelStore({ path: newPath(), limits })
      await write(store, 20)
      expect((await store.log(doc, { after: 2, limit: 10 })).map(({ version }) => version)).toEqual([
        3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
      ])
      expect((await store.log(doc, { after: 0, limit: 1000 })).length).toBe(20)
      await store.close()
    }
  })
})
