import type { Store, StoredDocument } from '@joinery/sync'
import { assert, assertEqual, assertRefused, outcomeOf } from './assert.ts'
import { append, begin, doc, docAt, end, logOf, receiptOf, type StoreCase, snapshotOf } from './case.ts'

const emptyLife: StoredDocument = {
  head: {
    key: docAt('late'),
    version: 1,
    incarnation: 'life-1',
    deleted: false,
    attributes: '',
    snapshotVersion: 1,
    compactedVersion: 1,
  },
  snapshot: snapshotOf(1),
  log: [],
}

/** One call of each kind. */
const calls: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['commit', (store) => store.commit(begin(docAt('late')))],
  ['head', (store) => store.head(doc)],
  ['log', (store) => store.log(doc, { after: 0, limit: 1 })],
  ['tenantLog', (store) => store.tenantLog('tenant', { after: 0, limit: 1 })],
  ['snapshot', (store) => store.snapshot(doc)],
  ['compact', (store) => store.compact(doc, snapshotOf(1), 1)],
  ['documents', (store) => store.documents('tenant', { limit: 1 })],
  ['tombstone', (store) => store.tombstone(doc)],
  ['tenants', (store) => store.tenants({ limit: 1 })],
  ['receipts', (store) => store.receipts('tenant', { limit: 1 })],
  ['importReceipts', (store) => store.importReceipts([])],
  ['importDocument', (store) => store.importDocument(emptyLife, { arrival: 'now' })],
  ['receipt', (store) => store.receipt('tenant', 'scope', 'key')],
  ['purgeReceipts', (store) => store.purgeReceipts(0)],
  ['value', (store) => store.value('name')],
  ['values', (store) => store.values('')],
  ['setValue', (store) => store.setValue('name', 'value')],
]

/** Reads all that a store has for the tenants and names that these cases use. */
async function everything(store: Store): Promise<unknown> {
  const { items } = await store.documents('tenant', { limit: 1000, deleted: true })
  return {
    items,
    logs: await Promise.all(items.map(({ key }) => store.log(key, { after: 0, limit: 1000 }))),
    snapshots: await Promise.all(items.map(({ key }) => store.snapshot(key))),
    tenantLog: await store.tenantLog('tenant', { after: 0, limit: 1000 }),
    receipt: await store.receipt('tenant', 'scope', 'key'),
    values: await store.values(''),
  }
}

async function fill(store: Store): Promise<void> {
  await store.commit(begin(doc, { changes: ['a', 'b', 'c'], receipt: receiptOf('key', { expiresAtMs: 5 }) }))
  await store.compact(doc, snapshotOf(2), 1)
  await store.commit(begin(docAt('deleted')))
  await store.commit(end(docAt('deleted'), 1))
  await store.commit(begin(docAt('second life')))
  await store.commit(end(docAt('second life'), 1))
  await store.commit(begin(docAt('second life'), { on: 2, life: 'life-2' }))
  await store.setValue('name', 'value')
}

export const closeCases: readonly StoreCase[] = [
  {
    name: 'after close every call is refused, and closing again is fine',
    async run({ store }) {
      await store.commit(begin(doc))
      await store.close()
      for (const [name, call] of calls) await assertRefused(call(store), 'STORE_CLOSED', name)
      await store.close()
      await Promise.all([store.close(), store.close()])
    },
  },
  {
    name: 'close waits for what was begun',
    needs: 'persistence',
    async run({ store, reopen }) {
      await store.commit(begin(doc, { receipt: receiptOf('key', { expiresAtMs: 1 }) }))
      const begun = [
        ...Array.from({ length: 50 }, (_, i) => store.commit(begin(docAt(`doc ${i}`)))),
        store.compact(doc, snapshotOf(1), 1),
        store.setValue('name', 'value'),
        store.purgeReceipts(1),
      ]
      const closing = store.close()
      await assertRefused(store.commit(append(doc, 1)), 'STORE_CLOSED', 'a commit after close')
      const outcomes = await Promise.all(begun.map(outcomeOf))
      await closing
      assert(
        outcomes.every((outcome) => outcome === 'stored'),
        'all that was begun is stored',
      )
      const again = await reopen()
      assertEqual((await again.documents('tenant', { limit: 100 })).items.length, 51, 'documents')
      assertEqual(await again.value('name'), 'value', 'value')
      assertEqual(await again.receipt('tenant', 'scope', 'key'), undefined, 'purged receipt')
    },
  },
]

export const reopenCases: readonly StoreCase[] = [
  {
    name: 'a new store has an id of its own and continues nothing',
    async run({ store, openOther }) {
      const other = await openOther()
      assert(store.identity.storeId.length > 0, 'it has an id')
      assert(store.identity.storeId !== other.identity.storeId, 'another store has another id')
      assertEqual([store.identity.continuous, other.identity.continuous], [false, false], 'continuous')
    },
  },
  {
    name: 'stores at different places share nothing',
    async run({ store, openOther }) {
      await fill(store)
      const other = await openOther()
      const nothing = { items: [], logs: [], snapshots: [], tenantLog: [], receipt: undefined, values: [] }
      assertEqual(await everything(other), nothing, 'the other store')
    },
  },
  {
    name: 'everything is there again after close and open, identity included',
    needs: 'persistence',
    async run({ store, reopen }) {
      await fill(store)
      const before = await everything(store)
      for (let i = 0; i < 3; i += 1) {
        const again = await reopen()
        assertEqual(await everything(again), before, 'data')
        assertEqual(again.identity, { ...store.identity, continuous: true }, 'identity')
      }
    },
  },
  {
    name: 'an empty store continues too',
    needs: 'persistence',
    async run({ store, reopen }) {
      const again = await reopen()
      assertEqual(again.identity, { ...store.identity, continuous: true }, 'identity')
    },
  },
  {
    name: 'versions and positions count on after close and open',
    needs: 'persistence',
    async run({ store, reopen }) {
      const stored = await store.commit(begin(doc, { changes: ['a', 'b'] }))
      await store.compact(doc, snapshotOf(2), 2)
      const again = await reopen()
      await assertRefused(again.commit(append(doc, 1)), 'STORE_CONFLICT', 'an old version')
      const [next] = await again.commit(append(doc, 2, { changes: ['c'] }))
      assertEqual(next!.version, 3, 'version')
      assert(next!.position > stored[1]!.position, 'position')
      assertEqual(await logOf(again, doc), ['3:c'], 'log')
    },
  },
  {
    name: 'a store has one owner at a time',
    needs: 'singleOwner',
    async run({ store, reopen, openAgain }) {
      await store.commit(begin(doc))
      await assertRefused(openAgain(), 'STORE_LOCKED', 'a second owner')
      await assertRefused(openAgain(), 'STORE_LOCKED', 'a second attempt')
      await store.commit(append(doc, 1))
      const again = await reopen()
      assertEqual(again.identity.continuous, true, 'the attempts have not harmed the store')
      assertEqual((await again.head(doc))?.version, 2, 'version')
    },
  },
]
