import { readFileSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { diceOf } from '../src/testing/random.ts'
import { writeGolden } from './golden/golden-content.mjs'
import { storePages } from './indexeddb/browser.ts'
import { type Dump, dump, restore } from './indexeddb/raw.ts'
import { commitTogether, openIn } from './indexeddb/remote-store.ts'
import type { StorePage } from './indexeddb/store-page.ts'
import { change, changesOf, doc, expectGolden, write } from './store-helpers.ts'

const { newPage, server, newServer, running } = storePages()

let names = 0
function newName(): string {
  names += 1
  return `database-${names}`
}

const gone = { code: 'STORE_GONE' }

/** Runs against the database itself, behind the back of the store. */
function onStore(page: Page, name: string, store: string, run: (store: IDBObjectStore) => void): Promise<void> {
  return page.evaluate(
    ([database, at, code]) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open(database)
        request.onerror = () => reject(request.error)
        request.onsuccess = () => {
          const transaction = request.result.transaction(at, 'readwrite')
          // The function comes as text.
          new Function('store', `(${code})(store)`)(transaction.objectStore(at))
          transaction.oncomplete = () => {
            request.result.close()
            resolve()
          }
        }
      }),
    [name, store, `${run}`] as const,
  )
}

describe('the data is taken from under the store', () => {
  test('deleted by another page: the deletion is not held up, everything is refused, a new store begins', async () => {
    const [page, other] = [await newPage(), await newPage()]
    const name = newName()
    const store = await openIn(page, { name })
    await write(store, 1)
    const lost = store.lost()
    const deleted = await other.evaluate(
      (database) =>
        new Promise<string>((resolve) => {
          const request = indexedDB.deleteDatabase(database)
          request.onblocked = () => resolve('blocked')
          request.onsuccess = () => resolve('deleted')
        }),
      name,
    )
    expect(deleted).toBe('deleted')
    expect(await lost).toBe('STORE_GONE')
    await expect(store.commit(change(doc, 1))).rejects.toMatchObject(gone)
    await expect(store.head(doc)).rejects.toMatchObject(gone)
    // The lock is free, although the old store was not closed.
    const next = await openIn(other, { name })
    expect(next.identity.continuous).toBe(false)
    expect(next.identity.storeId).not.toBe(store.identity.storeId)
    expect(await next.head(doc)).toBeUndefined()
    await store.close()
    await write(next, 1)
    await next.close()
  })

  test('deleted while commits are under way: each is refused or was stored before', async () => {
    const page = await newPage()
    const name = newName()
    const store = await openIn(page, { name })
    const commits = Array.from({ length: 50 }, (_, i) => change({ tenant: 'tenant', id: `${i}` }, 0))
    const committing = commitTogether(page, store, commits)
    const deleting = page.evaluate(
      (database) =>
        new Promise<void>((resolve) => {
          indexedDB.deleteDatabase(database).onsuccess = () => resolve()
        }),
      name,
    )
    const outcomes = await committing
    await deleting
    expect(outcomes.length).toBe(50)
    expect(outcomes.every((outcome) => outcome === 'stored' || outcome === 'STORE_GONE')).toBe(true)
    await expect(store.head(doc)).rejects.toMatchObject(gone)
  })

  test('cleared by the user, as the browser does when it needs the room', async () => {
    const page = await newPage()
    const name = newName()
    const store = await openIn(page, { name })
    await write(store, 1)
    const lost = store.lost()
    const session = await page.context().newCDPSession(page)
    await session.send('Storage.clearDataForOrigin', {
      origin: new URL(server().url).origin,
      storageTypes: 'indexeddb',
    })
    expect(await lost).toBe('STORE_GONE')
    await expect(store.commit(change(doc, 1))).rejects.toMatchObject(gone)
    await expect(store.head(doc)).rejects.toMatchObject(gone)
    const next = await openIn(page, { name })
    expect(next.identity.continuous).toBe(false)
    expect(next.identity.storeId).not.toBe(store.identity.storeId)
    expect(await next.head(doc)).toBeUndefined()
    await next.close()
  })

  test('emptied by a script: the next write notices and changes nothing', async () => {
    const page = await newPage()
    const name = newName()
    const store = await openIn(page, { name })
    await write(store, 1)
    await onStore(page, name, 'mark', (mark) => mark.clear())
    await expect(store.commit(change(doc, 1))).rejects.toMatchObject(gone)
    await store.close()
    await expect(openIn(page, { name })).rejects.toMatchObject({ code: 'STORE_FORMAT' })
  })
})

describe('what is no store', () => {
  const format = { code: 'STORE_FORMAT' }

  function createDatabase(page: Page, name: string, version: number, stores: readonly string[]): Promise<void> {
    return page.evaluate(
      ([database, number, all]) =>
        new Promise<void>((resolve) => {
          const request = indexedDB.open(database, number)
          request.onupgradeneeded = () => {
            for (const store of all) request.result.createObjectStore(store).put('theirs', 'key')
          }
          request.onsuccess = () => {
            request.result.close()
            resolve()
          }
        }),
      [name, version, stores] as const,
    )
  }

  test.each([
    ['of another program', 1, ['keyval']],
    ['that has lost object stores', 1, ['mark', 'heads', 'log']],
    ['of a newer format', 2, ['mark', 'heads', 'log', 'receipts', 'snapshots', 'values']],
  ])('a database %s is refused and not touched', async (_, version, stores) => {
    const page = await newPage()
    const name = newName()
    await createDatabase(page, name, version, stores)
    const before = await dump(page, name)
    await expect(openIn(page, { name })).rejects.toMatchObject(format)
    expect(await dump(page, name)).toEqual(before)
    // The lock was given back.
    await expect(openIn(page, { name })).rejects.toMatchObject(format)
  })

  test('a mark that is spoilt is refused', async () => {
    const page = await newPage()
    const name = newName()
    await (await openIn(page, { name })).close()
    await onStore(page, name, 'mark', (mark) => mark.put({ storeId: 7 }, 'store'))
    await expect(openIn(page, { name })).rejects.toMatchObject(format)
  })

  test('a head that is spoilt is STORE_IO, and other documents go on', async () => {
    const page = await newPage()
    const name = newName()
    const store = await openIn(page, { name })
    await write(store, 1)
    await onStore(page, name, 'heads', (heads) => {
      heads.openCursor().onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue>).result
        cursor?.update({ ...cursor.value, version: 'one' })
      }
    })
    await expect(store.head(doc)).rejects.toMatchObject({ code: 'STORE_IO' })
    const other = { tenant: 'tenant', id: 'other' }
    expect(await commitTogether(page, store, [change(doc, 0), change(other, 0)])).toEqual(['STORE_IO', 'stored'])
    await store.close()
  })

  test('a page that keeps an older format open holds up a newer one with STORE_LOCKED', async () => {
    const page = await newPage()
    const name = newName()
    await (await openIn(page, { name })).close()
    const other = await newPage()
    const keep = (database: string) =>
      new Promise<void>((resolve) => {
        const request = indexedDB.open(database)
        request.onsuccess = () => {
          Object.assign(globalThis, { kept: request.result })
          resolve()
        }
      })
    await other.evaluate(keep, name)
    const openNewer = () =>
      page.evaluate((one) => (globalThis as unknown as { storePage: StorePage }).storePage.openNewer(one), name)
    expect(await openNewer()).toMatchObject({ ok: false, code: 'STORE_LOCKED' })
    await other.close()
    // Nobody holds it up any more; but this version does not know how to make that format.
    expect(await openNewer()).toMatchObject({ ok: false, code: 'STORE_FORMAT' })
    await (await openIn(page, { name })).close()
  })
})

describe('room', () => {
  /** No two stretches alike: the browser compresses what it stores. */
  function noise(bytes: number): Uint8Array {
    const dice = diceOf(bytes)
    return Uint8Array.from({ length: bytes }, () => dice(256))
  }

  const large = { change: noise(1_200_000), attributes: '' }

  /** A page of an origin that may store so much. Chromium remembers for a while what it had granted before. */
  async function pageWithQuota(quotaSize: number) {
    const { url } = await newServer()
    const page = await newPage({ url })
    const session = await page.context().newCDPSession(page)
    const setQuota = (bytes: number) =>
      session.send('Storage.overrideQuotaForOrigin', { origin: new URL(url).origin, quotaSize: bytes })
    await setQuota(quotaSize)
    return { page, setQuota }
  }

  test('without any a commit is STORE_FULL and changes nothing; with some again the store goes on', async () => {
    const { page, setQuota } = await pageWithQuota(600_000)
    const name = newName()
    const store = await openIn(page, { name })
    await write(store, 1)
    const before = await dump(page, name)
    const commit = { ...change(doc, 1), entries: [large] }
    for (let i = 0; i < 2; i += 1) await expect(store.commit(commit)).rejects.toMatchObject({ code: 'STORE_FULL' })
    expect(await changesOf(store)).toEqual(['change 1'])
    expect(await dump(page, name)).toEqual(before)
    await setQuota(100_000_000)
    expect(await store.commit(commit)).toMatchObject([{ version: 2 }])
    await store.close()
  })

  test('a commit too large for it fails alone, and whole', async () => {
    const { page } = await pageWithQuota(600_000)
    const store = await openIn(page, { name: newName() })
    const keyAt = (i: number) => ({ tenant: 'tenant', id: `doc ${i}` })
    const outcomes = await commitTogether(
      page,
      store,
      [0, 1, 2, 3, 4].map((i) => ({ ...change(keyAt(i), 0), ...(i === 2 ? { entries: [large] } : {}) })),
    )
    expect(outcomes).toEqual(['stored', 'stored', 'STORE_FULL', 'stored', 'stored'])
    expect(await store.head(keyAt(2))).toBeUndefined()
    const positions = (await store.tenantLog('tenant', { after: 0, limit: 10 })).map(({ position }) => position)
    expect(positions).toEqual([1, 2, 3, 4])
    await store.close()
  })

  test('the browser is asked to keep the data, unless the host says that it will ask', async () => {
    const { url } = await newServer()
    const page = await newPage({ url })
    const session = await running().browser.newBrowserCDPSession()
    const permit = (setting: 'denied' | 'granted') =>
      session.send('Browser.setPermission', { permission: { name: 'persistent-storage' }, setting, origin: url })
    await page.evaluate(() => {
      const { persist } = StorageManager.prototype
      StorageManager.prototype.persist = function () {
        Object.assign(globalThis, { asked: true })
        return persist.call(this)
      }
    })
    /** What the store says, and whether it has asked. */
    const openAndAsk = async (options: { readonly persist?: boolean }) => {
      const store = await openIn(page, { name: newName(), ...options })
      const persisted = await store.persisted()
      await store.close()
      const asked = await page.evaluate(() => {
        const had = 'asked' in globalThis
        Reflect.deleteProperty(globalThis, 'asked')
        return had
      })
      return { persisted, asked }
    }
    await permit('denied')
    expect(await openAndAsk({})).toEqual({ persisted: false, asked: true })
    expect(await openAndAsk({ persist: false })).toEqual({ persisted: false, asked: false })
    await permit('granted')
    expect(await openAndAsk({})).toEqual({ persisted: true, asked: true })
    expect(await openAndAsk({ persist: false })).toEqual({ persisted: true, asked: false })
  })

  test('a small change in a large buffer takes the room of the change', async () => {
    const page = await newPage()
    const name = newName()
    const stored = await page.evaluate(async (database) => {
      const { storePage } = globalThis as unknown as { storePage: StorePage }
      const opened = await storePage.open({ name: database })
      const bytes = new Uint8Array(1_000_000).subarray(10, 13)
      const entries = [{ change: bytes, attributes: '' }]
      const key = { tenant: 'tenant', id: 'doc' }
      const commit = { key, expectedVersion: 0, kind: 'begin', incarnation: 'life', entries }
      if (opened.ok) await storePage.call(opened.value.handle, 'commit', [commit])
      if (opened.ok) await storePage.call(opened.value.handle, 'close', [])
      return new Promise<number>((resolve) => {
        indexedDB.open(database).onsuccess = ({ target }) => {
          const log = (target as IDBOpenDBRequest).result.transaction('log').objectStore('log').getAll()
          log.onsuccess = () => resolve(log.result[0].change.buffer.byteLength)
        }
      })
    }, name)
    expect(stored).toBe(3)
  })
})

describe('flushes', () => {
  test('every transaction that writes asks for one', async () => {
    const page = await newPage()
    await page.evaluate(() => {
      const { transaction } = IDBDatabase.prototype
      const asked: string[] = []
      Object.assign(globalThis, { asked })
      IDBDatabase.prototype.transaction = function (...given: Parameters<typeof transaction>) {
        const opened = transaction.apply(this, given)
        if (opened.mode === 'readwrite') asked.push(opened.durability)
        return opened
      }
    })
    const store = await openIn(page, { name: newName() })
    await write(store, 3)
    await store.setValue('name', 'value')
    await store.purgeReceipts(0)
    await store.close()
    const asked = await page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked)
    expect(asked.length).toBeGreaterThanOrEqual(6)
    expect(asked.every((durability) => durability === 'strict')).toBe(true)
  })

  test('a browser that does not say that it flushes continues nothing, and keeps the data', async () => {
    const page = await newPage()
    const name = newName()
    const store = await openIn(page, { name })
    await write(store, 1)
    await store.close()
    await page.evaluate(() => Object.defineProperty(IDBTransaction.prototype, 'durability', { value: undefined }))
    const ids = new Set([store.identity.storeId])
    for (let i = 1; i <= 2; i += 1) {
      const next = await openIn(page, { name })
      expect(next.identity.continuous).toBe(false)
      ids.add(next.identity.storeId)
      await write(next, 1)
      expect((await next.head(doc))?.version).toBe(1 + i)
      await next.close()
    }
    expect(ids.size).toBe(3)
  })

  test('the data is there again when the browser was closed and started', async () => {
    const name = newName()
    const store = await openIn(await newPage(), { name })
    await write(store, 2)
    await running().stop()
    await running().start()
    const next = await openIn(await newPage(), { name })
    expect(next.identity).toEqual({ storeId: store.identity.storeId, continuous: true })
    expect(await changesOf(next)).toEqual(['change 1', 'change 2'])
    await next.close()
  })
})

describe('limits', () => {
  test('queueWritesMax: a write beyond it is STORE_BUSY and leaves nothing', async () => {
    const page = await newPage()
    const store = await openIn(page, { name: newName(), limits: { queueWritesMax: 5, flushWritesMax: 2 } })
    const commits = Array.from({ length: 7 }, (_, i) => change({ tenant: 'tenant', id: `${i}` }, 0))
    const outcomes = await commitTogether(page, store, commits)
    expect(outcomes).toEqual([...Array(5).fill('stored'), 'STORE_BUSY', 'STORE_BUSY'])
    expect((await store.documents('tenant', { limit: 10 })).items.length).toBe(5)
    await store.close()
  })
})

describe('format 1', () => {
  const golden = new URL('golden/indexeddb-format-1.golden.json', import.meta.url)

  /** What is random in a mark. */
  function fixed({ stores, ...rest }: Dump): Dump {
    const [entry] = stores.mark!.entries
    const value = { ...(entry!.value as object), storeId: 'store', owner: 'owner' }
    return { ...rest, stores: { ...stores, mark: { ...stores.mark!, entries: [{ ...entry!, value }] } } }
  }

  test('is written as it always was (JOINERY_UPDATE_GOLDEN=1 writes it)', async () => {
    const page = await newPage()
    const name = newName()
    const store = await openIn(page, { name })
    await writeGolden(store)
    await store.close()
    const written = fixed(await dump(page, name))
    if (process.env.JOINERY_UPDATE_GOLDEN) writeFileSync(golden, `${JSON.stringify(written, undefined, 2)}\n`)
    expect(written).toEqual(JSON.parse(readFileSync(golden, 'utf8')))
  })

  test('stays readable, and writable', async () => {
    const page = await newPage()
    const name = newName()
    await restore(page, name, JSON.parse(readFileSync(golden, 'utf8')))
    const store = await openIn(page, { name })
    expect(store.identity).toEqual({ storeId: 'store', continuous: true })
    await expectGolden(store)
    await write(store, 1)
    await store.close()
  })
})
