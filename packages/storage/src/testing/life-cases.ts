import { assert, assertEqual, assertRefused } from './assert.ts'
import { append, begin, doc, docAt, end, logOf, type StoreCase, snapshotOf, tenantLogOf } from './case.ts'

export const lifeCases: readonly StoreCase[] = [
  {
    name: 'the end takes a version, drops log and snapshot, and keeps the tombstone',
    async run({ store }) {
      await store.commit(begin(doc, { changes: ['a', 'b'], attributes: 'kind' }))
      await store.compact(doc, snapshotOf(2), 1)
      const [ended] = await store.commit(end(doc, 2, { changes: ['tombstone'] }))
      assertEqual(ended!.version, 3, 'version of the end')
      const head = { key: doc, version: 3, incarnation: 'life-1', deleted: true, attributes: 'kind' }
      assertEqual(await store.head(doc), { ...head, snapshotVersion: 0, compactedVersion: 3 }, 'head')
      assertEqual(await store.snapshot(doc), undefined, 'no snapshot')
      assertEqual(await logOf(store, doc), [], 'the end is not part of the log')
      assertEqual(await tenantLogOf(store), ['doc@life-1 3:tombstone'], 'the tenant log has the end alone')
      const [entry] = await store.tenantLog('tenant', { after: 0, limit: 10 })
      assertEqual(entry, ended, 'the tombstone as it was answered')
    },
  },
  {
    name: 'versions count on in the next life, which starts with nothing of the last',
    async run({ store }) {
      await store.commit(begin(doc, { changes: ['a', 'b'], attributes: 'old' }))
      await store.compact(doc, snapshotOf(2), 2)
      await store.commit(end(doc, 2))
      const stored = await store.commit(begin(doc, { on: 3, life: 'life-2', changes: ['c', 'd'], attributes: 'new' }))
      assertEqual(stored[0]!.version, 4, 'first version of the next life')
      const head = { key: doc, version: 5, incarnation: 'life-2', deleted: false, attributes: 'new' }
      assertEqual(await store.head(doc), { ...head, snapshotVersion: 0, compactedVersion: 3 }, 'head')
      assertEqual(await store.snapshot(doc), undefined, 'no snapshot')
      assertEqual(await logOf(store, doc), ['4:c', '5:d'], 'log')
      assertEqual(await logOf(store, doc, 4), ['5:d'], 'log after its first version')
      await assertRefused(store.compact(doc, snapshotOf(2), 0), 'STORE_CONFLICT', 'a snapshot of the last life')
    },
  },
  {
    name: 'a tombstone stays beside the next life, through its compaction, until the next tombstone',
    async run({ store }) {
      await store.commit(begin(doc, { changes: ['a'] }))
      await store.commit(end(doc, 1, { changes: ['first end'] }))
      await store.commit(begin(doc, { on: 2, life: 'life-2', changes: ['b', 'c'] }))
      const both = ['doc@life-1 2:first end', 'doc@life-2 3:b', 'doc@life-2 4:c']
      assertEqual(await tenantLogOf(store), both, 'tombstone and life')
      await store.compact(doc, snapshotOf(4, 'life-2'), 4)
      assertEqual(await tenantLogOf(store), ['doc@life-1 2:first end'], 'after compaction')
      await store.commit(end(doc, 4, { life: 'life-2', changes: ['second end'] }))
      assertEqual(await tenantLogOf(store), ['doc@life-2 5:second end'], 'after the second end')
    },
  },
  {
    name: 'versions have no gaps and never come again over many lives',
    async run({ store }) {
      let version = 0
      let position = 0
      for (let life = 0; life < 20; life += 1) {
        const options = { life: `life ${life}` }
        const steps = [
          begin(doc, { ...options, on: version, changes: ['a', 'b'] }),
          append(doc, version + 2, options),
          end(doc, version + 3, options),
        ]
        for (const step of steps) {
          for (const entry of await store.commit(step)) {
            assertEqual(entry.version, version + 1, 'version')
            assert(entry.position > position, 'positions rise')
            version = entry.version
            position = entry.position
          }
        }
      }
      assertEqual((await store.head(doc))?.version, 80, 'last version')
    },
  },
  {
    name: 'the end of one document leaves the others alone',
    async run({ store }) {
      const keys = [docAt('doc'), docAt('doc2'), docAt('doc', 'tenant2')]
      for (const key of keys) await store.commit(begin(key, { changes: [`of ${key.tenant}/${key.id}`] }))
      for (const key of keys) await store.compact(key, snapshotOf(1), 0)
      await store.commit(end(doc, 1))
      for (const key of keys.slice(1)) {
        assertEqual(await logOf(store, key), [`1:of ${key.tenant}/${key.id}`], 'log')
        assertEqual(await store.snapshot(key), snapshotOf(1), 'snapshot')
        assertEqual((await store.head(key))?.deleted, false, 'deleted')
      }
    },
  },
]
