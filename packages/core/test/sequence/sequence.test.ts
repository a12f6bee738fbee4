/** The contract by example: what each call answers, and what is refused without a trace. */
import { describe, expect, test } from 'vitest'
import { checkSequence } from '../../src/sequence/check.ts'
import { RunColumns } from '../../src/sequence/run-columns.ts'
import { type Placement, Sequence } from '../../src/sequence/sequence.ts'

const A = 0
const B = 1
const C = 2
const ROOT: Placement = { parentActor: -1, parentCounter: 0, side: 1 }
const nothing = (): void => {}
const child = (parentActor: number, parentCounter: number, side: 0 | 1): Placement => ({
  parentActor,
  parentCounter,
  side,
})

const empty = (compare: (a: number, b: number) => number = (a, b) => a - b): Sequence => new Sequence(compare)

/** Runs as text, deleted ones in brackets: `a1-3 <a0R`. */
function shown(
  sequence: Sequence,
  each: (sequence: Sequence, visit: Visit) => void = (s, v) => s.forEachRun(v),
): string[] {
  const runs: string[] = []
  const name = (actor: number): string => (actor < 0 ? 'root' : String.fromCharCode(97 + actor))
  each(sequence, (actor, counter, count, deleted, parentActor, parentCounter, side) => {
    const ids = `${name(actor)}${counter}${count > 1 ? `-${counter + count - 1}` : ''}`
    runs.push(`${deleted ? `[${ids}]` : ids} <${name(parentActor)}${parentCounter}${side === 1 ? 'R' : 'L'}`)
  })
  return runs
}

type Visit = Parameters<Sequence['forEachRun']>[0]

describe('local edits', () => {
  test('typing makes one run, and every further id is the right child of the one before', () => {
    const sequence = empty()
    sequence.insert(0, A, 1, 1)
    sequence.insert(1, A, 2, 3)
    expect(shown(sequence)).toEqual(['a1-4 <root0R'])
    expect(sequence.placementOf(A, 3)).toEqual(child(A, 2, 1))
  })

  test('an insert inside a run hangs on the left of what follows it', () => {
    const sequence = empty()
    sequence.insert(0, A, 1, 4)
    sequence.insert(2, A, 5, 1)
    expect(shown(sequence)).toEqual(['a1-2 <root0R', 'a5 <a3L', 'a3-4 <a2R'])
    expect(sequence.placementOf(A, 5)).toEqual(child(A, 3, 0))
  })

  test('the right origin is the next id even when it is deleted', () => {
    const sequence = empty()
    sequence.insert(0, A, 1, 4)
    sequence.delete(1, 2, nothing)
    sequence.insert(1, A, 7, 1)
    expect(shown(sequence)).toEqual(['a1 <root0R', 'a7 <a2L', '[a2-3] <a1R', 'a4 <a3R'])
  })

  test('an insert behind a deleted id stays beside it', () => {
    const sequence = empty()
    sequence.insert(0, A, 1, 4)
    sequence.delete(1, 2, nothing)
    expect(sequence.insertAfter(A, 2, A, 5, 2)).toEqual({ placement: child(A, 3, 0), position: 1 })
    expect(sequence.insertAfter(A, 4, A, 7, 1)).toEqual({ placement: child(A, 4, 1), position: 4 })
    expect(sequence.insertAfter(-1, 0, A, 8, 1)).toEqual({ placement: child(A, 1, 0), position: 0 })
    expect(shown(sequence)).toEqual([
      'a8 <a1L',
      'a1 <root0R',
      '[a2] <a1R',
      'a5-6 <a3L',
      '[a3] <a2R',
      'a4 <a3R',
      'a7 <a4R',
    ])
    checkSequence(sequence)
  })

  test('a delete visits the ids by runs, and joins what was deleted side by side', () => {
    const sequence = empty()
    sequence.insert(0, A, 1, 6)
    sequence.insert(3, B, 1, 2)
    const visited: number[][] = []
    sequence.delete(2, 4, (...ids) => visited.push(ids))
    expect(visited).toEqual([
      [A, 3, 1],
      [B, 1, 2],
      [A, 4, 1],
    ])
    sequence.delete(0, 2, nothing)
    expect(shown(sequence)).toEqual(['[a1-3] <root0R', '[b1-2] <a4L', '[a4] <a3R', 'a5-6 <a4R'])
  })

  test('ids are found by position, and positions by id', () => {
    const sequence = empty()
    sequence.insert(0, A, 10, 3)
    sequence.insert(1, B, 5, 2)
    sequence.delete(1, 1, nothing)
    const id = { actor: 9, counter: 9 }
    expect(sequence.idAt(1, id)).toBe(id)
    expect(id).toEqual({ actor: B, counter: 6 })
    expect(sequence.idAt(3)).toEqual({ actor: A, counter: 12 })
    expect(sequence.positionOf(B, 5)).toBe(1)
    expect(sequence.isVisible(B, 5)).toBe(false)
    expect(sequence.positionOf(A, 12)).toBe(3)
    expect([sequence.has(A, 9), sequence.has(A, 10), sequence.has(A, 13), sequence.has(C, 1)]).toEqual([
      false,
      true,
      false,
      false,
    ])
  })
})

describe('remote edits', () => {
  test('siblings ascend by actor, whatever comes first', () => {
    for (const order of [
      [A, B, C],
      [C, B, A],
      [B, C, A],
    ]) {
      const sequence = empty()
      for (const actor of order) sequence.integrate(actor, 1, 2, ROOT, false)
      expect(shown(sequence)).toEqual(['a1-2 <root0R', 'b1-2 <root0R', 'c1-2 <root0R'])
    }
  })

  test('the order of actors is that of the caller, not of their numbers', () => {
    const sequence = empty((a, b) => b - a)
    for (const actor of [A, C, B]) sequence.integrate(actor, 1, 1, ROOT, false)
    expect(shown(sequence)).toEqual(['c1 <root0R', 'b1 <root0R', 'a1 <root0R'])
  })

  test('a smaller sibling parts a run, a larger one goes behind all of it', () => {
    const sequence = empty()
    sequence.integrate(B, 1, 4, ROOT, false)
    expect(sequence.integrate(A, 1, 1, child(B, 2, 1), false)).toBe(2)
    expect(sequence.integrate(C, 1, 1, child(B, 2, 1), false)).toBe(5)
    expect(shown(sequence)).toEqual(['b1-2 <root0R', 'a1 <b2R', 'b3-4 <b2R', 'c1 <b2R'])
    checkSequence(sequence)
  })

  test('two right children of one id are two runs, even of one actor and consecutive', () => {
    const sequence = empty()
    for (const counter of [1, 3, 2]) sequence.integrate(A, counter, 1, counter === 1 ? ROOT : child(A, 1, 1), false)
    expect(shown(sequence)).toEqual(['a1-2 <root0R', 'a3 <a1R'])
    checkSequence(sequence)
  })

  test('a run behind which a larger sibling of its middle stands is still one run', () => {
    const sequence = empty()
    sequence.integrate(B, 1, 4, ROOT, false)
    sequence.integrate(C, 1, 1, child(B, 2, 1), false)
    expect(shown(sequence)).toEqual(['b1-4 <root0R', 'c1 <b2R'])
    const visited: number[][] = []
    sequence.delete(0, 4, (...ids) => visited.push(ids))
    expect(visited.flatMap(([, , count]) => count)).toEqual([2, 2])
    expect(shown(sequence)).toEqual(['[b1-4] <root0R', 'c1 <b2R'])
    checkSequence(sequence)
  })

  test('a removal reports ranges of the content as it is then, and skips what is gone', () => {
    const sequence = empty()
    sequence.insert(0, A, 1, 6)
    sequence.insert(2, B, 1, 1)
    sequence.delete(4, 1, nothing)
    const ranges: number[][] = []
    sequence.remove(A, 1, 6, (...range) => ranges.push(range))
    expect(ranges).toEqual([
      [0, 2],
      [1, 1],
      [1, 2],
    ])
    sequence.remove(A, 1, 6, (...range) => ranges.push(range))
    expect(ranges.length).toBe(3)
    expect(sequence.length).toBe(1)
  })

  test('deleted runs arrive as such, and grow with what continues them', () => {
    const sequence = empty()
    sequence.integrate(A, 1, 2, ROOT, true)
    sequence.integrate(A, 3, 2, child(A, 2, 1), true)
    sequence.integrate(A, 5, 1, child(A, 4, 1), false)
    expect(shown(sequence)).toEqual(['[a1-4] <root0R', 'a5 <a4R'])
    expect([sequence.length, sequence.idCount]).toEqual([1, 5])
  })
})

describe('runs of one actor', () => {
  test('are those of the document, clipped, so that their content is one stretch', () => {
    const sequence = empty()
    sequence.insert(0, A, 3, 4)
    sequence.insert(2, B, 1, 1)
    sequence.insert(5, A, 9, 2)
    sequence.delete(4, 1, nothing)
    const between = (first: number, last: number): string[] =>
      shown(sequence, (s, visit) => s.forEachRunOf(A, first, last, visit))
    expect(between(1, 2 ** 32 - 1)).toEqual(['a3-4 <root0R', 'a5 <a4R', '[a6] <a5R', 'a9-10 <a6R'])
    expect(between(4, 9)).toEqual(['a4 <a3R', 'a5 <a4R', '[a6] <a5R', 'a9 <a6R'])
    expect(between(7, 8)).toEqual([])
    expect(between(11, 20)).toEqual([])
    expect(between(10, 10)).toEqual(['a10 <a9R'])
    expect(shown(sequence, (s, visit) => s.forEachRunOf(C, 1, 9, visit))).toEqual([])
  })
})

describe('loading', () => {
  const load = (runs: readonly (readonly [number, number, number, boolean, Placement])[]): Sequence => {
    const columns = new RunColumns()
    for (const [actor, counter, count, deleted, { parentActor, parentCounter, side }] of runs) {
      columns.add(actor, counter, count, deleted, parentActor, parentCounter, side)
    }
    return Sequence.load(columns, (a, b) => a - b)
  }

  test('takes runs by id and can be edited at once', () => {
    const sequence = load([
      [A, 1, 3, true, ROOT],
      [B, 1, 2, false, child(A, 1, 0)],
      [C, 1, 1, false, child(A, 2, 1)],
    ])
    expect([sequence.length, sequence.idCount]).toEqual([3, 6])
    expect(sequence.idAt(2)).toEqual({ actor: C, counter: 1 })
    expect(shown(sequence)).toEqual(['b1-2 <a1L', '[a1-3] <root0R', 'c1 <a2R'])
    expect(sequence.integrate(B, 3, 1, child(A, 2, 1), false)).toBe(2)
    expect(shown(sequence)).toEqual(['b1-2 <a1L', '[a1-3] <root0R', 'b3 <a2R', 'c1 <a2R'])
    checkSequence(sequence)
  })

  test('puts siblings in their order, whatever the order of the actors', () => {
    const sequence = load([
      [C, 1, 1, false, ROOT],
      [A, 1, 2, false, ROOT],
      [B, 1, 1, false, child(A, 1, 1)],
    ])
    expect(shown(sequence)).toEqual(['a1-2 <root0R', 'b1 <a1R', 'c1 <root0R'])
    checkSequence(sequence)
  })

  test('cuts runs where deletion begins and ends', () => {
    const sequence = load([
      [A, 1, 2, true, ROOT],
      [A, 3, 2, false, child(A, 2, 1)],
      [A, 5, 3, true, child(A, 4, 1)],
      [A, 8, 1, false, child(A, 7, 1)],
    ])
    expect(shown(sequence)).toEqual(['[a1-2] <root0R', 'a3-4 <a2R', '[a5-7] <a4R', 'a8 <a7R'])
    const columns = new RunColumns()
    sequence.collect(columns, A)
    expect([columns.counts, columns.stretches, columns.shown]).toEqual([[8], [0, 2, 2, 3], 3])
    checkSequence(sequence)
  })

  test.each([
    [
      'a circle',
      [
        [A, 1, 1, false, child(B, 1, 1)],
        [B, 1, 1, false, child(A, 1, 1)],
      ],
      'hang on each other',
    ],
    ['an unknown parent', [[A, 1, 1, false, child(B, 1, 1)]], 'without its parent'],
    [
      'a parent beyond a run',
      [
        [A, 1, 2, false, ROOT],
        [B, 1, 1, false, child(A, 3, 1)],
      ],
      'without its parent',
    ],
    ['a left child of the root', [[A, 1, 1, false, child(-1, 0, 0)]], 'no left children'],
  ] as const)('what is not a document is told: %s', (_, runs, message) => {
    expect(() => load(runs)).toThrow(message)
  })

  test('a cleared sequence is as new', () => {
    const sequence = empty()
    sequence.insert(0, A, 1, 5)
    sequence.delete(1, 2, nothing)
    sequence.clear()
    expect([sequence.length, sequence.idCount, sequence.has(A, 1), shown(sequence)]).toEqual([0, 0, false, []])
    for (const actor of [B, A, C]) sequence.integrate(actor, 1, 1, ROOT, false)
    expect(shown(sequence)).toEqual(['a1 <root0R', 'b1 <root0R', 'c1 <root0R'])
    checkSequence(sequence)
  })
})

test('what is refused leaves no trace', () => {
  const sequence = empty()
  sequence.insert(0, A, 1, 3)
  sequence.insert(1, B, 1, 2)
  sequence.delete(3, 1, nothing)
  const before = shown(sequence)
  const refused: [string, () => unknown][] = [
    ['position out of range', () => sequence.insert(5, A, 9, 1)],
    ['position out of range', () => sequence.insert(-1, A, 9, 1)],
    ['position out of range', () => sequence.insert(0.5, A, 9, 1)],
    ['position out of range', () => sequence.insert(Number.NaN, A, 9, 1)],
    ['position out of range', () => sequence.delete(3, 2, nothing)],
    ['position out of range', () => sequence.delete(0, -1, nothing)],
    ['position out of range', () => sequence.idAt(4)],
    ['counter out of range', () => sequence.insert(0, A, 0, 1)],
    ['counter out of range', () => sequence.insert(0, A, 9, 0)],
    ['counter out of range', () => sequence.insert(0, A, 2 ** 32 - 1, 2)],
    ['too long', () => sequence.integrate(A, 9, 2 ** 31, ROOT, false)],
    ['id inserted twice', () => sequence.insert(0, A, 2, 1)],
    ['id inserted twice', () => sequence.integrate(C, 1, 1, ROOT, false) && sequence.integrate(C, 1, 1, ROOT, false)],
    ['unknown id', () => sequence.integrate(A, 9, 1, child(C, 7, 1), false)],
    ['no left children', () => sequence.integrate(A, 9, 1, child(-1, 0, 0), false)],
    ['unknown id', () => sequence.insertAfter(C, 7, A, 9, 1)],
    ['unknown id', () => sequence.positionOf(A, 4)],
    ['unknown id', () => sequence.remove(A, 4, 1, nothing)],
  ]
  for (const [message, call] of refused) expect(call, message).toThrow(message)
  checkSequence(sequence)
  expect(shown(sequence)).toEqual([...before, 'c1 <root0R'])
})
