import type { Commit, Store, StoredDocument } from '@joinery/sync'
import { expect, test } from 'vitest'
import { archiveLimits } from '../../src/archive/limits.ts'
import { readDocument } from '../../src/archive/read-document.ts'
import { memoryMedium, memoryStore } from '../../src/memory.ts'
import { bytesOf } from '../store-helpers.ts'
import { disturbed } from './contents.ts'

const key = { tenant: 't', id: 'd' }
const limits = { ...archiveLimits, pageEntriesMax: 2 }

function step(kind: Commit['kind'], on: number, changes: number, incarnation: string): Commit {
  const entries = Array.from({ length: changes }, (_, i) => ({ change: bytesOf(`${on + i + 1}`), attributes: '' }))
  return { key, kind, expectedVersion: on, incarnation, entries }
}

function snapshotAt(version: number, incarnation: string) {
  return { version, incarnation, bytes: bytesOf(`state at ${version}`), attributes: '' }
}

/** A second life of some changes, the older of which are folded. */
async function filled(): Promise<Store> {
  const store = memoryStore({ medium: memoryMedium() })
  await store.commit(step('begin', 0, 2, 'one'))
  await store.commit(step('end', 2, 1, 'one'))
  await store.commit(step('begin', 3, 7, 'two'))
  await store.compact(key, snapshotAt(6, 'two'), 5)
  return store
}

/** What others may do meanwhile. */
const disturbances: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'an append': (store) => store.commit(step('append', 10, 3, 'two')),
  'a compaction of all': (store) => store.compact(key, snapshotAt(10, 'two'), 10),
  'a compaction of some': (store) => store.compact(key, snapshotAt(9, 'two'), 7),
  'a snapshot alone': (store) => store.compact(key, snapshotAt(8, 'two'), 0),
  'the end': (store) => store.commit(step('end', 10, 1, 'two')),
  'the end and another life': async (store) => {
    await store.commit(step('end', 10, 1, 'two'))
    await store.commit(step('begin', 11, 4, 'three'))
  },
}

/** All as it is when nobody disturbs. */
async function calm(store: Store): Promise<StoredDocument> {
  return (await readDocument(store, key, archiveLimits))!
}

test.each(Object.entries(disturbances))(
  '%s at any moment: all is of before, or all is of after',
  async (_, disturb) => {
    const [old, changed] = [await filled(), await filled()]
    await disturb(changed)
    const states = [await calm(old), await calm(changed)]
    const seen = new Set<number>()
    for (const method of ['head', 'tombstone', 'snapshot', 'log'] as const) {
      for (let at = 1; at <= 4; at += 1) {
        const store = await filled()
        const read = await readDocument(
          disturbed(store, method, at, () => disturb(store)),
          key,
          limits,
        )
        const found = states.findIndex((state) => JSON.stringify(state) === JSON.stringify(read))
        expect({ method, at, found }).not.toMatchObject({ found: -1 })
        seen.add(found)
      }
    }
    expect(seen).toEqual(new Set([0, 1]))
  },
)

test('what changes again and again is refused in the end, and what never was is not there', async () => {
  const store = await filled()
  expect(await readDocument(store, { tenant: 't', id: 'none' }, limits)).toBeUndefined()
  let [reads, version] = [0, 6]
  const restless = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target)
      if (name !== 'snapshot') return typeof member === 'function' ? member.bind(target) : member
      return async () => {
        reads += 1
        version += 1
        await target.compact(key, snapshotAt(version, 'two'), 5)
        return target.snapshot(key)
      }
    },
  })
  await expect(readDocument(restless, key, { ...limits, readAttemptsMax: 3 })).rejects.toMatchObject({
    code: 'STORE_CONFLICT',
  })
  expect(reads).toBe(3)
  expect((await readDocument(store, key, { ...limits, readAttemptsMax: 1 }))?.head.snapshotVersion).toBe(9)
})
