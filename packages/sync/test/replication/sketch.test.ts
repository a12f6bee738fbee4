/** Digests that find what differs: the sketch, and the ranges that stand in for it. */
import { seededRandom } from '@joinery/testing'
import { describe, expect, test } from 'vitest'
import { compareRanges, wholeRange } from '../../src/replication/anti-entropy/ranges.ts'
import { Sketch, SketchDecoder } from '../../src/replication/anti-entropy/sketch.ts'
import { type Hash64, hash64, hashKey, hashText } from '../../src/replication/hash64.ts'

const key = hashKey(Uint8Array.from({ length: 16 }, (_, i) => i))

describe('the hash', () => {
  /** The first vectors of the reference implementation, key 00 01 … 0f, message 00 01 …. */
  const vectors = ['726fdb47dd0e0e31', '74f839c593dc67fd', '0d6c8009d9a94f5a', '85676696d7fb7e2d']

  test('is SipHash-2-4', () => {
    for (const [length, vector] of vectors.entries()) {
      expect(
        hashText(
          hash64(
            key,
            Uint8Array.from({ length }, (_, i) => i),
          ),
        ),
      ).toBe(vector)
    }
    expect(
      hashText(
        hash64(
          key,
          Uint8Array.from({ length: 15 }, (_, i) => i),
        ),
      ),
    ).toBe('a129ca6149be45e5')
  })
})

function sets(seed: number, common: number, mine: number, theirs: number) {
  const random = seededRandom(seed)
  const make = (count: number): Hash64[] =>
    Array.from({ length: count }, () => ({ high: random.below(2 ** 32), low: random.below(2 ** 32) }))
  const shared = make(common)
  return { a: [...shared, ...make(mine)], b: [...shared, ...make(theirs)] }
}

/** Reads a sketch in steps; answers what was found and how many cells it took. */
function reconcile(a: readonly Hash64[], b: readonly Hash64[]) {
  const theirs = new Sketch(() => b)
  const decoder = new SketchDecoder(new Sketch(() => a))
  for (let cells = 0; cells < 100_000; ) {
    const count = Math.max(4, cells >> 3)
    const found = decoder.take(theirs.cells(cells, count))
    cells += count
    if (found !== undefined) return { found, cells }
  }
  throw new Error('never read')
}

const texts = (items: readonly Hash64[]): string[] => items.map(hashText).sort()

describe('a sketch', () => {
  test.each([
    [0, 0, 0],
    [100, 0, 1],
    [1000, 1, 0],
    [10_000, 10, 10],
    [2000, 500, 700],
    [0, 300, 0],
  ])('of sets with %i items in common tells the %i and %i others', (common, mine, theirs) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { a, b } = sets(seed, common, mine, theirs)
      const { found, cells } = reconcile(a, b)
      expect(texts(found.mine)).toEqual(texts(a.slice(common)))
      expect(texts(found.theirs)).toEqual(texts(b.slice(common)))
      if (mine + theirs >= 100) expect(cells).toBeLessThan(2 * (mine + theirs))
    }
  })

  test('that is kept up to date has the cells of one made anew', () => {
    const { a, b } = sets(3, 50, 20, 30)
    const items = new Set(a)
    const kept = new Sketch(() => items)
    kept.cells(0, 64)
    for (const item of a.slice(40)) {
      items.delete(item)
      kept.remove(item)
    }
    for (const item of b.slice(50)) {
      items.add(item)
      kept.add(item)
    }
    expect(kept.cells(0, 200)).toEqual(new Sketch(() => items).cells(0, 200))
  })

  test('of cells that somebody made up ends', () => {
    const random = seededRandom(9)
    const decoder = new SketchDecoder(new Sketch(() => []))
    const word = (): number => random.below(2 ** 32)
    const cells = Array.from({ length: 500 }, () => ({
      count: random.below(3) - 1,
      sum: { high: word(), low: word() },
      check: word(),
    }))
    expect(decoder.take(cells)).toBeUndefined()
  })
})

describe('ranges', () => {
  test.each([
    [0, 0, 5],
    [1000, 3, 4],
    [5000, 400, 300],
    [0, 2000, 2000],
  ])('of sets with %i items in common tell the %i and %i others', (common, mine, theirs) => {
    const { a, b } = sets(5, common, mine, theirs)
    const sorted = (items: readonly Hash64[]): Hash64[] => items.toSorted((x, y) => x.high - y.high || x.low - y.low)
    const sides = [sorted(a), sorted(b)] as const
    const lacking: [Set<string>, Set<string>] = [new Set(), new Set()]
    let messages = [wholeRange(sides[0])]
    for (let turn = 1; messages.length > 0; turn += 1) {
      expect(turn).toBeLessThan(20)
      const here = turn % 2 === 0 ? 0 : 1
      const next: (typeof messages)[number][] = []
      for (const message of messages) {
        const result = compareRanges(sides[here], { kind: 'ranges', ...message })
        for (const item of result.unknown) lacking[here].add(hashText(item))
        for (const item of result.mine) lacking[1 - here]?.add(hashText(item))
        next.push(...result.reply)
      }
      messages = next
    }
    expect([...lacking[1]].sort()).toEqual(texts(a.slice(common)))
    expect([...lacking[0]].sort()).toEqual(texts(b.slice(common)))
  })
})
