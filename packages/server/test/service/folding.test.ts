/** History is folded beside the work: whoever reads a document at that moment reads all of it. */
import { Doc } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { expect, test } from 'vitest'
import { Compactor } from '../../src/service/compactor.ts'
import { Library } from '../../src/service/library.ts'
import { type ServiceLimits, serviceLimits } from '../../src/service/limits.ts'
import { testService } from '../http/harness.ts'

const caller = { tenant: 't', node: 'n' }
const key = { tenant: 't', id: 'd' }

/** Folds the history up to a version, as another process would. */
async function fold(store: Store, version: number): Promise<void> {
  const head = (await store.head(key))!
  const log = await store.log(key, { after: 0, limit: version })
  const doc = Doc.load(
    log.map(({ change }) => change),
    { actor: newActor('folder') },
  )
  const snapshot = { version, incarnation: head.incarnation, bytes: doc.snapshot(), attributes: '{}' }
  await store.compact(key, snapshot, version)
}

/** A store that does something before the next read of a log. */
function interrupted(store: Store): { readonly store: Store; before: (() => Promise<void>) | undefined } {
  const at = {
    before: undefined as (() => Promise<void>) | undefined,
    store: new Proxy(store, {
      get(target, name) {
        const member = target[name as keyof Store]
        if (name !== 'log') return typeof member === 'function' ? member.bind(target) : member
        return async (...args: Parameters<Store['log']>) => {
          const before = at.before
          at.before = undefined
          await before?.()
          return target.log(...args)
        }
      },
    }),
  }
  return at
}

async function filled(store: Store): Promise<void> {
  const service = testService(store)
  for (let i = 1; i <= 10; i += 1)
    await service.ops(caller, 'd', { type: 'gset', since: { version: 0 }, ops: [{ type: 'add', elem: i }] })
}

const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const sorted = (value: unknown): number[] => [...(value as number[])].sort((a, b) => a - b)

test('between its snapshot and its log', async () => {
  const real = memoryStore()
  await filled(real)
  const at = interrupted(real)
  at.before = () => fold(real, 6)
  expect(sorted((await testService(at.store).get(caller, 'd')).value)).toEqual(all)
  expect((await real.head(key))?.compactedVersion).toBe(6)
})

test('while a client that is behind is brought up to date', async () => {
  const real = memoryStore()
  await filled(real)
  const at = interrupted(real)
  const service = testService(at.store)
  const { storeId, incarnation } = await service.get(caller, 'd')
  const { document } = await service.live.open(caller, { id: 'd', type: 'gset', actor: '' })
  const log = await real.log(key, { after: 0, limit: 2 })
  const doc = Doc.load(
    log.map(({ change }) => change),
    { actor: newActor('reader') },
  )
  at.before = () => fold(real, 6)
  const { payload, version } = await document.catchUp({ by: 'position', storeId, incarnation, version: 2 }, undefined)
  doc.apply(payload)
  expect(version).toBe(10)
  expect(sorted((doc.toJSON() as { value: number[] }).value)).toEqual(all)
})

test('while the log is read: what is gone is refused, not passed over', async () => {
  const real = memoryStore()
  await filled(real)
  const at = interrupted(real)
  const service = testService(at.store)
  await service.get(caller, 'd')
  at.before = () => fold(real, 6)
  const reading = service.log(caller, 'd', { since: { version: 2 }, limit: 100 })
  await expect(reading).rejects.toMatchObject({ code: 'SINCE_COMPACTED' })
})

test('what was folded leaves memory, and removals still know what had arrived', async () => {
  const store = memoryStore()
  const service = testService(store, { historyVersionsMin: 20, compactionMsMin: 0 })
  const ops = (...all: object[]) =>
    ({ type: 'orset', since: { version: 0 }, ops: all }) as Parameters<typeof service.ops>[2]
  await service.ops(caller, 'd', ops({ type: 'add', elem: 'old' }))
  let most = 0
  for (let i = 0; i < 400; i += 1) {
    await service.ops(caller, 'd', ops({ type: i % 2 === 0 ? 'add' : 'remove', elem: 'x' }))
    most = Math.max(most, service.resident.bytes)
    if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await service.drain()
  const head = (await store.head(key))!
  expect(head.compactedVersion).toBeGreaterThan(300)
  // 400 changes of some 60 bytes each, and more, were made; what is kept is the young ones.
  expect(most).toBeLessThan(14_000)
  const again = testService(store)
  const since = { version: head.version - 1, storeId: service.storeId, incarnation: head.incarnation }
  await again.ops(caller, 'd', { type: 'orset', since, ops: [{ type: 'remove', elem: 'old' }] })
  expect((await again.get(caller, 'd')).value).toEqual([])
})

/** A document with so many versions, written by a service whose clock stands still. */
async function written(
  limits: Partial<ServiceLimits>,
  versions: number,
): Promise<{ store: Store; stop(): Promise<void> }> {
  const store = memoryStore()
  const service = testService(store, { historyVersionsMin: 20, ...limits })
  for (let i = 0; i < versions; i += 1) {
    await service.ops(caller, 'd', { type: 'gset', since: { version: 0 }, ops: [{ type: 'add', elem: i }] })
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { store, stop: () => service.drain() }
}

const compacted = async (store: Store): Promise<number> => (await store.head(key))!.compactedVersion

test('what was folded too short a while ago is folded when the server stops', async () => {
  const { store, stop } = await written({ compactionMsMin: 5_000 }, 200)
  expect(await compacted(store)).toBe(20)
  await stop()
  expect(await compacted(store)).toBe(180)
  expect(sorted((await testService(store).get(caller, 'd')).value)).toEqual(Array.from({ length: 200 }, (_, i) => i))
})

test('when the server stops it folds no longer than lastFoldsMsMax', async () => {
  const { store, stop } = await written({ compactionMsMin: 5_000, lastFoldsMsMax: 0 }, 200)
  await stop()
  expect(await compacted(store)).toBe(20)
})

test('what was put off is folded later, though nobody writes to it any more', async () => {
  const store = memoryStore()
  let nowMs = 0
  const limits = { ...serviceLimits, historyVersionsMin: 20, compactionMsMin: 5_000 }
  const library = new Library(store, newActor('server'), limits, () => nowMs)
  const done: number[] = []
  const compactor = new Compactor({
    store,
    library,
    limits,
    nowMs: () => nowMs,
    onDone: (_, { version }) => done.push(version),
    onFailed: () => {
      throw new Error('a fold failed')
    },
    onWarning: undefined,
  })
  const idle = async (): Promise<void> => {
    while (compactor.waiting > 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const { store: source } = await written({ historyVersionsMin: 1_000 }, 60)
  const log = await source.log(key, { after: 0, limit: 100 })
  const { incarnation, attributes } = (await source.head(key))!
  const append = async (from: number, to: number): Promise<void> => {
    const entries = log.slice(from, to)
    const kind = from === 0 ? 'begin' : 'append'
    await store.commit({ key, expectedVersion: from, kind, incarnation, attributes, entries })
    compactor.consider((await store.head(key))!)
    await idle()
  }
  await append(0, 40)
  expect(done).toEqual([20])
  await append(40, 60)
  expect(done).toEqual([20])
  compactor.sweep()
  await idle()
  expect(done).toEqual([20])
  nowMs += 5_000
  compactor.sweep()
  await idle()
  expect(done).toEqual([20, 40])
  compactor.sweep()
  await compactor.finish()
  expect(done).toEqual([20, 40])
})

test('a history that waits for its turn waits once, and is folded as it is by then', async () => {
  const real = memoryStore()
  let nowMs = 0
  const limits = { ...serviceLimits, historyVersionsMin: 20, compactionMsMin: 5_000 }
  const at = interrupted(real)
  const done: number[] = []
  const compactor = new Compactor({
    store: at.store,
    library: new Library(at.store, newActor('server'), limits, () => nowMs),
    limits,
    nowMs: () => nowMs,
    onDone: (_, { version }) => done.push(version),
    onFailed: () => {
      throw new Error('a fold failed')
    },
    onWarning: undefined,
  })
  const { store: source } = await written({ historyVersionsMin: 1_000 }, 100)
  const log = await source.log(key, { after: 0, limit: 100 })
  const { incarnation, attributes } = (await source.head(key))!
  const append = async (id: string, from: number, to: number): Promise<void> => {
    const kind = from === 0 ? 'begin' : 'append'
    const entries = log.slice(from, to)
    await real.commit({ key: { tenant: 't', id }, expectedVersion: from, kind, incarnation, attributes, entries })
    compactor.consider((await real.head({ tenant: 't', id }))!)
  }
  let goOn = (): void => {}
  at.before = () =>
    new Promise<void>((resolve) => {
      goOn = resolve
    })
  await append('slow', 0, 50)
  for (let to = 50; to <= 100; to += 10) {
    await append('d', to === 50 ? 0 : to - 10, to)
    nowMs += 5_000
  }
  expect(compactor.waiting).toBe(2)
  goOn()
  await compactor.finish()
  expect(done).toEqual([30, 80])
})

test('a long log that is found by somebody who joins is folded', async () => {
  const { store } = await written({ compactionMsMin: Number.POSITIVE_INFINITY }, 60)
  const before = await compacted(store)
  const service = testService(store, { historyVersionsMin: 10 })
  const { document } = await service.live.open(caller, { id: 'd', type: 'gset', actor: '' })
  document.release()
  await service.drain()
  expect([before, await compacted(store)]).toEqual([20, 50])
})
