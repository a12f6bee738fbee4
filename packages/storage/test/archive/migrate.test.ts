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

  test('large documents go one at a time, and few are in memory', async () => {
    const from = memoryStore()
    for (let i = 0; i < 40; i += 1) {
      const entries = [{ change: new Uint8Array(1000), attributes: '' }]
      const key = { tenant: 't', id: `${i}` }
      await from.commit({ key, kind: 'begin', expectedVersion: 0, incarnation: 'life', entries })
    }
    let [under, most] = [0, 0]
    const to = memoryStore()
    const slow = new Proxy(to, {
      get(target, name) {
        const member = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        if (name !== 'importDocument') return member.bind(target)
        return async (...parameters: Parameters<Store['importDocument']>) => {
          under += 1
          most = Math.max(most, under)
          await new Promise((resolve) => setTimeout(resolve, 2))
          under -= 1
          return target.importDocument(...parameters)
        }
      },
    })
    await migrated(from, slow, { limits: { inFlightBytesMax: 3_500 } })
    expect(most).toBe(3)
    await migrated(
      from,
      disturbed(memoryStore(), 'importDocument', 0, () => {}),
      { limits: { inFlightBytesMax: 10 } },
    )
    const other = memoryStore()
    await migrated(from, other, { limits: { inFlightDocumentsMax: 1, pageItemsMax: 1, pageEntriesMax: 1 } })
    expect(await contentOf(other)).toEqual(await contentOf(from))
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
