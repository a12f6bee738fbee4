import { assert, assertEqual, assertRefused } from './assert.ts'
import { append, begin, brief, doc, docAt, end, logOf, type StoreCase, snapshotOf, tenantLogOf } from './case.ts'

const badPages = [
  { after: 0, limit: 0 },
  { after: 0, limit: -1 },
  { after: 0, limit: 1.5 },
  { after: 0, limit: Number.NaN },
  { after: -1, limit: 1 },
  { after: 0.5, limit: 1 },
]

export const logCases: readonly StoreCase[] = [
  {
    name: 'a log is read in pages, ascending, from any version',
    async run({ store }) {
      const changes = Array.from({ length: 25 }, (_, i) => `${i + 1}`)
      await store.commit(begin(doc, { changes }))
      const expected = changes.map((change) => `${change}:${change}`)
      for (const limit of [1, 7, 24, 25, 26, 1000]) {
        const read: string[] = []
        for (;;) {
          const page = await store.log(doc, { after: read.length, limit })
          assert(page.length <= limit, `at most ${limit}`)
          if (page.length === 0) break
          assertEqual(page.length, Math.min(limit, 25 - read.length), 'a page is full while there is more')
          read.push(...brief(page))
        }
        assertEqual(read, expected, `pages of ${limit}`)
      }
      assertEqual(await logOf(store, doc, 25), [], 'after the last version')
      assertEqual(await logOf(store, doc, 1000), [], 'after a version that is not there yet')
    },
  },
  {
    name: 'what does not exist has an empty log',
    async run({ store }) {
      assertEqual(await logOf(store, doc), [], 'document')
      assertEqual(await tenantLogOf(store), [], 'tenant')
      await store.commit(begin(doc))
      assertEqual(await logOf(store, docAt('other')), [], 'other document')
      assertEqual(await logOf(store, docAt('doc', 'other')), [], 'other tenant')
    },
  },
  {
    name: 'pages that break the contract are refused',
    async run({ store }) {
      for (const page of badPages) {
        await assertRefused(store.log(doc, page), 'STORE_ARGUMENT', `log ${JSON.stringify(page)}`)
        await assertRefused(store.tenantLog('tenant', page), 'STORE_ARGUMENT', `tenant log ${JSON.stringify(page)}`)
      }
    },
  },
  {
    name: 'a tenant log has the changes of all documents in order of arrival',
    async run({ store }) {
      const expected: string[] = []
      for (let i = 0; i < 30; i += 1) {
        const key = docAt(`doc ${i % 3}`)
        const version = Math.floor(i / 3)
        await store.commit(
          version === 0 ? begin(key, { changes: [`c${i}`] }) : append(key, version, { changes: [`c${i}`] }),
        )
        expected.push(`${key.id}@life-1 ${version + 1}:c${i}`)
      }
      assertEqual(await tenantLogOf(store), expected, 'order')
      const read = []
      for (let after = 0; ; ) {
        const page = await store.tenantLog('tenant', { after, limit: 7 })
        if (page.length === 0) break
        for (const entry of page) {
          assert(entry.position > after, 'positions rise')
          after = entry.position
          read.push(entry)
        }
      }
      assertEqual(read, await store.tenantLog('tenant', { after: 0, limit: 100 }), 'pages')
    },
  },
  {
    name: 'tenants do not see each other',
    async run({ store }) {
      const tenants = ['t', 'T', 't2', '', ' t', 't%']
      for (let round = 0; round < 3; round += 1) {
        for (const tenant of tenants) {
          const key = docAt('doc', tenant)
          const changes = [`${tenant} ${round}`]
          await store.commit(round === 0 ? begin(key, { changes }) : append(key, round, { changes }))
        }
      }
      await store.commit(end(docAt('doc', 't2'), 3, { changes: ['gone'] }))
      for (const tenant of tenants) {
        const expected =
          tenant === 't2' ? ['doc@life-1 4:gone'] : [0, 1, 2].map((i) => `doc@life-1 ${i + 1}:${tenant} ${i}`)
        assertEqual(await tenantLogOf(store, tenant), expected, `tenant log of "${tenant}"`)
      }
    },
  },
  {
    name: 'compaction takes entries out of the tenant log, the others keep their positions',
    async run({ store }) {
      for (let i = 0; i < 3; i += 1) await store.commit(begin(docAt(`doc ${i}`), { changes: ['a', 'b', 'c'] }))
      const before = await store.tenantLog('tenant', { after: 0, limit: 100 })
      await store.compact(docAt('doc 1'), snapshotOf(3), 2)
      const after = await store.tenantLog('tenant', { after: 0, limit: 100 })
      assertEqual(
        after,
        before.filter(({ key, version }) => key.id !== 'doc 1' || version > 2),
        'tenant log',
      )
    },
  },
  {
    name: 'positions do not come again when the last entries are compacted away',
    async run({ store }) {
      const stored = await store.commit(begin(doc, { changes: ['a', 'b'] }))
      await store.compact(doc, snapshotOf(2), 2)
      assertEqual(await tenantLogOf(store), [], 'nothing is left')
      const [next] = await store.commit(append(doc, 2))
      assert(next!.position > stored[1]!.position, 'the next position is larger')
    },
  },
]
