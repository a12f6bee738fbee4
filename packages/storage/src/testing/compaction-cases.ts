import type { Store, StoredSnapshot } from '@joinery/sync'
import { assertEqual, assertRefused } from './assert.ts'
import { append, begin, bytesOf, doc, docAt, end, logOf, manyBytes, type StoreCase, snapshotOf } from './case.ts'

async function beginTen(store: Store): Promise<void> {
  await store.commit(begin(doc, { changes: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'] }))
}

async function assertCovers(store: Store, snapshotVersion: number, compactedVersion: number): Promise<void> {
  const head = await store.head(doc)
  const actual = [head?.snapshotVersion, head?.compactedVersion]
  assertEqual(actual, [snapshotVersion, compactedVersion], 'snapshot version and compacted version')
}

export const compactionCases: readonly StoreCase[] = [
  {
    name: 'a document without compaction has no snapshot',
    async run({ store }) {
      assertEqual(await store.snapshot(doc), undefined, 'no document')
      await beginTen(store)
      assertEqual(await store.snapshot(doc), undefined, 'never compacted')
    },
  },
  {
    name: 'compaction stores the snapshot and cuts the log in one step',
    async run({ store }) {
      await beginTen(store)
      await store.compact(doc, snapshotOf(8), 6)
      assertEqual(await store.snapshot(doc), snapshotOf(8), 'snapshot')
      assertEqual(await logOf(store, doc), ['7:7', '8:8', '9:9', '10:10'], 'log')
      assertEqual(await logOf(store, doc, 8), ['9:9', '10:10'], 'log after the snapshot')
      await assertCovers(store, 8, 6)
      assertEqual((await store.head(doc))?.version, 10, 'the version is as before')
    },
  },
  {
    name: 'all of the log may be cut, or none of it',
    async run({ store }) {
      await beginTen(store)
      await store.compact(doc, snapshotOf(10), 0)
      assertEqual((await logOf(store, doc)).length, 10, 'nothing cut')
      await assertCovers(store, 10, 0)
      await store.compact(doc, snapshotOf(10), 10)
      assertEqual(await logOf(store, doc), [], 'all cut')
      await assertCovers(store, 10, 10)
      await store.commit(append(doc, 10, { changes: ['11'] }))
      assertEqual(await logOf(store, doc), ['11:11'], 'and goes on')
    },
  },
  {
    name: 'a snapshot replaces one that is not newer; what was cut stays cut',
    async run({ store }) {
      await beginTen(store)
      await store.compact(doc, snapshotOf(5), 5)
      const same: StoredSnapshot = { ...snapshotOf(5), bytes: bytesOf('same version, other bytes'), attributes: '' }
      await store.compact(doc, same, 1)
      assertEqual(await store.snapshot(doc), same, 'same version')
      await assertCovers(store, 5, 5)
      await store.compact(doc, snapshotOf(7), 0)
      assertEqual(await store.snapshot(doc), snapshotOf(7), 'newer')
      await assertCovers(store, 7, 5)
      assertEqual((await logOf(store, doc))[0], '6:6', 'log')
    },
  },
  {
    name: 'a compaction that does not fit the document is refused and changes nothing',
    async run({ store }) {
      await assertRefused(store.compact(doc, snapshotOf(1), 0), 'STORE_CONFLICT', 'no document')
      await beginTen(store)
      await store.compact(doc, snapshotOf(6), 4)
      const log = await logOf(store, doc)
      const refused: readonly (readonly [StoredSnapshot, number, string])[] = [
        [snapshotOf(5), 5, 'an older snapshot'],
        [snapshotOf(11), 5, 'a version the document has not reached'],
        [snapshotOf(8, 'life-2'), 8, 'another incarnation'],
      ]
      for (const [snapshot, keepAfter, what] of refused) {
        await assertRefused(store.compact(doc, snapshot, keepAfter), 'STORE_CONFLICT', what)
      }
      assertEqual(await store.snapshot(doc), snapshotOf(6), 'snapshot')
      assertEqual(await logOf(store, doc), log, 'log')
      await assertCovers(store, 6, 4)
    },
  },
  {
    name: 'a deleted document is not compacted, and a life not with what lies before it',
    async run({ store }) {
      await beginTen(store)
      await store.commit(end(doc, 10))
      await assertRefused(store.compact(doc, snapshotOf(10), 0), 'STORE_CONFLICT', 'deleted')
      await assertRefused(store.compact(doc, snapshotOf(11), 0), 'STORE_CONFLICT', 'at its tombstone')
      assertEqual(await store.snapshot(doc), undefined, 'no snapshot')
      await store.commit(begin(doc, { on: 11, life: 'life-2', changes: ['12', '13'] }))
      await assertRefused(store.compact(doc, snapshotOf(10, 'life-2'), 0), 'STORE_CONFLICT', 'before its first change')
      await store.compact(doc, snapshotOf(12, 'life-2'), 12)
      assertEqual(await logOf(store, doc), ['13:13'], 'log of the second life')
    },
  },
  {
    name: 'a compaction that breaks the contract is refused and changes nothing',
    async run({ store }) {
      await beginTen(store)
      const refused: readonly (readonly [number, number])[] = [
        [5, 6],
        [0, 0],
        [-1, -1],
        [5, -1],
        [5, 1.5],
        [4.5, 4],
        [Number.NaN, 0],
        [5, Number.NaN],
      ]
      for (const [version, keepAfter] of refused) {
        const what = `snapshot ${version}, keep after ${keepAfter}`
        await assertRefused(store.compact(doc, snapshotOf(version), keepAfter), 'STORE_ARGUMENT', what)
      }
      assertEqual(await store.snapshot(doc), undefined, 'no snapshot')
      assertEqual((await logOf(store, doc)).length, 10, 'log')
    },
  },
  {
    name: 'a snapshot has any bytes: none, many, part of a larger buffer',
    async run({ store }) {
      await beginTen(store)
      const large = manyBytes(3 * 1024 * 1024)
      for (const [i, bytes] of [new Uint8Array(0), large, large.subarray(11, 1000)].entries()) {
        const snapshot: StoredSnapshot = {
          version: i + 1,
          incarnation: 'life-1',
          bytes,
          attributes: i === 0 ? '' : 'a\0b',
        }
        await store.compact(doc, snapshot, 0)
        assertEqual(await store.snapshot(doc), snapshot, `snapshot ${i}`)
      }
    },
  },
  {
    name: 'compaction of one document leaves the others alone',
    async run({ store }) {
      await beginTen(store)
      const others = [docAt('doc2'), docAt('doc', 'tenant2')]
      for (const key of others) await store.commit(begin(key, { changes: ['x', 'y'] }))
      await store.compact(doc, snapshotOf(10), 10)
      for (const key of others) {
        assertEqual(await logOf(store, key), ['1:x', '2:y'], 'log')
        assertEqual(await store.snapshot(key), undefined, 'snapshot')
      }
    },
  },
]
