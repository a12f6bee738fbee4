/** What a change says of plain values, without a document to apply it to. */
import { describe, expect, test } from 'vitest'
import { Doc, defineSchema, HybridClock, lww, openChange, orMap } from '../../src/index.ts'
import { plainEffects } from '../../src/plain.ts'
import { testActor } from '../fuzz/actors.ts'
import { inputsPerDecoder, refusal } from '../fuzz/harness.ts'
import { mutate } from '../fuzz/mutate.ts'
import { seeded } from '../fuzz/random.ts'

const schema = defineSchema({ one: orMap(), two: orMap() })

function doc(name: string, wallMs = () => 1_000) {
  return new Doc({
    actor: { id: testActor(name).id, clock: new HybridClock(wallMs) },
    incarnation: 'i',
    schema,
    copies: true,
  })
}

describe('plainEffects', () => {
  test('tells writes, and what they overwrote or removed', () => {
    const a = doc('a')
    const actor = a.actor.id
    const first = a.change(({ one }) => one.setLww('k', 1)) as Uint8Array
    expect(plainEffects(openChange(first))).toEqual([
      {
        field: 'one',
        key: 'k',
        write: { value: 1, timeMicros: 1_000_000, replica: 'a', dot: { actor, counter: 1 } },
        removed: [],
      },
    ])
    const second = a.change(({ one, two }) => {
      one.setLww('k', 2)
      one.setLww('l', [true])
      two.setLww('m', null, { timeMicros: 5, replica: 'z' })
    }) as Uint8Array
    const dot = { actor, counter: 2 }
    const effects = plainEffects(openChange(second))
    expect(effects).toHaveLength(3)
    expect(effects).toEqual(
      expect.arrayContaining([
        {
          field: 'one',
          key: 'k',
          write: { value: 2, timeMicros: 1_000_001, replica: 'a', dot },
          removed: [{ actor, counter: 1 }],
        },
        { field: 'one', key: 'l', write: { value: [true], timeMicros: 1_000_001, replica: 'a', dot }, removed: [] },
        { field: 'two', key: 'm', write: { value: null, timeMicros: 5, replica: 'z', dot }, removed: [] },
      ]),
    )
    const third = a.change(({ one }) => one.remove('k')) as Uint8Array
    expect(plainEffects(openChange(third))).toEqual([{ field: 'one', key: 'k', removed: [dot] }])
  })

  test('tells what was seen of others', () => {
    const [a, b] = [doc('a'), doc('b')]
    b.apply(a.change(({ one }) => one.setLww('k', 1)) as Uint8Array)
    const change = b.change(({ one }) => one.remove('k')) as Uint8Array
    expect(plainEffects(openChange(change))).toEqual([
      { field: 'one', key: 'k', removed: [{ actor: a.actor.id, counter: 1 }] },
    ])
  })

  test('refuses what is no plain value', () => {
    const a = doc('a')
    const register = a.change(() => a.field('title', lww<string>()).set('x')) as Uint8Array
    const nested = a.change(({ one }) => one.open('k', orMap()).setLww('deep', 1)) as Uint8Array
    for (const bytes of [register, nested]) expect(() => plainEffects(openChange(bytes))).toThrow('another type')
  })

  test('bytes that are damaged are refused, or read as something else, and nothing worse', () => {
    const a = doc('a')
    a.change(({ one }) => one.setLww('k', 0))
    const bytes = a.change(({ one }) => {
      one.setLww('k', 'value')
      one.setLww('l', { a: 1 })
      one.remove('k')
    }) as Uint8Array
    const random = seeded(7)
    let refused = 0
    for (let i = 0; i < inputsPerDecoder; i += 1) {
      const damaged = mutate(bytes, random, bytes)
      // Throws what is no refusal.
      if (refusal(() => void plainEffects(openChange(damaged))) !== undefined) refused += 1
    }
    expect(refused).toBeGreaterThan(inputsPerDecoder / 4)
  })
})
