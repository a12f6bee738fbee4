import type { Commit, Store } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { totalsOf } from '../../src/archive/fill-store.ts'
import { readStore } from '../../src/archive/read-store.ts'
import { type DataError, type MigrateOptions, type MigrateProgress, migrate } from '../../src/archive.ts'
import { memoryStore } from '../../src/memory.ts'
import { bytesOf } from '../store-helpers.ts'
import { disturbed, fillContents } from './contents.ts'

async function filled(): Promise<Store> {
  const store = memoryStore()
  await fillContents(store)
  return store
}

function contentOf(store: Store) {
  return totalsOf(readStore(store, { content: 'everything' }))
}

function append(id: string, on: number, incarnation = 'life-1'): Commit {
  const entries = [{ change: bytesOf('later'), attributes: '' }]
  return { key: { tenant: 'acme', id }, kind: 'append', expectedVersion: on, incarnation, entries }
}

function migrated(from: Store, to: Store, more: Partial<MigrateOptions> = {}) {
  return migrate({ from, to, nowMs: 0, ...more })
}

async function failureOf(run: Promise<unknown>): Promise<DataError> {
  return run.then(
    () => expect.unreachable(),
    (error) => error,
  )
}

describe('everything is copied', () => {
  test('but what a store has to itself', async () => {
    const [from, to] = [await filled(), memoryStore()]
    const totals = await migrated(from, to)
    expect(totals).toMatchObject({ documents: 8, receipts: 6, values: 2, isResumed: false })
    expect(await contentOf(to)).toEqual(await contentOf(from))
    expect((await to.values('')).map(({ name }) => name)).toEqual(['key/1', 'settings'])
    expect(to.identity.storeId).not.toBe(from.identity.storeId)
    const page = { after: 0, limit: 100 }
    expect(await to.tenantLog('acme', page)).toEqual(await from.tenantLog('acme', page))
  })

  test('receipts that have expired are left behind', async () => {
    const [from, to] = [await filled(), memoryStore()]
    expect((await migrated(from, to, { nowMs: 1_000 })).receipts).toBe(4)
    expect(await to.receipt('acme', 'scope', 'soon')).toBeUndefined()
    expect(await to.receipt('acme', 'scope', 'late')).toMatchObject({ expiresAtMs: 5_000 })
  })

  test('and told of: each document once copied and once checked on either side, each with its hash', async () => {
    const [from, to] = [await filled(), memoryStore()]
    const seen: MigrateProgress[] = []
    const hashes: string[] = []
    await migrated(from, to, {
      onProgress: (progress) => seen.push(progress),
      onHash: ({ tenant, id }, hash) => hashes.push(`${tenant}/${id} ${hash}`),
    })
    const of = (phase: string) => seen.filter((one) => one.phase === phase)
    expect(of('copying')).toEqual(Array.from({ length: 9 }, (_, done) => ({ phase: 'copying', done, total: 8 })))
    expect(of('checking')).toEqual(Array.from({ length: 17 }, (_, done) => ({ phase: 'checking', done, total: 16 })))
    expect(hashes.map((line) => line.split(' ').slice(0, -1).join(' '))).toEqual(
      ['acme', 'b\u00e9ta'].flatMap((tenant) =>
        ['deleted', 'folded', 'plain', 'second life'].map((id) => `${tenant}/${id}`),
      ),
    )
    expect(new Set(hashes.map((line) => line.split(' ').at(-1))).size).toBe(8)
  })

  test('an empty store too', async () => {
    expect(await migrated(memoryStore(), memoryStore())).toMatchObject({ documents: 0, receipts: 0, values: 0 })
  })
})

describe('limits', () => {
  /** So many documents of about a kilobyte, and so many receipts. */
  async function many(documents: number): Promise<Store> {
    const store = memoryStore()
    for (let i = 0; i < documents; i += 1) {
      const entries = [{ change: new Uint8Array(1000), attributes: '' }]
      const key = { tenant: 't', id: `${i}` }
      const receipt = { tenant: 't', scope: 's', key: `${i}`, requestHash: '', answer: '' }
      await store.commit({ key, kind: 'begin', expectedVersion: 0, incarnation: 'life', entries, receipt })
    }
    return store
  }

  /** The store, with a method that takes a while, and how often it was called and was under way at a time. */
  function slow(store: Store, method: keyof Store) {
    const seen = { calls: 0, under: 0, most: 0 }
    const slowed = new Proxy(store, {
      get(target, name) {
        const member = Reflect.get(target, name, target)
        if (name !== method) return typeof member === 'function' ? member.bind(target) : member
        return async (...parameters: unknown[]) => {
          seen.calls += 1
          seen.under += 1
          seen.most = Math.max(seen.most, seen.under)
          await new Promise((resolve) => setTimeout(resolve, 2))
          seen.under -= 1
          return Reflect.apply(member as () => unknown, target, parameters)
        }
      },
    })
    return { slowed, seen }
  }

  test('inFlightDocumentsMax and inFlightBytesMax: so many are written at a time, and at least one', async () => {
    const from = await many(40)
    for (const [limits, most] of [
      [{ inFlightDocumentsMax: 7 }, 7],
      [{ inFlightDocumentsMax: 1 }, 1],
      [{ inFlightBytesMax: 3_000 }, 3],
      [{ inFlightBytesMax: 2_999 }, 2],
      [{ inFlightBytesMax: 10 }, 1],
    ] as const) {
      const { slowed, seen } = slow(memoryStore(), 'importDocument')
      await migrated(from, slowed, { limits })
      expect(seen).toEqual({ calls: 40, under: 0, most })
    }
  })

  test('aheadDocumentsMax: so many are read at a time, fewer when they are large', async () => {
    for (const [limits, most] of [
      [{ aheadDocumentsMax: 5 }, 5],
      [{ aheadDocumentsMax: 1 }, 1],
      // How large they are is known once the first has come.
      [{ aheadDocumentsMax: 3, inFlightBytesMax: 2_000 }, 3],
    ] as const) {
      const { slowed, seen } = slow(await many(40), 'log')
      await migrated(slowed, memoryStore(), { limits })
      expect(seen).toEqual({ calls: 80, under: 0, most })
    }
  })

  test('receiptsTogetherMax, pageItemsMax and pageEntriesMax bound a step', async () => {
    const from = await many(10)
    const receipts = slow(memoryStore(), 'importReceipts')
    await migrated(from, receipts.slowed, { limits: { receiptsTogetherMax: 5 } })
    // Two full ones, and what is left: nothing.
    expect(receipts.seen.calls).toBe(3)
    const listing = slow(from, 'documents')
    await migrated(listing.slowed, memoryStore(), { limits: { pageItemsMax: 5 } })
    // Counted with the usual page; copied and checked with two each.
    expect(listing.seen.calls).toBe(5)
    const to = memoryStore()
    await migrated(await filled(), to, { limits: { pageItemsMax: 1, pageEntriesMax: 1, receiptsTogetherMax: 1 } })
    expect(await contentOf(to)).toEqual(await contentOf(await filled()))
  })
})

describe('interrupted', () => {
  async function interruptedAfter(from: Store, to: Store, documents: number): Promise<void> {
    const stopping = new AbortController()
    const onProgress = ({ done }: MigrateProgress) => done >= documents && stopping.abort()
    const limits = { inFlightDocumentsMax: 1, pageItemsMax: 2 }
    const failure = await failureOf(migrated(from, to, { onProgress, signal: stopping.signal, limits }))
    expect(failure.code).toBe('DATA_INTERRUPTED')
    expect(await to.value('own/unfinished')).toBe(`store ${from.identity.storeId}`)
  }

  test('it goes on where it was, and writes nothing twice', async () => {
    const [from, to] = [await filled(), memoryStore()]
    await interruptedAfter(from, to, 3)
    const there = (await to.documents('acme', { limit: 100, deleted: true })).items.length
    expect(there).toBeGreaterThan(0)
    let imports = 0
    const counting = new Proxy(to, {
      get(target, name) {
        if (name === 'importDocument') imports += 1
        const member = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const seen: MigrateProgress[] = []
    expect(await migrated(from, counting, { onProgress: (one) => seen.push(one) })).toMatchObject({ isResumed: true })
    expect(imports).toBe(8 - there)
    expect(seen.filter(({ phase }) => phase === 'copying').at(-1)).toEqual({ phase: 'copying', done: 8, total: 8 })
    expect(await contentOf(to)).toEqual(await contentOf(from))
    expect(await to.value('own/unfinished')).toBeUndefined()
  })

  test('what changed in the source meanwhile is brought along', async () => {
    const [from, to] = [await filled(), memoryStore()]
    await interruptedAfter(from, to, 8)
    await from.commit(append('plain', 3))
    await from.commit({ ...append('plain', 4), kind: 'end' })
    await from.commit({ ...append('deleted', 2, 'life-2'), kind: 'begin' })
    const snapshot = { version: 3, incarnation: 'life-2', bytes: new Uint8Array(9), attributes: '' }
    await from.compact({ tenant: 'acme', id: 'second life' }, snapshot, 3)
    await from.setValue('settings', undefined)
    await from.setValue('key/2', 'new')
    await from.purgeReceipts(1_000)
    await migrated(from, to, { nowMs: 1_000 })
    expect(await contentOf(to)).toEqual(await contentOf(from))
  })

  test('by a failure of the target: everything else is waited for, and it goes on', async () => {
    const [from, to] = [await filled(), memoryStore()]
    const failing = disturbed(to, 'importDocument', 4, () => Promise.reject(new Error('the disk is full')))
    expect(await failureOf(migrated(from, failing))).toMatchObject({ message: 'the disk is full' })
    expect(await to.value('own/unfinished')).toBeDefined()
    await migrated(from, to)
    expect(await contentOf(to)).toEqual(await contentOf(from))
  })
})

describe('refused', () => {
  test('where there is other data, and nothing is written', async () => {
    const from = await filled()
    const others: readonly ((to: Store) => Promise<unknown>)[] = [
      (to) => to.commit({ ...append('plain', 0), kind: 'begin' }),
      (to) => to.importReceipts([{ tenant: 't', scope: '', key: '', requestHash: '', answer: '' }]),
      (to) => to.setValue('key/9', ''),
      (to) => to.setValue('own/unfinished', 'store of somebody else'),
    ]
    for (const other of others) {
      const to = memoryStore()
      await other(to)
      const before = await contentOf(to)
      expect((await failureOf(migrated(from, to))).code).toBe('DATA_TARGET_NOT_EMPTY')
      expect(await contentOf(to)).toEqual(before)
    }
    const used = memoryStore()
    await used.setValue('own/server/actor', 'of a server that was started once')
    await migrated(from, used)
    expect(await used.value('own/server/actor')).toBe('of a server that was started once')
  })

  test('from a store that is not finished itself, or into itself', async () => {
    const from = await filled()
    expect((await failureOf(migrated(from, from))).code).toBe('DATA_TARGET_IS_SOURCE')
    await from.setValue('own/unfinished', 'something')
    await expect(migrated(from, memoryStore())).rejects.toMatchObject({ code: 'STORE_UNFINISHED' })
  })
})

describe('somebody else writes', () => {
  test('to the source while it is checked: it is noticed, and the next run brings it along', async () => {
    const [from, to] = [await filled(), memoryStore()]
    // The first listing is counted, the second copied, the third checked.
    const busy = disturbed(from, 'documents', 5, () => from.commit(append('plain', 3)))
    const failure = await failureOf(migrated(busy, to))
    expect(failure.code).toBe('DATA_DIFFERS')
    expect(failure.message).toContain('8 documents')
    await expect(migrated(from, to)).resolves.toMatchObject({ isResumed: true })
    expect(await contentOf(to)).toEqual(await contentOf(from))
  })
})
