import type { Store } from '@joinery/sync'
import { assertEqual, assertRefused } from './assert.ts'
import { append, begin, bytesOf, docAt, end, listAll, type StoreCase } from './case.ts'
import { awkwardNames } from './commit-cases.ts'

async function beginAll(store: Store, ids: readonly string[], tenant = 'tenant'): Promise<void> {
  await Promise.all(ids.map((id) => store.commit(begin(docAt(id, tenant)))))
}

/** Order by the bytes of UTF-8, the slow and certain way. */
function byBytes(ids: readonly string[]): string[] {
  const hex = (id: string) => [...bytesOf(id)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [...ids].sort((a, b) => (hex(a) < hex(b) ? -1 : 1))
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `doc ${String(i).padStart(3, '0')}`)

export const listingCases: readonly StoreCase[] = [
  {
    name: 'documents come in the order of the bytes of their ids, each with its head',
    async run({ store }) {
      await beginAll(store, awkwardNames)
      await store.commit(append(docAt('plain'), 1))
      assertEqual((await listAll(store, 'tenant')).ids, byBytes(awkwardNames), 'ids')
      const { items } = await store.documents('tenant', { limit: 100 })
      for (const head of items) assertEqual(head, await store.head(head.key), `head of ${head.key.id}`)
    },
  },
  {
    name: 'a prefix is compared byte by byte, whatever characters it has',
    async run({ store }) {
      const ids = [
        ...awkwardNames,
        '\u{1f600}\u{1f601}',
        '\u{1f601}',
        'a',
        'A%',
        'a%%',
        'a_b',
        'caf',
        'nul\0',
        '%',
        '_',
      ]
      await beginAll(store, ids)
      const prefixes = ['', ...ids, 'zzz', '\u{1f602}', 'a%%%', 'caf\u00e9s']
      for (const prefix of prefixes) {
        const expected = byBytes(ids.filter((id) => id.startsWith(prefix)))
        for (const limit of [1, 1000]) {
          const { ids: found } = await listAll(store, 'tenant', { prefix, limit })
          assertEqual(found, expected, `prefix ${JSON.stringify(prefix)}, pages of ${limit}`)
        }
      }
    },
  },
  {
    name: 'pages are full, and the last one has no cursor',
    async run({ store }) {
      const ids = numbered(20)
      await beginAll(store, ids)
      for (const [limit, pages] of [
        [1, 20],
        [7, 3],
        [19, 2],
        [20, 1],
        [21, 1],
        [1_000_000, 1],
      ] as const) {
        assertEqual(await listAll(store, 'tenant', { limit }), { ids, pages }, `pages of ${limit}`)
        assertEqual(
          await listAll(store, 'tenant', { limit, prefix: 'doc' }),
          { ids, pages },
          `prefix, pages of ${limit}`,
        )
      }
      assertEqual(await store.documents('nobody', { limit: 1 }), { items: [] }, 'a tenant without documents')
    },
  },
  {
    name: 'deleted documents are listed only when asked for, and do not shorten pages',
    async run({ store }) {
      const ids = numbered(30)
      await beginAll(store, ids)
      const kept = ids.filter((_, i) => i % 3 === 0)
      for (const id of ids) if (!kept.includes(id)) await store.commit(end(docAt(id), 1))
      assertEqual(await listAll(store, 'tenant', { limit: 4 }), { ids: kept, pages: 3 }, 'living')
      assertEqual(await listAll(store, 'tenant', { limit: 4, deleted: false }), { ids: kept, pages: 3 }, 'said aloud')
      assertEqual(await listAll(store, 'tenant', { limit: 10, deleted: true }), { ids, pages: 3 }, 'all')
      await store.commit(begin(docAt(ids[1]!), { on: 2, life: 'life-2' }))
      const { ids: withRevived } = await listAll(store, 'tenant')
      assertEqual(withRevived, [ids[0], ids[1], ...kept.slice(1)], 'one lives again')
    },
  },
  {
    name: 'a listing goes on where it was, also when documents come and go between its pages',
    async run({ store }) {
      await beginAll(store, ['b', 'd', 'f', 'h'])
      const first = await store.documents('tenant', { limit: 2 })
      await beginAll(store, ['a', 'e'])
      await store.commit(end(docAt('d'), 1))
      await store.commit(end(docAt('f'), 1))
      const second = await store.documents('tenant', { limit: 2, cursor: first.cursor! })
      assertEqual(
        second.items.map(({ key }) => key.id),
        ['e', 'h'],
        'second page',
      )
      assertEqual(second.cursor, undefined, 'no third page')
    },
  },
  {
    name: 'listings of tenants are apart',
    async run({ store }) {
      await beginAll(store, ['a', 'b'], 'one')
      await beginAll(store, ['b', 'c'], 'two')
      assertEqual((await listAll(store, 'one')).ids, ['a', 'b'], 'one')
      assertEqual((await listAll(store, 'two')).ids, ['b', 'c'], 'two')
      assertEqual((await listAll(store, '')).ids, [], 'neither')
    },
  },
  {
    name: 'listings that break the contract are refused',
    async run({ store }) {
      await beginAll(store, ['a'])
      for (const limit of [0, -1, 0.5, Number.NaN]) {
        await assertRefused(store.documents('tenant', { limit }), 'STORE_ARGUMENT', `limit ${limit}`)
      }
      const forged = store.documents('tenant', { limit: 1, cursor: '\u{1f9ff} not a cursor' })
      await assertRefused(forged, 'STORE_ARGUMENT', 'a cursor that no store gave')
    },
  },
]
