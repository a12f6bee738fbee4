import type { Commit, Store } from '@joinery/sync'
import { assert, assertEqual, assertRefused } from './assert.ts'
import {
  append,
  begin,
  brief,
  bytesOf,
  doc,
  docAt,
  end,
  logOf,
  manyBytes,
  receiptOf,
  type StoreCase,
  tenantLogOf,
} from './case.ts'

/** Names that trip stores which compare text by locale, match with LIKE, stop at NUL, normalise, or trim. */
export const awkwardNames: readonly string[] = [
  'plain',
  'a%',
  'a_',
  'ab',
  'a\\b',
  "quo'te",
  'quo"te',
  ' lead and trail ',
  'UPPER',
  'upper',
  'nul\0inside',
  'nul',
  'caf\u00e9',
  'cafe\u0301',
  '\ufeffmark',
  '\uff5e',
  '\u{1f600}',
  '\u{10ffff}',
  '\uffff',
  '/slash/..',
  'x'.repeat(1024),
]

/** Everything that can be seen of a document, to show that a refusal changed nothing. */
async function observe(store: Store): Promise<unknown> {
  return {
    head: await store.head(doc),
    log: await store.log(doc, { after: 0, limit: 100 }),
    tenantLog: await store.tenantLog(doc.tenant, { after: 0, limit: 100 }),
    snapshot: await store.snapshot(doc),
    receipt: await store.receipt('tenant', 'scope', 'key'),
    documents: await store.documents(doc.tenant, { limit: 100, deleted: true }),
  }
}

async function assertConflict(store: Store, commit: Commit, what: string): Promise<void> {
  const before = await observe(store)
  await assertRefused(store.commit({ ...commit, receipt: receiptOf('key') }), 'STORE_CONFLICT', what)
  assertEqual(await observe(store), before, `${what}: nothing has changed`)
}

export const commitCases: readonly StoreCase[] = [
  {
    name: 'a document begins at version 1 and the answer is what was stored',
    async run({ store }) {
      const stored = await store.commit(begin(doc, { changes: ['a', 'b'] }))
      assertEqual(brief(stored), ['1:a', '2:b'], 'the entries in the order given')
      const [first] = stored
      assertEqual(first!.key, doc, 'key')
      assertEqual(first!.incarnation, 'life-1', 'incarnation')
      assertEqual(first!.attributes, 'of a', 'attributes')
      assertEqual(await store.log(doc, { after: 0, limit: 10 }), stored, 'the log has the same entries')
    },
  },
  {
    name: 'the head tells version, incarnation and attributes of the document',
    async run({ store }) {
      assertEqual(await store.head(doc), undefined, 'a document never seen has no head')
      await store.commit(begin(doc, { attributes: 'kind: text' }))
      await store.commit({ ...append(doc, 1, { changes: ['b', 'c'] }), attributes: 'not read' })
      const expected = { version: 3, incarnation: 'life-1', deleted: false, attributes: 'kind: text' }
      assertEqual(await store.head(doc), { key: doc, ...expected, snapshotVersion: 0, compactedVersion: 0 }, 'head')
    },
  },
  {
    name: 'attributes left out are empty',
    async run({ store }) {
      const { attributes: _, ...commit } = begin(doc)
      await store.commit(commit)
      assertEqual((await store.head(doc))?.attributes, '', 'attributes')
    },
  },
  {
    name: 'a commit on a document never seen must begin it, on version 0',
    async run({ store }) {
      await assertConflict(store, append(doc, 0), 'append')
      await assertConflict(store, end(doc, 0), 'end')
      await assertConflict(store, begin(doc, { on: 1 }), 'begin on version 1')
    },
  },
  {
    name: 'a commit on another version than the last is refused and changes nothing',
    async run({ store }) {
      await store.commit(begin(doc, { changes: ['a', 'b', 'c'] }))
      for (const on of [0, 1, 2, 4, 1000]) {
        await assertConflict(store, append(doc, on), `append on ${on}`)
        await assertConflict(store, end(doc, on), `end on ${on}`)
        await assertConflict(store, append(doc, on, { changes: ['x', 'y'] }), `two entries on ${on}`)
      }
    },
  },
  {
    name: 'a commit of another incarnation is refused and changes nothing',
    async run({ store }) {
      await store.commit(begin(doc))
      await assertConflict(store, append(doc, 1, { life: 'life-2' }), 'append')
      await assertConflict(store, end(doc, 1, { life: 'life-2' }), 'end')
    },
  },
  {
    name: 'a living document cannot begin',
    async run({ store }) {
      await store.commit(begin(doc))
      await assertConflict(store, begin(doc, { on: 1, life: 'life-2' }), 'another life')
      await assertConflict(store, begin(doc, { on: 1 }), 'the same life')
      await assertConflict(store, begin(doc, { on: 0, life: 'life-2' }), 'as if it were new')
    },
  },
  {
    name: 'a deleted document can only begin again, on its last version, in another incarnation',
    async run({ store }) {
      await store.commit(begin(doc))
      await store.commit(end(doc, 1))
      await assertConflict(store, append(doc, 2), 'append')
      await assertConflict(store, end(doc, 2), 'end')
      await assertConflict(store, begin(doc, { on: 0, life: 'life-2' }), 'begin as if it were new')
      await assertConflict(store, begin(doc, { on: 1, life: 'life-2' }), 'begin on the version before')
      await assertConflict(store, begin(doc, { on: 2, life: 'life-1' }), 'the ended life begins again')
      await store.commit(begin(doc, { on: 2, life: 'life-2' }))
    },
  },
  {
    name: 'a commit that breaks the contract is refused and changes nothing',
    async run({ store }) {
      await store.commit(begin(doc))
      const before = await observe(store)
      const bad: Commit[] = [
        append(doc, 1, { changes: [] }),
        end(doc, 1, { changes: [] }),
        end(doc, 1, { changes: ['a', 'b'] }),
        append(doc, -1),
        append(doc, 1.5),
        append(doc, Number.NaN),
        append(doc, 2 ** 53),
        append(doc, 1, { receipt: receiptOf('key', { expiresAtMs: Number.NaN }) }),
        append(doc, 1, { receipt: receiptOf('key', { expiresAtMs: 1.5 }) }),
      ]
      for (const commit of bad) await assertRefused(store.commit(commit), 'STORE_ARGUMENT', JSON.stringify(commit))
      assertEqual(await observe(store), before, 'nothing has changed')
    },
  },
  {
    name: 'names of any content are kept apart',
    async run({ store }) {
      for (const name of awkwardNames) {
        await store.commit(begin(docAt(name), { changes: [`id ${name}`], life: name, attributes: name }))
        await store.commit(begin(docAt('doc', name), { changes: [`tenant ${name}`] }))
      }
      for (const name of awkwardNames) {
        const head = await store.head(docAt(name))
        assertEqual(head?.key, docAt(name), 'key')
        assertEqual(head?.incarnation, name, 'incarnation')
        assertEqual(head?.attributes, name, 'attributes')
        assertEqual(await logOf(store, docAt(name)), [`1:id ${name}`], 'log of an id')
        assertEqual(await logOf(store, docAt('doc', name)), [`1:tenant ${name}`], 'log of a tenant')
        assertEqual((await tenantLogOf(store, name)).length, 1, 'tenant log')
      }
    },
  },
  {
    name: 'changes are any bytes: none, all values, many, part of a larger buffer',
    async run({ store }) {
      const every = Uint8Array.from({ length: 256 }, (_, i) => i)
      const large = manyBytes(1024 * 1024)
      const changes = [new Uint8Array(0), every, every.subarray(7, 99), large]
      const entries = changes.map((change, i) => ({ change, attributes: i === 0 ? '' : `{"i":${i}}` }))
      await store.commit({ ...begin(doc), entries })
      const log = await store.log(doc, { after: 0, limit: 10 })
      for (const [i, entry] of entries.entries()) {
        const { change, attributes } = log[i]!
        assertEqual({ change, attributes }, entry, `entry ${i}`)
      }
    },
  },
  {
    name: 'many entries of one commit have versions without gaps',
    async run({ store }) {
      const changes = Array.from({ length: 2500 }, (_, i) => `c${i}`)
      await store.commit(begin(doc, { changes }))
      const expected = changes.map((change, i) => `${i + 1}:${change}`)
      assertEqual(await logOf(store, doc), expected, 'log')
    },
  },
  {
    name: 'bytes handed out are private copies',
    async run({ store }) {
      const stored = await store.commit(begin(doc, { changes: ['first', 'second'] }))
      await store.compact(doc, { version: 1, incarnation: 'life-1', bytes: bytesOf('state'), attributes: '' }, 0)
      const spoil = async () => {
        for (const { change } of stored) change.fill(0)
        for (const { change } of await store.log(doc, { after: 0, limit: 10 })) change.fill(0)
        for (const { change } of await store.tenantLog('tenant', { after: 0, limit: 10 })) change.fill(0)
        ;(await store.snapshot(doc))!.bytes.fill(0)
      }
      await spoil()
      await spoil()
      assertEqual(await logOf(store, doc), ['1:first', '2:second'], 'log')
      assertEqual(await tenantLogOf(store), ['doc@life-1 1:first', 'doc@life-1 2:second'], 'tenant log')
      assertEqual((await store.snapshot(doc))?.bytes, bytesOf('state'), 'snapshot')
    },
  },
  {
    name: 'what was committed is read at once',
    async run({ store }) {
      await store.commit(begin(doc))
      for (let version = 1; version < 50; version += 1) {
        await store.commit(append(doc, version))
        assert((await store.head(doc))!.version === version + 1, `version ${version + 1} is the last`)
        assertEqual((await logOf(store, doc, version)).length, 1, 'one entry after the version before')
      }
    },
  },
]
