import type { Page, PageOptions, Receipt, Store } from '@joinery/sync'
import { assert, assertEqual, assertRefused } from './assert.ts'
import { append, begin, bytesOf, docAt, end, receiptOf, type StoreCase } from './case.ts'
import { awkwardNames } from './commit-cases.ts'

/** All pages of a listing, each full but the last. */
async function allOf<T>(list: (options: PageOptions) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const items: T[] = []
  for (let cursor: string | undefined, isMore = true; isMore; ) {
    const page = await list(cursor === undefined ? { limit } : { limit, cursor })
    items.push(...page.items)
    cursor = page.cursor
    isMore = cursor !== undefined
    assert(!isMore || page.items.length === limit, 'a page is full while there is more')
    assert(items.length <= 10_000, 'the pages of a listing end')
  }
  return items
}

function hex(text: string): string {
  return [...bytesOf(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function byBytes(names: readonly string[]): string[] {
  return [...names].sort((a, b) => (hex(a) < hex(b) ? -1 : 1))
}

async function tenantsOf(store: Store, limit = 1000): Promise<string[]> {
  return allOf((options) => store.tenants(options), limit)
}

export const enumerationCases: readonly StoreCase[] = [
  {
    name: 'tenants are those that have documents, living or deleted, or receipts',
    async run({ store }) {
      assertEqual(await store.tenants({ limit: 10 }), { items: [] }, 'none')
      await store.setValue('name', 'value')
      await store.commit(begin(docAt('doc', 'living')))
      await store.commit(begin(docAt('doc', 'deleted')))
      await store.commit(end(docAt('doc', 'deleted'), 1))
      const receipt = receiptOf('key', { tenant: 'answered' })
      await store.commit(append(docAt('doc', 'living'), 1, { receipt }))
      await store.importReceipts([receiptOf('key', { tenant: 'receipts alone' })])
      assertEqual(await tenantsOf(store), ['answered', 'deleted', 'living', 'receipts alone'], 'all')
    },
  },
  {
    name: 'tenants come in the order of the bytes of their names, in pages of any size',
    async run({ store }) {
      const more = ['nul\0', 'nul\0\0', 'nul\0\u0001', 'a\u{10ffff}', 'b']
      const names = [...awkwardNames, ...more]
      for (const [i, name] of names.entries()) {
        if (i % 3 === 0) await store.importReceipts([receiptOf('key', { tenant: name })])
        else await store.commit(begin(docAt('doc', name)))
        if (i % 3 === 1) await store.commit(end(docAt('doc', name), 1))
      }
      for (const limit of [1, 7, names.length - 1, names.length, 1000]) {
        assertEqual(await tenantsOf(store, limit), byBytes(names), `pages of ${limit}`)
      }
    },
  },
  {
    name: 'receipts are written as they are, and one under the same names is replaced',
    async run({ store }) {
      const receipts = [receiptOf('one', { expiresAtMs: 7 }), receiptOf('two'), receiptOf('one', { tenant: 'other' })]
      await store.commit(begin(docAt('doc'), { receipt: receiptOf('two', { answer: 'old', expiresAtMs: 1 }) }))
      await store.importReceipts(receipts)
      await store.importReceipts([])
      for (const receipt of receipts) {
        assertEqual(await store.receipt(receipt.tenant, 'scope', receipt.key), receipt, 'as given')
      }
      assertEqual(await store.purgeReceipts(7), 1, 'expiries count')
      assertEqual(await store.receipt('tenant', 'scope', 'two'), receipts[1], 'the replaced one has no expiry')
      const broken = [receiptOf('three'), receiptOf('four', { expiresAtMs: 0.5 })]
      await assertRefused(store.importReceipts(broken), 'STORE_ARGUMENT', 'half a millisecond')
      assertEqual(await store.receipt('tenant', 'scope', 'three'), undefined, 'all or none')
    },
  },
  {
    name: 'receipts are listed by tenant, in the order of the bytes of scope and key, in pages of any size',
    async run({ store }) {
      const names = [...awkwardNames, '', 'nul\0', 'nul\0\0']
      const pairs = names.flatMap((name) => [
        { scope: name, key: 'key' },
        { scope: 'scope', key: name },
      ])
      const receipts = pairs.map(({ scope, key }, i) => {
        return receiptOf(key, { scope, ...(i % 2 === 0 && { expiresAtMs: i }) })
      })
      await store.importReceipts([
        ...receipts,
        receiptOf('key', { tenant: 'tenant\0' }),
        receiptOf('key', { tenant: 't' }),
      ])
      const place = ({ scope, key }: Receipt) => `${hex(scope)}/${hex(key)}`
      const expected = [...receipts].sort((a, b) => (place(a) < place(b) ? -1 : 1))
      for (const limit of [1, 10, receipts.length, 1000]) {
        const found = await allOf((options) => store.receipts('tenant', options), limit)
        assertEqual(found, expected, `pages of ${limit}`)
      }
      assertEqual(await store.receipts('nobody', { limit: 1 }), { items: [] }, 'a tenant without receipts')
      await store.purgeReceipts(1000)
      const left = await allOf((options) => store.receipts('tenant', options), 1000)
      assertEqual(
        left,
        expected.filter(({ expiresAtMs }) => expiresAtMs === undefined),
        'after a purge',
      )
    },
  },
  {
    name: 'listings of tenants and receipts that break the contract are refused',
    async run({ store }) {
      for (const limit of [0, -1, 0.5, Number.NaN]) {
        await assertRefused(store.tenants({ limit }), 'STORE_ARGUMENT', `tenants, limit ${limit}`)
        await assertRefused(store.receipts('tenant', { limit }), 'STORE_ARGUMENT', `receipts, limit ${limit}`)
      }
      for (const cursor of ['', 'forged', 'receipt:', 'receipt:[1,2]', 'receipt:["a"]', 'receipt:{}']) {
        await assertRefused(store.receipts('tenant', { limit: 1, cursor }), 'STORE_ARGUMENT', `cursor ${cursor}`)
      }
      await assertRefused(store.tenants({ limit: 1, cursor: 'forged' }), 'STORE_ARGUMENT', 'a cursor of tenants')
    },
  },
]
