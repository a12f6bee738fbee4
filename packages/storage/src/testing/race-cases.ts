import type { Store, StoreErrorCode } from '@joinery/sync'
import { assert, assertEqual, outcomeOf } from './assert.ts'
import { append, begin, doc, docAt, end, logOf, receiptOf, type StoreCase, snapshotOf, tenantLogOf } from './case.ts'

function count(outcomes: readonly (StoreErrorCode | 'stored')[], outcome: StoreErrorCode | 'stored'): number {
  return outcomes.filter((one) => one === outcome).length
}

/** Appends one change as an application does: read the version, try, and read again when someone was faster. */
async function appendWithRetry(store: Store, change: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const { version } = (await store.head(doc))!
    if ((await outcomeOf(store.commit(append(doc, version, { changes: [change] })))) === 'stored') return
  }
  throw new Error('a writer that retries never gets its turn')
}

export const raceCases: readonly StoreCase[] = [
  {
    name: 'of many commits on one version exactly one wins, and only its receipt is kept',
    async run({ store }) {
      await store.commit(begin(doc))
      for (let version = 1; version <= 10; version += 1) {
        const names = Array.from({ length: 100 }, (_, i) => `v${version} w${i}`)
        const outcomes = await Promise.all(
          names.map((name) =>
            outcomeOf(store.commit(append(doc, version, { changes: [name], receipt: receiptOf(name) }))),
          ),
        )
        assertEqual(count(outcomes, 'stored'), 1, 'winners')
        assertEqual(count(outcomes, 'STORE_CONFLICT'), 99, 'losers')
        const winner = names[outcomes.indexOf('stored')]!
        assertEqual(await logOf(store, doc, version), [`${version + 1}:${winner}`], 'the log has the winner')
        for (const name of names) {
          const receipt = await store.receipt('tenant', 'scope', name)
          assertEqual(receipt !== undefined, name === winner, `receipt of ${name}`)
        }
      }
    },
  },
  {
    name: 'of many that begin one document exactly one wins',
    async run({ store }) {
      const lives = Array.from({ length: 100 }, (_, i) => `life ${i}`)
      const outcomes = await Promise.all(lives.map((life) => outcomeOf(store.commit(begin(doc, { life })))))
      assertEqual(count(outcomes, 'stored'), 1, 'winners')
      assertEqual((await store.head(doc))?.incarnation, lives[outcomes.indexOf('stored')], 'the head has the winner')
    },
  },
  {
    name: 'of an append and an end on one version exactly one wins',
    async run({ store }) {
      for (let i = 0; i < 20; i += 1) {
        const key = docAt(`doc ${i}`)
        await store.commit(begin(key))
        const steps = [append(key, 1), end(key, 1), append(key, 1), end(key, 1)]
        if (i % 2 === 1) steps.reverse()
        const outcomes = await Promise.all(steps.map((step) => outcomeOf(store.commit(step))))
        assertEqual(count(outcomes, 'stored'), 1, 'winners')
        const head = await store.head(key)
        const winner = steps[outcomes.indexOf('stored')]!
        assertEqual(head?.deleted, winner.kind === 'end', 'the head has the winner')
        assertEqual(head?.version, 2, 'version')
      }
    },
  },
  {
    name: 'writers that retry lose nothing and double nothing',
    async run({ store }) {
      await store.commit(begin(doc, { changes: ['first'] }))
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let i = 0; i < 15; i += 1) await appendWithRetry(store, `${writer}.${i}`)
      })
      await Promise.all(writers)
      const log = await store.log(doc, { after: 1, limit: 1000 })
      assertEqual(
        log.map(({ version }) => version),
        Array.from({ length: 120 }, (_, i) => i + 2),
        'versions without gaps',
      )
      const changes = new Set(log.map(({ change }) => new TextDecoder().decode(change)))
      assertEqual(changes.size, 120, 'each change once')
    },
  },
  {
    name: 'a commit that is refused does not take its neighbours with it',
    async run({ store }) {
      await store.commit(begin(docAt('contested')))
      const keys = Array.from({ length: 300 }, (_, i) => docAt(i % 3 === 0 ? 'contested' : `free ${i}`))
      const outcomes = await Promise.all(
        keys.map((key) => outcomeOf(store.commit(key.id === 'contested' ? append(key, 7) : begin(key)))),
      )
      for (const [i, key] of keys.entries()) {
        assertEqual(outcomes[i], key.id === 'contested' ? 'STORE_CONFLICT' : 'stored', `outcome ${i}`)
      }
      assertEqual((await tenantLogOf(store)).length, 201, 'entries')
    },
  },
  {
    name: 'positions of concurrent commits differ and rise with the version',
    async run({ store }) {
      const stored = await Promise.all(
        Array.from({ length: 200 }, (_, i) => store.commit(begin(docAt(`doc ${i}`), { changes: ['a', 'b', 'c'] }))),
      )
      const positions = stored.flat().map(({ position }) => position)
      assertEqual(new Set(positions).size, 600, 'positions')
      for (const [a, b, c] of stored) assert(a!.position < b!.position && b!.position < c!.position, 'rising')
      const log = await store.tenantLog('tenant', { after: 0, limit: 1000 })
      const sorted = [...positions].sort((a, b) => a - b)
      assertEqual(
        log.map(({ position }) => position),
        sorted,
        'the tenant log has them all, ascending',
      )
    },
  },
  {
    name: 'whoever reads beside ends and beginnings always sees the document, and never an older version',
    async run({ store }) {
      await store.commit(begin(doc))
      let isDone = false
      const reading = Array.from({ length: 4 }, async () => {
        for (let last = 1; !isDone; ) {
          const head = await store.head(doc)
          assert(head !== undefined, 'a document that was begun has a head')
          assert(head!.version >= last, 'versions never go back')
          last = head!.version
          // Others get their turn where reading needs no waiting.
          await new Promise((resolve) => setTimeout(resolve, 0))
        }
      })
      try {
        for (let life = 1; life <= 40; life += 1) {
          await store.commit(end(doc, life * 2 - 1, { life: `life-${life}` }))
          await store.commit(begin(doc, { on: life * 2, life: `life-${life + 1}` }))
        }
      } finally {
        isDone = true
      }
      await Promise.all(reading)
    },
  },
  {
    name: 'compaction beside appends loses nothing',
    async run({ store }) {
      await store.commit(begin(doc, { changes: ['1'] }))
      for (let version = 1; version < 60; version += 1) {
        const appending = store.commit(append(doc, version, { changes: [`${version + 1}`] }))
        const compacting = version % 5 === 0 ? store.compact(doc, snapshotOf(version), version - 2) : undefined
        await Promise.all([appending, compacting])
      }
      const head = (await store.head(doc))!
      assertEqual([head.version, head.snapshotVersion, head.compactedVersion], [60, 55, 53], 'head')
      const expected = Array.from({ length: 7 }, (_, i) => `${i + 54}:${i + 54}`)
      assertEqual(await logOf(store, doc), expected, 'log')
      assertEqual(await store.snapshot(doc), snapshotOf(55), 'snapshot')
    },
  },
]
