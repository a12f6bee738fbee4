/**
 * Five nodes in three regions, processes of their own over TLS, behind proxies that delay, hold back one direction and reset; nodes are
 * killed and started again, and their clocks are up to a second off. Meanwhile a thousand updates are made. In the end all have the
 * same, byte for byte, and everything that was acknowledged is in it, once.
 *
 * `JOINERY_SEED=7 npx vitest run packages/node/test/processes` runs one history; `JOINERY_SOAK=1` ten.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { JsonValue } from '@joinery/core'
import { sqliteStore } from '@joinery/storage/sqlite'
import { type SeededRandom, seededRandom } from '@joinery/testing'
import { makeTrouble, type Trouble } from '@joinery/transport/testing'
import { afterEach, expect, test } from 'vitest'
import { snapshot, startTestNode, temporaryDirectory, until } from '../nodes.ts'
import { type Member, newCluster } from './cluster.ts'

const DOCUMENT = 'ledger'
const UPDATES = 1_000
const WRITERS = 50
const PLACES = [
  { node: 'a', region: 'eu', clockOffsetMs: 0 },
  { node: 'b', region: 'eu', clockOffsetMs: 1_000 },
  { node: 'c', region: 'us', clockOffsetMs: -1_000 },
  { node: 'd', region: 'us', clockOffsetMs: 1_000 },
  { node: 'e', region: 'asia', clockOffsetMs: -1_000 },
]

let members: Member[] = []
afterEach(async () => {
  await Promise.all(members.map((member) => member.stop('SIGKILL')))
  await Promise.all(members.map(({ proxy }) => proxy.close()))
  members = []
})

/** What was done of each kind, so that a history in which nothing happened does not pass for one. */
type Done = Record<Trouble | 'killed', number>
const troubles: readonly Trouble[] = ['reset', 'delayed', 'held']

/** Does harm until it is told to stop. */
async function harm(random: SeededRandom, done: Done, isOver: () => boolean): Promise<void> {
  const join = members.map(({ address }) => address)
  for (let step = 0; !isOver() || step < 12; step += 1) {
    const member = members[random.below(members.length)] as Member
    const trouble = troubles[step % 4]
    if (trouble !== undefined) {
      done[trouble] += await makeTrouble(member.proxy, trouble, { random, delayMsMax: 120, heldMsMax: 1_800 })
    } else {
      await member.stop('SIGKILL')
      await delay(random.below(500))
      await member.start(join)
      done.killed += 1
    }
    await delay(random.below(300))
  }
  for (const { proxy } of members) {
    proxy.release()
    proxy.delay(0)
  }
}

interface Written {
  readonly attempted: Set<string>
  readonly acknowledged: Set<string>
}

/** Makes updates on one node until each was acknowledged. A node that was killed in the middle may have made the one it was asked for. */
async function write(member: Member, numbers: readonly number[], { attempted, acknowledged }: Written): Promise<void> {
  for (const number of numbers) {
    for (let attempt = 0; ; attempt += 1) {
      const elem = `${number}.${attempt}`
      attempted.add(elem)
      try {
        // One change: both are there, or none is.
        await member.client.set(DOCUMENT, [
          { path: ['seen'], of: 'orset', type: 'add', elem },
          { path: ['count'], of: 'pncounter', type: 'increment', by: 1 },
          { path: ['last'], of: 'lww', set: elem },
        ])
        acknowledged.add(elem)
        break
      } catch (error) {
        expect((error as { readonly code?: string }).code).toBe('NODE_NOT_RUNNING')
        await delay(100)
      }
    }
  }
}

const isSoak = process.env.JOINERY_SOAK === '1'
const all = isSoak ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1]
const seeds = process.env.JOINERY_SEED ? [Number(process.env.JOINERY_SEED)] : all

test.each(seeds)(
  'seed %i: a thousand updates under faults, and nothing is lost or doubled',
  async (seed) => {
    const random = seededRandom(seed)
    members = await newCluster(temporaryDirectory(), PLACES)
    const [first] = members as [Member, ...Member[]]
    await first.start([])
    await Promise.all(members.slice(1).map((member) => member.start([first.address])))

    const written: Written = { attempted: new Set(), acknowledged: new Set() }
    const done: Done = { reset: 0, delayed: 0, held: 0, killed: 0 }
    let isOver = false
    const harming = harm(random, done, () => isOver)
    // So many at a time, on all nodes alike.
    const writers = Array.from({ length: WRITERS }, (_, i) => {
      const numbers = Array.from({ length: UPDATES / WRITERS }, (__, k) => k * WRITERS + i)
      return write(members[i % members.length] as Member, numbers, written)
    })
    const allWritten = Promise.all(writers).finally(() => {
      isOver = true
    })
    await Promise.all([allWritten, harming])
    expect(Math.min(done.reset, done.delayed, done.held, done.killed), JSON.stringify(done)).toBeGreaterThan(0)

    const statuses = () => Promise.all(members.map(({ client }) => client.status()))
    await until(
      async () => new Set((await statuses()).map(({ replication }) => replication.digest)).size === 1,
      'all digests are the same',
    )
    const values = await Promise.all(members.map(({ client }) => client.get(DOCUMENT)))
    const { seen, count } = values[0] as { readonly seen: readonly string[]; readonly count: JsonValue }
    expect(written.acknowledged.size).toBe(UPDATES)
    expect(
      [...written.acknowledged].filter((elem) => !seen.includes(elem)),
      'acknowledged and lost',
    ).toEqual([])
    expect(
      seen.filter((elem) => !written.attempted.has(elem)),
      'never asked for',
    ).toEqual([])
    expect(count, 'each change once').toBe(seen.length)

    await Promise.all(members.map((member) => member.stop('SIGTERM')))
    const bytes: (string | undefined)[] = []
    for (const { name, store: path } of members) {
      const store = await sqliteStore({ path })
      const node = await startTestNode({ node: name, store, transports: [] })
      bytes.push(await snapshot(node, DOCUMENT))
      await node.stop()
      await store.close()
    }
    expect(bytes[0]?.length).toBeGreaterThan(4_000)
    expect(new Set(bytes).size, 'byte for byte').toBe(1)
  },
  isSoak ? 600_000 : 180_000,
)
