/** Deltas alone, carried by whomever: any order, repeats, parts first. */

import { memoryStore } from '@joinery/storage/memory'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Catalog, type Delta, kinds } from '../src/index.ts'
import { bytesOf, catalog, closing, codeOf, contentOf, everyDelta, wired } from './catalogs.ts'

const RUNS = process.env.JOINERY_SOAK ? 300 : 25

type Step =
  | {
      readonly does: 'add' | 'update'
      readonly node: number
      readonly kind: number
      readonly id: number
      readonly value: number
    }
  | { readonly does: 'remove'; readonly node: number; readonly kind: number; readonly id: number }
  /** Some deltas of one node go to another, in some order. */
  | { readonly does: 'give'; readonly node: number; readonly to: number; readonly picks: readonly number[] }

const node = fc.nat({ max: 2 })
const place = { node, kind: fc.nat({ max: 1 }), id: fc.nat({ max: 4 }) }
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('add' as const, 'update' as const),
      ...place,
      value: fc.nat({ max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('remove' as const), ...place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('give' as const),
      node,
      to: node,
      picks: fc.array(fc.nat({ max: 60 }), { maxLength: 30 }),
    }),
  },
)

async function play(catalogs: readonly Catalog[], steps: readonly Step[]): Promise<void> {
  for (const each of steps) {
    const at = catalogs[each.node] as Catalog
    if (each.does === 'give') {
      const deltas = everyDelta(at, 'play')
      const picked = each.picks.flatMap((pick) => deltas[pick] ?? [])
      await (catalogs[each.to] as Catalog).apply(wired(picked))
      continue
    }
    const entry = { kind: kinds[each.kind] as 'snapshots', id: `e${each.id}` }
    const isThere = at.get(entry) !== undefined
    if (each.does === 'add') await at.add(entry, { [`f${each.value % 3}`]: each.value })
    else if (each.does === 'update' && isThere) await at.update(entry, { [`f${each.value % 3}`]: each.value })
    else if (each.does === 'remove' && isThere) await at.remove(entry)
  }
}

async function three(): Promise<Catalog[]> {
  return [await catalog('a'), await catalog('b'), await catalog('c')]
}

describe('any order, with repeats', () => {
  test('nodes that were given the same deltas are the same, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        async (steps, seeds) => {
          const catalogs = await three()
          await play(catalogs, steps)
          const all = catalogs.flatMap((each) => everyDelta(each, 'collect'))
          const twice = [...all, ...all]
          for (const each of catalogs) {
            const shuffled = twice
              .map((delta) => ({ delta, at: seeds.next().value as number }))
              .sort((x, y) => x.at - y.at)
              .map(({ delta }) => delta)
            const half = Math.floor(shuffled.length / 2)
            // A part of them first, then the rest, some of which come before what is there already.
            await each.apply(wired(shuffled.slice(0, half)))
            await each.apply(wired(shuffled.slice(half)))
          }
          const [a, b, c] = catalogs as [Catalog, Catalog, Catalog]
          expect(await bytesOf(b)).toEqual(await bytesOf(a))
          expect(await bytesOf(c)).toEqual(await bytesOf(a))
          expect(contentOf(b)).toEqual(contentOf(a))
          // What the table says is what the documents say.
          const fresh = await catalog('fresh')
          await fresh.apply(wired(everyDelta(a, 'fresh')))
          expect(contentOf(fresh)).toEqual(contentOf(a))
        },
      ),
      { numRuns: RUNS },
    )
  }, 120_000)

  test('one of the two deltas of an addition brings the whole change', async () => {
    const [a, b] = [await catalog('a'), await catalog('b')]
    await a.add({ kind: 'images', id: 'i' }, { size: 4 })
    const deltas = wired(everyDelta(a, 'x')) as Delta[]
    expect(deltas.map(({ key, type }) => [key, type])).toEqual([
      ['images:i', 'orset'],
      ['image_metadata:i', 'lww'],
    ])
    expect(await b.apply(deltas.slice(1))).toEqual({ applied: 1, stale: 0, waiting: [] })
    expect(await b.apply(deltas)).toEqual({ applied: 0, stale: 2, waiting: [] })
    expect(contentOf(b)).toEqual(contentOf(a))
    expect(b.status().deltas).toEqual({ applied: 1, stale: 2, waiting: 0, refused: 0 })
  })

  test('what comes before what it follows waits, and says so', async () => {
    const [a, b] = [await catalog('a'), await catalog('b')]
    const entry = { kind: 'images', id: 'i' } as const
    await a.add(entry)
    await a.update(entry, { size: 4 })
    const [first, second] = wired(everyDelta(a, 'x')) as [Delta, Delta]
    expect(await b.apply([second])).toEqual({ applied: 0, stale: 0, waiting: [second.change] })
    expect(b.get(entry)).toBeUndefined()
    expect(await b.apply([first])).toEqual({ applied: 1, stale: 0, waiting: [] })
    expect(b.get(entry)?.metadata).toEqual({ size: 4 })
  })
})

describe('what a delta says', () => {
  test('tags, times and vector clock of an addition, an update and a removal', async () => {
    const a = await catalog('a', { wallMs: () => 1_800_000_000_000 })
    const entry = { kind: 'snapshots', id: 's' } as const
    await a.add(entry, { size: 1 })
    await a.update(entry, { size: 2 })
    await a.remove(entry)
    const actor = a.node.status().actor
    const [added, metadata, updated, removed, dropped] = everyDelta(a, 'x') as [Delta, Delta, Delta, Delta, Delta]
    expect(added).toMatchObject({
      key: 'snapshots:s',
      type: 'orset',
      tags: { added: [`${actor}:1`], removed: [] },
      timestamp: 1_800_000_000_000_000,
      node: 'a',
      clock: { [actor]: 1 },
    })
    expect(metadata).toMatchObject({
      change: added.change,
      fields: { size: { value: 1, node: 'a', tag: `${actor}:1` } },
    })
    expect(updated).toMatchObject({
      fields: { size: { value: 2 } },
      removed: { size: [`${actor}:1`] },
      clock: { [actor]: 2 },
    })
    expect(removed).toMatchObject({ type: 'orset', tags: { added: [], removed: [`${actor}:1`] } })
    expect(dropped).toMatchObject({ type: 'lww', fields: {}, removed: { size: [`${actor}:2`] } })
  })
})

describe('who fetches', () => {
  async function filled(count: number): Promise<Catalog> {
    const a = await catalog('a')
    for (let i = 0; i < count; i += 1) await a.add({ kind: 'images', id: `i${i}` })
    return a
  }
  const names = (deltas: readonly Delta[]): string[] => deltas.map(({ key }) => key).sort()

  test('gets everything in pages, and again until it was acknowledged', async () => {
    const a = await filled(30)
    const first = a.deltas('x', { limit: 10 })
    expect([first.deltas.length, first.cursor === undefined]).toEqual([10, false])
    expect(everyDelta(a, 'x', 7)).toHaveLength(30)
    expect(new Set(names(everyDelta(a, 'x', 7))).size).toBe(30)
    expect(await a.clear('x', { version: first.version })).toBe(10)
    const left = names(everyDelta(a, 'x'))
    expect(left).toHaveLength(20)
    expect(names(first.deltas).some((name) => left.includes(name))).toBe(false)
  })

  test('each has its own cursor, and what was not returned is not dropped', async () => {
    const a = await filled(5)
    everyDelta(a, 'x')
    everyDelta(a, 'x')
    await a.add({ kind: 'images', id: 'later' })
    expect(await a.clear('x', 'returned')).toBe(5)
    expect(names(everyDelta(a, 'x'))).toEqual(['images:later'])
    expect(names(everyDelta(a, 'y'))).toHaveLength(6)
  })

  test('acknowledges some by name, in any order', async () => {
    const a = await catalog('a')
    const entry = { kind: 'images', id: 'i' } as const
    for (const size of [1, 2, 3]) await a.add(entry, { size })
    const changes = [...new Set(everyDelta(a, 'x').map(({ change }) => change))]
    expect(await a.clear('x', { changes: [changes[2] as string, 'ff.nobody.1'] })).toBe(1)
    expect([...new Set(everyDelta(a, 'x').map(({ change }) => change))]).toEqual(changes.slice(0, 2))
    await a.clear('x', { changes: changes.slice(0, 2) })
    expect(everyDelta(a, 'x')).toEqual([])
  })

  test('acknowledgements outlast a restart, what was merely returned does not', async () => {
    const store = closing(memoryStore())
    const a = await catalog('a', { store })
    await a.add({ kind: 'images', id: 'one' })
    everyDelta(a, 'x')
    await a.clear('x', 'returned')
    await a.add({ kind: 'images', id: 'two' })
    const { version } = a.deltas('x')
    await a.stop()
    const again = await catalog('a', { store })
    expect(names(everyDelta(again, 'x'))).toEqual(['images:two'])
    expect(await codeOf(() => again.clear('x', { version: version + 5 }))).toBe('CATALOG_VERSION_UNKNOWN')
    expect(everyDelta(again, 'x')).toHaveLength(1)
  })

  test('gets a state where the changes were folded, and is the same by it', async () => {
    const store = closing(memoryStore())
    const a = await catalog('a', { store, replication: { foldBytesMin: 1 } })
    const entry = { kind: 'images', id: 'i' } as const
    for (let size = 0; size < 30; size += 1) await a.add(entry, { size, note: 'x'.repeat(50) })
    await a.stop()
    const again = await catalog('a', { store })
    const deltas = wired(everyDelta(again, 'x')) as Delta[]
    expect(deltas[0]).toMatchObject({
      type: 'state',
      entries: { images: { i: { size: expect.any(Number) } }, snapshots: {} },
    })
    const b = await catalog('b')
    expect((await b.apply(deltas)).waiting).toEqual([])
    expect(await bytesOf(b)).toEqual(await bytesOf(again))
    expect(contentOf(b)).toEqual(contentOf(again))
    await again.clear('x', 'returned')
    expect(everyDelta(again, 'x')).toEqual([])
  })

  test('names a cursor that is none', async () => {
    const a = await filled(1)
    expect(await codeOf(() => a.deltas('x', { cursor: 'bm9uZQ' }))).toBe('CATALOG_CURSOR_INVALID')
  })

  test('there is a bound to how many there are', async () => {
    const a = await catalog('a', { catalog: { consumersMax: 2 } })
    a.deltas('x')
    a.deltas('y')
    expect(await codeOf(() => a.deltas('z'))).toBe('CATALOG_CONSUMERS_FULL')
  })
})
