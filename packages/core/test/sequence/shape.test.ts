/** Shapes that ruin careless structures, at a size where a quadratic one would not finish. */
import { describe, expect, test } from 'vitest'
import { checkSequence } from '../../src/sequence/check.ts'
import { type Placement, Sequence } from '../../src/sequence/sequence.ts'

const COUNT = 100_000
const DEPTH = 50_000
const ROOT: Placement = { parentActor: -1, parentCounter: 0, side: 1 }
const nothing = (): void => {}

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const empty = (): Sequence => new Sequence((a, b) => a - b)

/** Counters of the visible ids in order. */
function counters(sequence: Sequence): number[] {
  const result: number[] = []
  sequence.forEachRun((_, counter, count, deleted) => {
    for (let k = 0; !deleted && k < count; k++) result.push(counter + k)
  })
  return result
}

function runCount(sequence: Sequence): number {
  let runs = 0
  sequence.forEachRun(() => runs++)
  return runs
}

/** Inserts ids one by one and mirrors them in blocks, where a plain array would take too long. */
class Mirror {
  readonly #blocks: number[][] = [[]]

  insert(position: number, value: number): void {
    let rest = position
    let at = 0
    while (rest > (this.#blocks[at] as number[]).length) rest -= (this.#blocks[at++] as number[]).length
    const block = this.#blocks[at] as number[]
    block.splice(rest, 0, value)
    if (block.length > 1000) this.#blocks.splice(at + 1, 0, block.splice(500))
  }

  values(): number[] {
    return this.#blocks.flat()
  }
}

const places: Readonly<Record<string, (step: number, next: (below: number) => number) => number>> = {
  'at the end': (step) => step,
  'at the start': () => 0,
  'behind the tenth': (step) => Math.min(step, 10),
  'at both ends in turn': (step) => (step % 2 === 0 ? 0 : step),
  'in the middle': (step) => step >>> 1,
  anywhere: (step, next) => next(step + 1),
}

describe('many inserts', () => {
  test.each(Object.entries(places))('%s', (_, place) => {
    const sequence = empty()
    const mirror = new Mirror()
    const next = random(1)
    for (let step = 0; step < COUNT; step++) {
      const position = place(step, next)
      sequence.insert(position, 0, step + 1, 1)
      mirror.insert(position, step + 1)
    }
    const values = mirror.values()
    checkSequence(sequence)
    expect(counters(sequence)).toEqual(values)
    for (let position = 0; position < COUNT; position += 997) {
      expect(sequence.idAt(position).counter).toBe(values[position])
      expect(sequence.positionOf(0, values[position] as number)).toBe(position)
    }
    sequence.delete(0, COUNT, nothing)
    expect(sequence.length).toBe(0)
    checkSequence(sequence)
  })

  test('words anywhere, which cut words', () => {
    const sequence = empty()
    const next = random(2)
    for (let step = 0; step < COUNT; step++) sequence.insert(next(5 * step + 1), 0, 5 * step + 1, 5)
    expect(sequence.length).toBe(5 * COUNT)
    checkSequence(sequence)
  })
})

describe('many deletes', () => {
  const pasted = (): Sequence => {
    const sequence = empty()
    sequence.insert(0, 0, 1, COUNT)
    return sequence
  }

  test.each([
    ['from the front', () => 0],
    ['from the back', (left: number) => left - 1],
    ['anywhere', random(3)],
  ] as const)('%s, until one run is left', (_, place) => {
    const sequence = pasted()
    let visited = 0
    for (let left = COUNT; left > 0; left--) {
      sequence.delete(place(left), 1, (_actor, _counter, count) => {
        visited += count
      })
    }
    expect(visited).toBe(COUNT)
    expect([sequence.length, sequence.idCount, runCount(sequence)]).toEqual([0, COUNT, 1])
    // What has shrunk grows again.
    for (let step = 1; step <= 200; step++) sequence.insert(0, 1, 2 * step, 1)
    expect(counters(sequence)).toEqual(Array.from({ length: 200 }, (_, index) => 2 * (200 - index)))
    checkSequence(sequence)
  })

  test('by id, every other first', () => {
    const sequence = pasted()
    for (let counter = 1; counter <= COUNT; counter += 2) sequence.remove(0, counter, 1, nothing)
    expect(runCount(sequence)).toBe(COUNT)
    const ranges: number[] = []
    sequence.remove(0, 1, COUNT, (position, count) => ranges.push(position, count))
    expect(ranges.length).toBe(COUNT)
    expect([sequence.length, runCount(sequence)]).toEqual([0, 1])
    checkSequence(sequence)
  })

  test('and inserts across a long deleted stretch', () => {
    const sequence = empty()
    for (let step = 0; step < COUNT; step++) sequence.insert(0, 0, step + 1, 1)
    sequence.delete(1, COUNT - 2, nothing)
    for (let step = 0; step < COUNT; step++) {
      sequence.insert(1, 0, COUNT + step + 1, 1)
      sequence.delete(1, 1, nothing)
    }
    expect(sequence.length).toBe(2)
    checkSequence(sequence)
  })
})

describe('many siblings', () => {
  test('1,500 and 20,000 heads at one place, in any order of arrival', () => {
    for (const heads of [1500, 20_000]) {
      const sequence = empty()
      for (let step = 0; step < heads; step++) sequence.integrate((step * 7919) % heads, 1, 3, ROOT, false)
      expect(sequence.length).toBe(3 * heads)
      for (let actor = 0; actor < heads; actor += 100) expect(sequence.positionOf(actor, 1)).toBe(3 * actor)
      checkSequence(sequence)
    }
  })

  test('1,500 heads beside a path of 100,000 left children', () => {
    const sequence = empty()
    for (let step = 0; step < COUNT; step++) sequence.insert(0, 9999, step + 1, 1)
    const first: Placement = { parentActor: 9999, parentCounter: 1, side: 0 }
    for (let step = 0; step < 1500; step++) sequence.integrate((step * 7919) % 1500, 1, 3, first, false)
    for (let actor = 0; actor < 1500; actor++) expect(sequence.positionOf(actor, 1)).toBe(3 * actor)
    expect(sequence.positionOf(9999, COUNT)).toBe(4500)
    checkSequence(sequence)
  })

  // A path of 50,000 ids on one side, and at every id of it a smaller and a larger sibling of the next one.
  test.each([
    ['left', 0, 1],
    ['right', 1, 1],
    ['right, of two writers in turn', 1, 2],
  ] as const)('along a deep path to the %s', (_, side, writers) => {
    const sequence = empty()
    const writer = (counter: number): number => 1 + (counter % writers)
    for (let counter = 1; counter <= DEPTH; counter++) {
      const parent: Placement = { parentActor: writer(counter - 1), parentCounter: counter - 1, side }
      sequence.integrate(writer(counter), counter, 1, counter === 1 ? ROOT : parent, false)
    }
    for (let step = 1; step < DEPTH; step++) {
      const parentCounter = 1 + ((step * 7919) % (DEPTH - 1))
      const placement: Placement = { parentActor: writer(parentCounter), parentCounter, side }
      sequence.integrate(step % 2 === 0 ? 0 : 9, step, 1, placement, false)
    }
    expect(sequence.length).toBe(2 * DEPTH - 1)
    checkSequence(sequence)
  })
})

test('a paste of four thousand million ids that are all deleted is one run', () => {
  const sequence = empty()
  sequence.integrate(0, 1, 2 ** 32 - 1, ROOT, true)
  sequence.integrate(1, 1, 2, { parentActor: 0, parentCounter: 2 ** 31 + 5, side: 1 }, false)
  sequence.integrate(1, 3, 2, { parentActor: 0, parentCounter: 2 ** 32 - 1, side: 0 }, false)
  sequence.insertAfter(0, 2 ** 32 - 1, 2, 1, 1)
  expect(counters(sequence)).toEqual([3, 4, 1, 1, 2])
  expect(sequence.idCount).toBe(2 ** 32 + 4)
  checkSequence(sequence)
})
