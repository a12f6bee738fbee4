import { assertEqual, assertRefused } from './assert.ts'
import { append, begin, bytesOf, doc, docAt, end, receiptOf, type StoreCase } from './case.ts'
import { awkwardNames } from './commit-cases.ts'

export const receiptCases: readonly StoreCase[] = [
  {
    name: 'a receipt is stored with its commit and found by tenant, scope and key',
    async run({ store }) {
      const receipt = receiptOf('key', { expiresAtMs: 1000 })
      assertEqual(await store.receipt('tenant', 'scope', 'key'), undefined, 'before')
      await store.commit(begin(doc, { receipt }))
      assertEqual(await store.receipt('tenant', 'scope', 'key'), receipt, 'after')
      assertEqual(await store.receipt('tenant2', 'scope', 'key'), undefined, 'other tenant')
      assertEqual(await store.receipt('tenant', 'scope2', 'key'), undefined, 'other scope')
      assertEqual(await store.receipt('tenant', 'scope', 'key2'), undefined, 'other key')
    },
  },
  {
    name: 'names and answers of receipts are any text, kept apart',
    async run({ store }) {
      const receipts = awkwardNames.flatMap((name) => [
        receiptOf(name, { answer: name, requestHash: name }),
        receiptOf('key', { scope: name, answer: `scope ${name}` }),
        receiptOf('key', { tenant: name, answer: `tenant ${name}` }),
      ])
      for (const [i, receipt] of receipts.entries()) await store.commit(begin(docAt(`doc ${i}`), { receipt }))
      for (const receipt of receipts) {
        const { tenant, scope, key } = receipt
        assertEqual(await store.receipt(tenant, scope, key), receipt, JSON.stringify([tenant, scope, key]))
      }
    },
  },
  {
    name: 'a receipt under the same names is replaced as a whole',
    async run({ store }) {
      await store.commit(begin(doc, { receipt: receiptOf('key', { expiresAtMs: 1000 }) }))
      const second = receiptOf('key', { answer: 'second answer', requestHash: 'second hash' })
      await store.commit(append(doc, 1, { receipt: second }))
      assertEqual(await store.receipt('tenant', 'scope', 'key'), second, 'no longer expires')
      await store.commit(end(doc, 2, { receipt: receiptOf('key', { answer: '', expiresAtMs: -5 }) }))
      const third = receiptOf('key', { answer: '', expiresAtMs: -5 })
      assertEqual(await store.receipt('tenant', 'scope', 'key'), third, 'by the commit that ends the document')
    },
  },
  {
    name: 'a purge forgets receipts that expire at its moment or before, and counts them',
    async run({ store }) {
      const moments = [-1, 0, 999, 1000, 1001, 2 ** 50]
      for (const expiresAtMs of moments) {
        const receipt = receiptOf(`at ${expiresAtMs}`, { expiresAtMs })
        await store.commit(begin(docAt(`at ${expiresAtMs}`), { receipt }))
      }
      await store.commit(begin(doc, { receipt: receiptOf('for ever') }))
      assertEqual(await store.purgeReceipts(-2), 0, 'nothing has expired')
      assertEqual(await store.purgeReceipts(1000), 4, 'purged')
      assertEqual(await store.purgeReceipts(1000), 0, 'purged twice')
      for (const at of moments) {
        const receipt = await store.receipt('tenant', 'scope', `at ${at}`)
        assertEqual(receipt !== undefined, at > 1000, `expiring at ${at}`)
      }
      assertEqual(await store.purgeReceipts(Number.POSITIVE_INFINITY), 2, 'all that expire')
      assertEqual(await store.receipt('tenant', 'scope', 'for ever'), receiptOf('for ever'), 'kept for ever')
      await assertRefused(store.purgeReceipts(Number.NaN), 'STORE_ARGUMENT', 'no moment')
    },
  },
  {
    name: 'a purge of very many counts them all',
    async run({ store }) {
      const keys = Array.from({ length: 2600 }, (_, i) => `key ${i}`)
      await Promise.all(
        keys.map((key) => store.commit(begin(docAt(key), { receipt: receiptOf(key, { expiresAtMs: 1 }) }))),
      )
      assertEqual(await store.purgeReceipts(1), 2600, 'purged')
      assertEqual(await store.receipt('tenant', 'scope', 'key 2599'), undefined, 'gone')
      assertEqual((await store.head(docAt('key 2599')))?.version, 1, 'the documents are not')
    },
  },
]

export const valueCases: readonly StoreCase[] = [
  {
    name: 'a value is set, replaced and removed',
    async run({ store }) {
      assertEqual(await store.value('name'), undefined, 'never set')
      await store.setValue('name', 'one')
      await store.setValue('name', 'two')
      assertEqual(await store.value('name'), 'two', 'replaced')
      await store.setValue('name', '')
      assertEqual(await store.value('name'), '', 'empty is a value')
      await store.setValue('name', undefined)
      assertEqual(await store.value('name'), undefined, 'removed')
      await store.setValue('name', undefined)
      assertEqual(await store.values(''), [], 'removed twice')
    },
  },
  {
    name: 'values are listed by prefix, ascending by the bytes of their names',
    async run({ store }) {
      for (const name of awkwardNames) await store.setValue(name, `value of ${name}`)
      const hex = (name: string) => [...bytesOf(name)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      const sorted = [...awkwardNames].sort((a, b) => (hex(a) < hex(b) ? -1 : 1))
      for (const prefix of ['', ...awkwardNames, 'zzz']) {
        const expected = sorted.filter((name) => name.startsWith(prefix))
        const values = expected.map((name) => ({ name, value: `value of ${name}` }))
        assertEqual(await store.values(prefix), values, `prefix ${JSON.stringify(prefix)}`)
      }
    },
  },
  {
    name: 'values are apart from documents and receipts',
    async run({ store }) {
      await store.setValue('doc', 'value')
      assertEqual(await store.head(doc), undefined, 'no document')
      await store.commit(begin(doc, { receipt: receiptOf('doc') }))
      assertEqual(await store.values(''), [{ name: 'doc', value: 'value' }], 'values')
    },
  },
]
