/**
 * What Fugue is for: what one replica writes at a place, forwards or backwards, is not mixed with what others write there
 * at the same time.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkSequence } from '../../src/sequence/check.ts'
import { Sequence } from '../../src/sequence/sequence.ts'

const HISTORIES = process.env.JOINERY_SOAK ? 20_000 : 200
const SEED = Number(process.env.JOINERY_SEED ?? 20_261_121)
const BASE = 99

type Style = 'forwards' | 'backwards' | 'anyhow'

interface Writer {
  readonly style: Style
  /** Where each piece goes, as a choice among the places in the writer's own text. */
  readonly pieces: readonly { readonly place: number; readonly count: number }[]
}

/** A document of a base text, deleted here and there. */
function base(length: number, deleted: readonly number[]): Sequence {
  const sequence = new Sequence((a, b) => a - b)
  if (length > 0) sequence.insert(0, BASE, 1, length)
  for (const at of deleted) {
    if (sequence.length > 0) sequence.delete(at % sequence.length, 1, () => {})
  }
  return sequence
}

function write(sequence: Sequence, actor: number, position: number, { style, pieces }: Writer): number {
  let written = 0
  for (const { place, count } of pieces) {
    const at = style === 'forwards' ? written : style === 'backwards' ? 0 : place % (written + 1)
    sequence.insert(position + at, actor, written + 1, count)
    written += count
  }
  return written
}

/** Takes in one writer's ids, in the order in which they were written. */
function merge(into: Sequence, from: Sequence, actor: number): void {
  from.forEachRunOf(actor, 1, 2 ** 32 - 1, (_, counter, count, deleted, parentActor, parentCounter, side) => {
    into.integrate(actor, counter, count, { parentActor, parentCounter, side }, deleted)
  })
}

function visibleIds(sequence: Sequence): string[] {
  return Array.from({ length: sequence.length }, (_, position) => {
    const { actor, counter } = sequence.idAt(position)
    return `${actor}:${counter}`
  })
}

const writer = (style: fc.Arbitrary<Style>): fc.Arbitrary<Writer> =>
  fc.record({
    style,
    pieces: fc.array(fc.record({ place: fc.nat({ max: 50 }), count: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 8,
    }),
  })

function property(style: fc.Arbitrary<Style>) {
  return fc.property(
    fc.array(writer(style), { minLength: 2, maxLength: 6 }),
    fc.nat({ max: 8 }),
    fc.array(fc.nat({ max: 8 }), { maxLength: 4 }),
    fc.nat({ max: 8 }),
    fc.integer(),
    (writers, length, deleted, place, order) => {
      const position = place % (base(length, deleted).length + 1)
      const texts = writers.map((one, actor) => {
        const sequence = base(length, deleted)
        write(sequence, actor, position, one)
        return sequence
      })
      const turned = writers.map((_, index) => (index * 5 + (order >>> 0)) % writers.length)
      const arrivals = [writers.keys(), [...writers.keys()].reverse(), new Set([...turned, ...writers.keys()])]
      const results = arrivals.map((actors) => {
        const merged = base(length, deleted)
        for (const actor of actors) merge(merged, texts[actor] as Sequence, actor)
        checkSequence(merged)
        return visibleIds(merged)
      })
      const [ids] = results as [string[], ...string[][]]
      for (const result of results) expect(result).toEqual(ids)
      // Each one's text stands in one piece, and as it was written.
      for (const [actor, text] of texts.entries()) {
        const own = (id: string): boolean => id.startsWith(`${actor}:`)
        const first = ids.findIndex(own)
        const expected = visibleIds(text).filter(own)
        expect(ids.slice(first, first + expected.length)).toEqual(expected)
      }
    },
  )
}

describe('concurrent runs at one place stay whole', () => {
  const styles: readonly [string, fc.Arbitrary<Style>][] = [
    ['written forwards', fc.constant('forwards')],
    ['written backwards', fc.constant('backwards')],
    ['written forwards, backwards or in any order, mixed', fc.constantFrom('forwards', 'backwards', 'anyhow')],
  ]
  test.each(styles)('%s', (_, style) => {
    fc.assert(property(style), { numRuns: HISTORIES, seed: SEED })
  })
})
