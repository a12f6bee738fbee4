import type { Store, StoreEvent } from '@joinery/sync'
import { assert, assertEqual, outcomeOf } from './assert.ts'
import { append, begin, doc, docAt, receiptOf, type StoreCase } from './case.ts'

const documents = Array.from({ length: 3 }, (_, i) => docAt(`doc ${i}`))

/** What one owner is told. */
function heardBy(store: Store): StoreEvent[] {
  const heard: StoreEvent[] = []
  store.watch!((event) => heard.push(event))
  return heard
}

/** Waits, within reason, until what was sent has arrived. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10))
  assert(holds(), what)
}

/** Appends to the documents in turn, each commit tried until it wins; answers what was acknowledged. */
async function writeMany(store: Store, name: string, commits: number): Promise<string[]> {
  const acknowledged: string[] = []
  for (let i = 0; i < commits; ) {
    const key = documents[i % documents.length]!
    const { version } = (await store.head(key))!
    const change = `${name} ${i}`
    if ((await outcomeOf(store.commit(append(key, version, { changes: [change] })))) !== 'stored') continue
    acknowledged.push(change)
    i += 1
  }
  return acknowledged
}

export const ownerCases: readonly StoreCase[] = [
  {
    name: 'owners share the data, and each has a seat of its own',
    needs: 'manyOwners',
    async run({ store, openAgain }) {
      const [second, third] = [await openAgain(), await openAgain()]
      const all = [store, second, third]
      assertEqual(new Set(all.map(({ identity }) => identity.seat)).size, 3, 'seats')
      assertEqual(new Set(all.map(({ identity }) => identity.storeId)).size, 1, 'store ids')
      assertEqual(
        all.map(({ identity }) => identity.continuous),
        [false, false, false],
        'a seat never taken before continues nothing',
      )
      await store.commit(begin(doc, { receipt: receiptOf('key') }))
      await second.setValue('name', 'value')
      assertEqual((await third.head(doc))?.version, 1, 'a commit is read by the others')
      assertEqual(await third.receipt('tenant', 'scope', 'key'), receiptOf('key'), 'and its receipt')
      assertEqual(await store.value('name'), 'value', 'and a value')
    },
  },
  {
    name: 'a seat that was left is taken again and continues; those of living owners stay theirs',
    needs: 'manyOwners',
    async run({ store, openAgain }) {
      const second = await openAgain()
      const { identity } = store
      await store.close()
      const again = await openAgain()
      assertEqual(again.identity, { ...identity, continuous: true }, 'the seat of the one that left')
      await second.commit(begin(doc))
      await again.commit(append(doc, 1))
      const third = await openAgain()
      assert(![second, again].some((other) => other.identity.seat === third.identity.seat), 'a seat of its own')
    },
  },
  {
    name: 'of owners that commit on one version exactly one wins',
    needs: 'manyOwners',
    async run({ store, openAgain }) {
      const owners = [store, await openAgain(), await openAgain()]
      for (let i = 0; i < 15; i += 1) {
        const key = docAt(`contested ${i}`)
        const begun = await Promise.all(
          owners.map((owner, at) => outcomeOf(owner.commit(begin(key, { life: `life ${at}` })))),
        )
        assertEqual(begun.filter((outcome) => outcome === 'stored').length, 1, 'beginners')
        const { incarnation: life } = (await store.head(key))!
        assertEqual(life, `life ${begun.indexOf('stored')}`, 'the head has the winner')
        const appended = await Promise.all(owners.map((owner) => outcomeOf(owner.commit(append(key, 1, { life })))))
        assertEqual(appended.filter((outcome) => outcome === 'stored').length, 1, 'winners')
        assertEqual(appended.filter((outcome) => outcome === 'STORE_CONFLICT').length, 2, 'losers')
      }
    },
  },
  {
    name: 'owners that race lose nothing, and a reader of the order of arrival misses nothing',
    needs: 'manyOwners',
    async run({ store, openAgain }) {
      for (const key of documents) await store.commit(begin(key))
      const owners = [store, await openAgain(), await openAgain()]
      const reader = await openAgain()
      let isDone = false
      const read: string[] = []
      const reading = (async () => {
        for (let after = 0; ; ) {
          // Asked before the page is read: what comes later is in the next one.
          const isLast = isDone
          const page = await reader.tenantLog('tenant', { after, limit: 7 })
          for (const { position, change } of page) {
            assert(position > after, 'positions rise')
            after = position
            read.push(new TextDecoder().decode(change))
          }
          if (isLast && page.length === 0) return
        }
      })()
      const writing = Promise.all(owners.map((owner, i) => writeMany(owner, `owner ${i}`, 40)))
      const acknowledged = await writing.finally(() => {
        isDone = true
      })
      await reading
      const changes = read.filter((change) => change !== 'change')
      assertEqual(changes.length, 120, 'entries')
      assertEqual([...changes].sort(), acknowledged.flat().sort(), 'a reader that pages along has each once')
      for (const key of documents) {
        const log = await store.log(key, { after: 0, limit: 1000 })
        assertEqual(
          log.map(({ version }) => version),
          Array.from({ length: log.length }, (_, i) => i + 1),
          'versions without gap and without repeat',
        )
      }
    },
  },
  {
    name: "an owner is told of the others' commits, when it can read them, and not of its own",
    needs: 'manyOwners',
    async run({ store, openAgain }) {
      const other = await openAgain()
      const mine = heardBy(store)
      const theirs = heardBy(other)
      await store.commit(begin(doc, { changes: ['a', 'b'] }))
      const key = docAt('na\u00efve \u{1f600}\0"\\', 'another \uffff')
      await store.commit(begin(key))
      await until(() => theirs.length === 2, 'both arrive')
      assertEqual(
        theirs,
        [
          { type: 'commit', key: doc, version: 2 },
          { type: 'commit', key, version: 1 },
        ],
        'events',
      )
      other.watch!(({ type }) => assertEqual(type, 'commit', 'type'))
      await other.commit(append(doc, 2))
      await until(() => mine.length === 1, 'and the other way')
      assertEqual(mine, [{ type: 'commit', key: doc, version: 3 }], 'only what the other has done')
      assertEqual((await store.head(doc))?.version, 3, 'what is told can be read')
      assertEqual(theirs.length, 2, 'own commits are not told')
    },
  },
  {
    name: 'commits that are refused are not told, and nothing is told to who has stopped watching',
    needs: 'manyOwners',
    async run({ store, openAgain }) {
      const other = await openAgain()
      const heard: StoreEvent[] = []
      const stop = other.watch!((event) => heard.push(event))
      await store.commit(begin(doc))
      await Promise.all([outcomeOf(store.commit(append(doc, 7))), outcomeOf(store.commit(begin(doc, { on: 1 })))])
      await store.commit(append(doc, 1))
      await until(() => heard.length === 2, 'two arrive')
      assertEqual(
        heard.map((event) => (event.type === 'commit' ? event.version : 0)),
        [1, 2],
        'versions',
      )
      stop()
      const later = heardBy(other)
      await store.commit(append(doc, 2))
      await until(() => later.length === 1, 'the later watcher is told')
      assertEqual(heard.length, 2, 'the first is not')
    },
  },
]
