import { join } from 'node:path'
import type { Store } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { loadDriver, type SqliteDatabase, type SqliteDriver, type SqliteStatement } from '../src/sqlite/driver.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { bytesOf, change, changesOf, doc, write } from './store-helpers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
let count = 0

function newPath(): string {
  count += 1
  return join(directory, `${count}`, 'store.sqlite')
}

const poison = bytesOf('poison')

function isPoison(value: unknown): boolean {
  return value instanceof Uint8Array && Buffer.compare(value, poison) === 0
}

/** The real driver, whose statements fail when `fails` says so. */
async function faultyDriver(fails: (sql: string, parameters: readonly unknown[]) => boolean): Promise<SqliteDriver> {
  const real = await loadDriver()
  const ioError = (sql: string) => Object.assign(new Error(`disk I/O error in ${sql}`), { errcode: 10 })
  const guard = (statement: SqliteStatement, sql: string): SqliteStatement => {
    const checked =
      <T, P extends unknown[]>(call: (...parameters: P) => T) =>
      (...parameters: P) => {
        if (fails(sql, parameters)) throw ioError(sql)
        return call(...parameters)
      }
    return {
      run: checked((...parameters) => statement.run(...parameters)),
      get: checked((...parameters) => statement.get(...parameters)),
      all: checked((...parameters) => statement.all(...parameters)),
    }
  }
  return {
    open(path): SqliteDatabase {
      const database = real.open(path)
      return {
        exec: (sql) => database.exec(sql),
        prepare: (sql) => guard(database.prepare(sql), sql),
        function: (name, call) => database.function(name, call),
        close: () => database.close(),
      }
    },
  }
}

async function codesOf(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((one) => (one.status === 'fulfilled' ? 'stored' : one.reason.code))
}

function keyAt(i: number) {
  return { tenant: 'tenant', id: `doc ${i}` }
}

/** Continues with the real driver and expects exactly these documents at version 1. */
async function expectDocuments(path: string, ids: readonly string[]) {
  const store = await sqliteStore({ path })
  const { items } = await store.documents('tenant', { limit: 1000 })
  expect(items.map(({ key }) => key.id)).toEqual([...ids].sort())
  expect(items.every(({ version }) => version === 1)).toBe(true)
  await store.close()
}

describe('a failing medium', () => {
  test('a write that fails half-way is undone and does not take its neighbours with it', async () => {
    const path = newPath()
    const driver = await faultyDriver((_, parameters) => parameters.some(isPoison))
    const store = await sqliteStore({ path, driver })
    const codes = await codesOf(
      [0, 1, 2, 3, 4].map((i) => {
        const commit = change(keyAt(i), 0)
        // Its head and its first entry are written by the time the second one fails.
        const entries = [...commit.entries, { change: poison, attributes: '' }]
        return store.commit(i === 2 ? { ...commit, entries } : commit)
      }),
    )
    expect(codes).toEqual(['stored', 'stored', 'STORE_IO', 'stored', 'stored'])
    const positions = (await store.tenantLog('tenant', { after: 0, limit: 10 })).map(({ position }) => position)
    expect(positions).toEqual([1, 2, 3, 4])
    await store.close()
    await expectDocuments(path, ['doc 0', 'doc 1', 'doc 3', 'doc 4'])
  })

  test('a failing COMMIT fails all that share it, nothing of it stays, and the store goes on', async () => {
    const path = newPath()
    let failing = false
    const store = await sqliteStore({ path, driver: await faultyDriver((sql) => failing && sql === 'COMMIT') })
    await store.commit(change(keyAt(0), 0))
    failing = true
    const codes = await codesOf([
      store.commit(change(keyAt(1), 0)),
      store.commit(change(keyAt(2), 0)),
      store.setValue('n', 'v'),
    ])
    expect(codes).toEqual(['STORE_IO', 'STORE_IO', 'STORE_IO'])
    expect(await store.head(keyAt(1))).toBeUndefined()
    expect(await store.value('n')).toBeUndefined()
    failing = false
    const [entry] = await store.commit(change(keyAt(3), 0))
    expect(entry?.position).toBe(2)
    await store.close()
    await expectDocuments(path, ['doc 0', 'doc 3'])
  })

  test('a failing BEGIN is STORE_IO, with the driver error as cause', async () => {
    let failing = false
    const driver = await faultyDriver((sql) => failing && sql.startsWith('BEGIN'))
    const store = await sqliteStore({ path: newPath(), driver })
    failing = true
    const error = await store.commit(change(doc, 0)).catch((reason) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'STORE_IO', cause: { errcode: 10 } })
    failing = false
    await write(store, 1)
    await store.close()
  })

  test('a failing read is STORE_IO', async () => {
    let failing = false
    const store = await sqliteStore({ path: newPath(), driver: await faultyDriver(() => failing) })
    await write(store, 1)
    failing = true
    const reads = [
      store.head(doc),
      store.log(doc, { after: 0, limit: 1 }),
      store.tenantLog('tenant', { after: 0, limit: 1 }),
      store.snapshot(doc),
      store.documents('tenant', { limit: 1 }),
      store.receipt('tenant', 's', 'k'),
      store.value('n'),
      store.values(''),
    ]
    expect(new Set(await codesOf(reads))).toEqual(new Set(['STORE_IO']))
    failing = false
    await store.close()
  })

  test('a store that fails while it opens lets go of the file', async () => {
    const path = newPath()
    for (const part of ['PRAGMA journal_mode', 'SELECT * FROM store', 'UPDATE store SET store_id']) {
      const driver = await faultyDriver((sql) => sql.startsWith(part))
      await expect(sqliteStore({ path, driver })).rejects.toMatchObject({ code: 'STORE_IO' })
    }
    const store = await sqliteStore({ path })
    await write(store, 1)
    await store.close()
  })
})

describe('a full disk', () => {
  /** SQLite refuses to grow the file any further, which it reports as it does a full disk. */
  async function smallStore(): Promise<{ readonly store: Store; readonly path: string; readonly grow: () => void }> {
    const path = newPath()
    const real = await loadDriver()
    let database: SqliteDatabase | undefined
    const driver: SqliteDriver = {
      open(file) {
        database = real.open(file)
        return database
      },
    }
    const store = await sqliteStore({ path, driver })
    database!.exec('PRAGMA max_page_count = 40')
    return { store, path, grow: () => database!.exec('PRAGMA max_page_count = 100000') }
  }

  test('a commit too large for it fails alone and whole', async () => {
    const { store, path } = await smallStore()
    const large = Array.from({ length: 50 }, () => ({ change: new Uint8Array(10_000), attributes: '' }))
    const commits = [0, 1, 2, 3, 4].map((i) => change(keyAt(i), 0))
    const codes = await codesOf(
      commits.map((commit, i) => store.commit(i === 2 ? { ...commit, entries: large } : commit)),
    )
    expect(codes).toEqual(['stored', 'stored', 'STORE_FULL', 'stored', 'stored'])
    expect(await store.head(keyAt(2))).toBeUndefined()
    const positions = (await store.tenantLog('tenant', { after: 0, limit: 10 })).map(({ position }) => position)
    expect(positions).toEqual([1, 2, 3, 4])
    await store.close()
    await expectDocuments(path, ['doc 0', 'doc 1', 'doc 3', 'doc 4'])
  })

  test('when it fills up every commit is whole or not there, and with space again the store goes on', async () => {
    const { store, path, grow } = await smallStore()
    const stored: string[] = []
    let refused = 0
    for (let version = 0; refused < 5; ) {
      const text = `${version} ${'x'.repeat(3000)}`
      const [code] = await codesOf([store.commit(change(doc, version, text))])
      if (code === 'stored') {
        stored.push(text)
        version += 1
      } else {
        expect(code).toBe('STORE_FULL')
        refused += 1
      }
    }
    expect(stored.length).toBeGreaterThan(5)
    expect(await changesOf(store)).toEqual(stored)
    grow()
    await write(store, 1)
    await store.close()
    const again = await sqliteStore({ path })
    expect(again.identity).toEqual({ storeId: store.identity.storeId, continuous: true })
    expect((await again.head(doc))?.version).toBe(stored.length + 1)
    await again.close()
  })
})

describe('a full queue', () => {
  test('what does not fit is refused with STORE_BUSY, and stored when tried again', async () => {
    const path = newPath()
    const store = await sqliteStore({ path, limits: { queueWritesMax: 10 } })
    const all = Array.from({ length: 25 }, (_, i) => change(keyAt(i), 0))
    const codes = await codesOf(all.map((commit) => store.commit(commit)))
    expect(codes).toEqual([...Array(10).fill('stored'), ...Array(15).fill('STORE_BUSY')])
    for (const commit of all.slice(10)) await store.commit(commit)
    await store.close()
    await expectDocuments(
      path,
      all.map(({ key }) => key.id),
    )
  })

  test('snapshots count with their bytes', async () => {
    const store = await sqliteStore({ path: newPath(), limits: { queueBytesMax: 1000 } })
    await write(store, 1)
    const snapshot = { version: 1, incarnation: 'life', bytes: new Uint8Array(900), attributes: '' }
    const codes = await codesOf([store.compact(doc, snapshot, 0), store.compact(doc, snapshot, 0)])
    expect(codes).toEqual(['stored', 'STORE_BUSY'])
    await store.close()
  })
})
