import type { DocumentKey, LogEntry, Store, StoredDocument } from '@joinery/sync'
import { assert, assertEqual, assertRefused, outcomeOf } from './assert.ts'
import {
  append,
  begin,
  bytesOf,
  doc,
  docAt,
  end,
  logOf,
  manyBytes,
  type StoreCase,
  snapshotOf,
  tenantLogOf,
} from './case.ts'
import { awkwardNames } from './commit-cases.ts'

/** All that a store has of a document, as another store takes it. */
async function taken(store: Store, key: DocumentKey = doc): Promise<StoredDocument> {
  const head = (await store.head(key))!
  const tombstone = await store.tombstone(key)
  const snapshot = await store.snapshot(key)
  const log = await store.log(key, { after: 0, limit: 1_000_000 })
  return { head, log, ...(tombstone && { tombstone }), ...(snapshot && { snapshot }) }
}

/** A tenant with every kind of document, whose entries arrived in turns. */
async function fill(store: Store, tenant = 'tenant'): Promise<readonly DocumentKey[]> {
  const [long, folded, bare, deleted, second] = ['long', 'folded', 'bare', 'deleted', 'second'].map((id) =>
    docAt(id, tenant),
  )
  for (const key of [long!, folded!, bare!, deleted!, second!])
    await store.commit(begin(key, { changes: ['a', 'b', 'c'] }))
  for (const key of [second!, deleted!]) await store.commit(end(key, 3, { changes: [`end of ${key.id}`] }))
  await store.commit(append(long!, 3, { changes: ['d'] }))
  await store.compact(folded!, snapshotOf(2), 1)
  await store.commit(begin(second!, { on: 4, life: 'life-2', changes: ['e', 'f'], attributes: 'again' }))
  await store.compact(bare!, snapshotOf(3), 3)
  await store.commit(append(long!, 4, { changes: ['g'] }))
  await store.compact(second!, snapshotOf(6, 'life-2'), 5)
  return [long!, folded!, bare!, deleted!, second!]
}

function entry(version: number, position: number, more: Partial<LogEntry> = {}): LogEntry {
  const change = bytesOf(`change ${version}`)
  return { key: doc, version, position, incarnation: 'life-1', change, attributes: `of ${version}`, ...more }
}

/** A document of two changes; parts of it are replaced to make it another, or an impossible one. */
function plain(key: DocumentKey = doc, positions: readonly [number, number] = [1, 2]): StoredDocument {
  const head = { key, version: 2, incarnation: 'life-1', deleted: false, attributes: 'kind' }
  const log = [entry(1, positions[0], { key }), entry(2, positions[1], { key })]
  return { head: { ...head, snapshotVersion: 0, compactedVersion: 0 }, log }
}

const tombstone = entry(2, 2)
const buried: StoredDocument = {
  head: { ...plain().head, deleted: true, compactedVersion: 2 },
  tombstone,
  log: [],
}

/** Nothing of these can come about by commits and compactions. */
const impossible: Readonly<Record<string, StoredDocument>> = {
  'no version': { ...plain(), head: { ...plain().head, version: 0 }, log: [] },
  'a version that is no number': { ...plain(), head: { ...plain().head, version: Number.NaN } },
  'half a version': { ...plain(), head: { ...plain().head, version: 2.5 } },
  'a cut ahead of the last version': { ...plain(), head: { ...plain().head, compactedVersion: 3 }, log: [] },
  'a cut without a snapshot': { ...plain(), head: { ...plain().head, compactedVersion: 1 }, log: [entry(2, 2)] },
  'a log with a gap': { ...plain(), head: { ...plain().head, version: 3 }, log: [entry(1, 1), entry(3, 3)] },
  'a log too short': { ...plain(), log: [entry(1, 1)] },
  'a log too long': { ...plain(), log: [entry(1, 1), entry(2, 2), entry(3, 3)] },
  'positions that do not rise': plain(doc, [2, 2]),
  'a position before the first': plain(doc, [0, 1]),
  'half a position': plain(doc, [1, 1.5]),
  'an entry of another document': { ...plain(), log: [entry(1, 1), entry(2, 2, { key: docAt('other') })] },
  'an entry of another life': { ...plain(), log: [entry(1, 1), entry(2, 2, { incarnation: 'life-2' })] },
  'a snapshot that the head does not name': { ...plain(), snapshot: snapshotOf(1) },
  'a snapshot that is not there': { ...plain(), head: { ...plain().head, snapshotVersion: 1 } },
  'a snapshot of another life': {
    ...plain(),
    head: { ...plain().head, snapshotVersion: 1 },
    snapshot: snapshotOf(1, 'life-2'),
  },
  'a snapshot before the cut': {
    head: { ...plain().head, version: 3, snapshotVersion: 1, compactedVersion: 2 },
    snapshot: snapshotOf(1),
    log: [entry(3, 3)],
  },
  'a deleted document without a tombstone': { ...buried, tombstone: undefined } as unknown as StoredDocument,
  'a deleted document with a log': { ...buried, log: [entry(1, 1)] },
  'a tombstone of another version': { ...buried, tombstone: entry(3, 3) },
  'a tombstone of another life': { ...buried, tombstone: entry(2, 2, { incarnation: 'life-0' }) },
  'a life that goes on after its end': {
    head: { ...plain().head, version: 3, compactedVersion: 2 },
    tombstone,
    log: [entry(3, 3)],
  },
  'an end that arrived after what follows it': {
    head: { ...plain().head, version: 3, compactedVersion: 2 },
    tombstone: entry(2, 7, { incarnation: 'life-0' }),
    log: [entry(3, 3)],
  },
}

export const importCases: readonly StoreCase[] = [
  {
    name: 'a tombstone is found by its document, through the life that follows',
    async run({ store }) {
      assertEqual(await store.tombstone(doc), undefined, 'of a document never seen')
      await store.commit(begin(doc, { changes: ['a', 'b'] }))
      assertEqual(await store.tombstone(doc), undefined, 'of a first life')
      const [first] = await store.commit(end(doc, 2))
      assertEqual(await store.tombstone(doc), first, 'of a deleted document')
      await store.commit(begin(doc, { on: 3, life: 'life-2', changes: ['c', 'd'] }))
      assertEqual(await store.tombstone(doc), first, 'beside the next life')
      await store.compact(doc, snapshotOf(5, 'life-2'), 5)
      assertEqual(await store.tombstone(doc), first, 'after compaction')
      const [second] = await store.commit(end(doc, 5, { life: 'life-2' }))
      assertEqual(await store.tombstone(doc), second, 'after the next end')
    },
  },
  {
    name: 'what another store has is here as it was there: versions, positions, snapshot, tombstone, order of arrival',
    async run({ store, openOther }) {
      const other = await openOther()
      for (const key of await fill(other)) await store.importDocument(await taken(other, key), { arrival: 'kept' })
      const page = { after: 0, limit: 1000 }
      for (const { key } of (await other.documents('tenant', { limit: 100, deleted: true })).items) {
        assertEqual(await taken(store, key), await taken(other, key), key.id)
      }
      assertEqual(await store.tenantLog('tenant', page), await other.tenantLog('tenant', page), 'order of arrival')
      const all = { limit: 100, deleted: true }
      assertEqual(await store.documents('tenant', all), await other.documents('tenant', all), 'listing')
    },
  },
  {
    name: 'an imported document lives on: versions and positions without gap and without repeat',
    async run({ store, openOther }) {
      const other = await openOther()
      const keys = await fill(other)
      for (const key of [...keys].reverse()) await store.importDocument(await taken(other, key), { arrival: 'kept' })
      const [last] = (await other.tenantLog('tenant', { after: 0, limit: 1000 })).slice(-1)
      let position = last!.position
      for (const key of keys) {
        const { version, deleted, incarnation: life } = (await store.head(key))!
        await assertRefused(store.commit(append(key, version - 1, { life })), 'STORE_CONFLICT', 'an old version')
        const next = deleted ? begin(key, { on: version, life: 'life-9' }) : append(key, version, { life })
        if (deleted) await assertRefused(store.commit(begin(key, { on: version, life })), 'STORE_CONFLICT', 'ended')
        const [stored] = await store.commit(next)
        assertEqual(stored!.version, version + 1, 'version')
        assert(stored!.position > position, 'positions rise')
        position = stored!.position
      }
      await store.compact(keys[0]!, snapshotOf(5), 5)
      assertEqual(await logOf(store, keys[0]!), ['6:change'], 'log after a compaction')
    },
  },
  {
    name: 'positions are those of a tenant: the same ones of two tenants do not meet',
    async run({ store }) {
      for (const tenant of ['one', 'two', 'three']) {
        await store.importDocument(plain(docAt('b', tenant), [1, 4]), { arrival: 'kept' })
        await store.importDocument(plain(docAt('a', tenant), [2, 3]), { arrival: 'kept' })
      }
      for (const tenant of ['one', 'two', 'three']) {
        const log = await store.tenantLog(tenant, { after: 1, limit: 10 })
        assertEqual(
          log.map(({ key, version, position }) => [key.id, version, position]),
          [
            ['a', 1, 2],
            ['a', 2, 3],
            ['b', 2, 4],
          ],
          `order of ${tenant}`,
        )
      }
    },
  },
  {
    name: 'what arrives now comes after everything, in its own order',
    async run({ store, openOther }) {
      const other = await openOther()
      const keys = await fill(other)
      await store.commit(begin(docAt('here')))
      const before = await tenantLogOf(store)
      for (const key of keys) await store.importDocument(await taken(other, key), { arrival: 'now' })
      const arrived = await store.tenantLog('tenant', { after: 0, limit: 1000 })
      assertEqual((await tenantLogOf(store)).slice(0, before.length), before, 'what was there comes first')
      const expected = await Promise.all(keys.map(async (key) => versionsOf(await taken(other, key))))
      assertEqual(
        arrived.slice(before.length).map(({ key, version }) => [key.id, version]),
        expected.flat(),
        'then each',
      )
      for (const key of keys) {
        const [mine, theirs] = [await taken(store, key), await taken(other, key)]
        assertEqual(mine.head, theirs.head, 'head')
        assertEqual(mine.snapshot, theirs.snapshot, 'snapshot')
      }
    },
  },
  {
    name: 'a document that is there, or was, is refused and stays as it is',
    async run({ store }) {
      await store.commit(begin(doc, { changes: ['x', 'y', 'z'] }))
      await store.compact(doc, snapshotOf(2), 1)
      const before = [await taken(store), await tenantLogOf(store)]
      await assertRefused(store.importDocument(plain(), { arrival: 'now' }), 'STORE_CONFLICT', 'a living one')
      await assertRefused(store.importDocument(buried, { arrival: 'kept' }), 'STORE_CONFLICT', 'a living one, kept')
      assertEqual([await taken(store), await tenantLogOf(store)], before, 'nothing has changed')
      await store.commit(end(doc, 3))
      await assertRefused(store.importDocument(plain(), { arrival: 'now' }), 'STORE_CONFLICT', 'a deleted one')
      assertEqual(await tenantLogOf(store), ['doc@life-1 4:end'], 'the tombstone is there')
    },
  },
  {
    name: 'an import may take the place of what is there, of which nothing remains',
    async run({ store, openOther }) {
      const other = await openOther()
      const keys = await fill(other)
      const states = await Promise.all(keys.map((key) => taken(other, key)))
      // Every kind takes the place of every kind.
      for (const state of states) {
        const at = (of: StoredDocument): StoredDocument => renamed(of, doc)
        for (const before of states) {
          await store.importDocument(at(before), { arrival: 'kept', replaces: true })
          await store.importDocument(at(state), { arrival: 'kept', replaces: true })
          assertEqual(await taken(store), at(state), `${state.head.key.id} in place of ${before.head.key.id}`)
          const { tombstone: end, log } = at(state)
          const arrived = await store.tenantLog('tenant', { after: 0, limit: 100 })
          assertEqual(arrived, [...(end ? [end] : []), ...log], 'and nothing else has arrived')
          const living = await store.documents('tenant', { limit: 10 })
          assertEqual(living.items.length, state.head.deleted ? 0 : 1, 'listed when it lives')
        }
      }
    },
  },
  {
    name: 'a position that another document has is refused, and nothing of the import stays',
    async run({ store }) {
      await store.importDocument(plain(docAt('first'), [3, 7]), { arrival: 'kept' })
      const clash = store.importDocument(plain(docAt('second'), [5, 7]), { arrival: 'kept' })
      const fine = store.importDocument(plain(docAt('third'), [4, 6]), { arrival: 'kept' })
      assertEqual([await outcomeOf(clash), await outcomeOf(fine)], ['STORE_CONFLICT', 'stored'], 'outcomes')
      assertEqual(await store.head(docAt('second')), undefined, 'no head')
      const log = await store.tenantLog('tenant', { after: 0, limit: 10 })
      assertEqual(
        log.map(({ key, position }) => `${key.id} ${position}`),
        ['first 3', 'third 4', 'third 6', 'first 7'],
        'log',
      )
      await store.importDocument(plain(docAt('second'), [5, 8]), { arrival: 'kept' })
    },
  },
  {
    name: 'what no store can have is refused and changes nothing',
    async run({ store }) {
      for (const [what, document] of Object.entries(impossible)) {
        await assertRefused(store.importDocument(document, { arrival: 'kept' }), 'STORE_ARGUMENT', what)
      }
      assertEqual(await store.head(doc), undefined, 'no head')
      assertEqual(await tenantLogOf(store), [], 'no entries')
      for (const possible of [plain(), buried]) {
        await store.importDocument(possible, { arrival: 'kept', replaces: true })
        assertEqual(await taken(store), possible, 'and what one can have is not')
      }
    },
  },
  {
    name: 'names and bytes of any kind are imported as they are',
    async run({ store }) {
      const every = Uint8Array.from({ length: 256 }, (_, i) => i)
      for (const [i, name] of awkwardNames.entries()) {
        const key = docAt(name, name)
        const snapshot = {
          version: 1,
          incarnation: name,
          bytes: i === 0 ? new Uint8Array(0) : every.subarray(i),
          attributes: name,
        }
        const change = i === 1 ? manyBytes(300_000) : every.subarray(0, i)
        const log = [entry(2, 9, { key, incarnation: name, change, attributes: name })]
        const head = { key, version: 2, incarnation: name, deleted: false, attributes: name, snapshotVersion: 1 }
        const document = { head: { ...head, compactedVersion: 1 }, snapshot, log }
        await store.importDocument(document, { arrival: 'kept' })
        assertEqual(await taken(store, key), document, JSON.stringify(name))
      }
    },
  },
  {
    name: 'of many that import one document exactly one wins',
    async run({ store }) {
      const states = Array.from({ length: 30 }, (_, i) => plain(doc, [i * 2 + 1, i * 2 + 2]))
      const outcomes = await Promise.all(
        states.map((state, i) => outcomeOf(store.importDocument(state, { arrival: i % 2 === 0 ? 'kept' : 'now' }))),
      )
      assertEqual(outcomes.filter((one) => one === 'stored').length, 1, 'winners')
      assertEqual((await tenantLogOf(store)).length, 2, 'entries')
    },
  },
  {
    name: 'everything imported is there again after close and open',
    needs: 'persistence',
    async run({ store, openOther, reopen }) {
      const other = await openOther()
      const keys = await fill(other)
      const states = await Promise.all(keys.map((key) => taken(other, key)))
      const [last] = (await other.tenantLog('tenant', { after: 0, limit: 1000 })).slice(-1)
      for (const state of states) await store.importDocument(state, { arrival: 'kept' })
      const again = await reopen()
      for (const [i, key] of keys.entries()) assertEqual(await taken(again, key), states[i]!, key.id)
      const [stored] = await again.commit(begin(docAt('new')))
      assert(stored!.position > last!.position, 'positions count on')
    },
  },
]

function versionsOf({ head, tombstone: end, log }: StoredDocument): (string | number)[][] {
  return [...(end ? [end] : []), ...log].map(({ version }) => [head.key.id, version])
}

function renamed({ head, tombstone: end, snapshot, log }: StoredDocument, key: DocumentKey): StoredDocument {
  const of = (one: LogEntry): LogEntry => ({ ...one, key })
  return { head: { ...head, key }, log: log.map(of), ...(end && { tombstone: of(end) }), ...(snapshot && { snapshot }) }
}
