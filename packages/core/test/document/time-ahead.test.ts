/** Who admits what others made can say how late a time may be: of the change, and of everything inside it. */
import { expect, test } from 'vitest'
import { Doc, defineSchema, HybridClock, list, lww, mvRegister, orMap, type Schema } from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'
import { hex, refusal } from '../fuzz/harness.ts'

const schema = defineSchema({ one: lww<number>(), many: mvRegister<number>(), map: orMap(), items: list<number>() })
const NOW = 1_800_000_000_000_000
const LATER = NOW + 120_000_000

type Root = Parameters<Parameters<Doc<typeof schema extends Schema<infer S> ? S : never>['change']>[0]>[0]

const writes: Readonly<Record<string, (root: Root) => void>> = {
  'a register': (root) => root.one.set(1, { timeMicros: LATER }),
  'a key of a map': (root) => root.map.setLww('a', 1, { timeMicros: LATER }),
  'one key of several': (root) => {
    root.map.setLww('a', 1)
    root.map.setLww('b', 2, { timeMicros: LATER })
    root.map.setLww('c', 3)
  },
}

test.each(Object.entries(writes))('%s from the future is refused whole, and taken by who sets no bound', (_, write) => {
  const author = new Doc({ actor: testActor('a'), incarnation: 'i', schema, copies: true })
  const first = author.change((root) => root.items.insert(0, 1), { timeMicros: NOW }) as Uint8Array
  const bytes = author.change((root) => write(root as unknown as Root), { timeMicros: NOW }) as Uint8Array
  const reader = new Doc({ actor: testActor('b'), incarnation: 'i', schema })
  reader.apply(first, { timeMaxMicros: NOW })
  const before = hex(reader.snapshot())
  expect(refusal(() => reader.apply(bytes, { timeMaxMicros: LATER - 1 }))?.code).toBe('CORE_TIME_AHEAD')
  expect(hex(reader.snapshot())).toBe(before)
  const other = new Doc({ actor: testActor('c'), incarnation: 'i', schema })
  for (const each of [first, bytes]) other.apply(each)
  reader.apply(bytes, { timeMaxMicros: LATER })
  expect(hex(reader.snapshot())).toBe(hex(other.snapshot()))
})

test('a move from the future is refused', () => {
  const clock = new HybridClock(() => LATER / 1000)
  const author = new Doc({ actor: { id: testActor('a').id, clock }, incarnation: 'i', schema, copies: true })
  const first = author.change((root) => root.items.insert(0, 1, 2), { timeMicros: NOW }) as Uint8Array
  const bytes = author.change((root) => root.items.move(0, 1)) as Uint8Array
  const reader = new Doc({ actor: testActor('b'), incarnation: 'i', schema })
  reader.apply(first, { timeMaxMicros: NOW })
  expect(refusal(() => reader.apply(bytes, { timeMaxMicros: NOW }))?.code).toBe('CORE_TIME_AHEAD')
  reader.apply(bytes)
  expect(reader.toJSON()).toEqual(author.toJSON())
})
