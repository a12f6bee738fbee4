/** Plain values of maps, made by hand to hurt: every column in another form than its canonical one, and very many writes of one key. */
import { describe, expect, it } from 'vitest'
import { OrMap, Writer } from '../../src/index.ts'
import { testActor } from './actors.ts'
import { hex, refusal } from './harness.ts'

const STATE = 0x11
const DELTA = 0x12
const OR_MAP = 11
const INTEGER = 3
const STRING = 5

/** Columns of two writes `a = 1`, `b = 2` by one actor, as numbers; each can be given in another form. */
interface Columns {
  readonly count?: number
  readonly dots?: readonly number[]
  readonly keys?: (out: Writer) => void
  readonly times?: readonly number[]
  readonly replicas?: (out: Writer) => void
  readonly values?: readonly number[]
  readonly rest?: (out: Writer) => void
}

const dots = [1, 0, 1, 1, 0]
const zeros = (out: Writer): void => {
  out.varint(0)
  out.varint(0)
}

function numbers(writer: Writer, values: readonly number[]): void {
  for (const value of values) writer.varint(value)
}

/** Texts with their lengths. */
const texts =
  (all: string, ...lengths: number[]) =>
  (out: Writer): void => {
    out.string(all)
    numbers(out, lengths)
  }

function map(kind: number, columns: Columns): Uint8Array {
  const out = new Writer()
  numbers(out, [kind, OR_MAP, 1])
  out.string(testActor('mallory').id)
  // The actor's dots 1 to 9.
  numbers(out, [1, 0, 8])
  out.varint(columns.count ?? 2)
  numbers(out, columns.dots ?? dots)
  ;(columns.keys ?? texts('ab', 3, 0))(out)
  numbers(out, columns.times ?? [4 * 1000 + 1, 0])
  ;(columns.replicas ?? ((writer) => writer.varint(0)))(out)
  numbers(out, columns.values ?? [INTEGER, 1, 2, 4])
  ;(columns.rest ?? zeros)(out)
  return out.finish()
}

function code(bytes: Uint8Array): string | undefined {
  return refusal(() => new OrMap(testActor('a')).join(bytes))?.code
}

const replicas =
  (...stretches: (readonly [string, number])[]) =>
  (out: Writer): void => {
    out.varint(stretches.length)
    for (const [name, length] of stretches) {
      out.string(name)
      out.varint(length - 1)
    }
  }

describe('plain values of a map', () => {
  it('are read in their canonical form', () => {
    for (const kind of [STATE, DELTA]) {
      const reader = new OrMap(testActor('a'))
      reader.join(map(kind, {}))
      expect(reader.toJSON()).toEqual({ a: 1, b: 2 })
      expect(hex(reader.encode())).toBe(hex(map(STATE, {})))
    }
  })

  it.each<[string, Columns]>([
    ['more writes than bytes', { count: 2 ** 40 }],
    ['more writes than dots', { count: 3, keys: texts('abc', 3, 1), values: [INTEGER, 2, 2, 4, 6] }],
    ['an actor without dots', { dots: [1, 0, 0] }],
    ['an actor in two groups', { dots: [2, 0, 1, 0, 0, 1, 0] }],
    ['a dot nobody vouches for', { dots: [1, 0, 1, 1 + 2 * 9, 0] }],
    ['a dot beyond all counters', { dots: [1, 0, 1, 2 ** 40 + 1, 0] }],
    ['keys longer than their block', { keys: texts('ab', 5, 0) }],
    ['text left over', { keys: texts('abc', 3, 0) }],
    ['equal lengths apart', { keys: texts('ab', 2, 2) }],
    ['a key cut inside of a character', { keys: texts('😀', 3, 0) }],
    ['keys too long', { keys: texts(`a${'ä'.repeat(600)}`, 2, 1200) }],
    ['equal times apart', { times: [4000, 0] }],
    ['a time below 0', { times: [4000, 4 * 1001 + 2] }],
    ['a step where the time itself is written', { times: [4000, 2, 1001] }],
    ['a time beyond safe integers', { times: [2, 2 ** 53 - 1, 4] }],
    ['more times than writes', { times: [4 * 1000 + 1, 1] }],
    ['own replicas spelled out', { replicas: replicas(['', 2]) }],
    ['replicas of too few writes', { replicas: replicas(['web', 1]) }],
    ['replicas of too many writes', { replicas: replicas(['web', 3]) }],
    ['one replica twice', { replicas: replicas(['web', 1], ['web', 1]) }],
    ['values of one kind apart', { values: [INTEGER, 0, 2, INTEGER, 0, 4] }],
    ['more values than announced', { values: [INTEGER, 2, 2, 4, 6] }],
    ['an unknown kind of value', { values: [8, 1, 2, 4] }],
    ['strings longer than their block', { values: [STRING, 1, 0, 3, 0] }],
    [
      'a plain value among others',
      {
        rest: (out) => {
          numbers(out, [0, 1])
          out.string('k')
          numbers(out, [7, 1, 0])
        },
      },
    ],
    ['a removal of nothing', { rest: (out) => numbers(out, [1, 1, 0, 0]) }],
    ['a removal below a write that is not there', { rest: (out) => numbers(out, [1, 3, 1, 0, 3, 0]) }],
    ['two removals below one key', { rest: (out) => numbers(out, [2, 1, 1, 0, 3, 1, 1, 0, 4, 0]) }],
  ])('are refused: %s', (_, columns) => {
    for (const kind of [STATE, DELTA]) expect(code(map(kind, columns))).toMatch(/^CORE_DECODE/)
  })

  it('are refused with a key twice under one dot, and in a whole state out of order', () => {
    const twice = { keys: texts('aa', 3, 0) }
    for (const kind of [STATE, DELTA]) expect(code(map(kind, twice))).toBe('CORE_DECODE_INVALID')
    const descending = { keys: texts('ba', 3, 0) }
    expect(code(map(STATE, descending))).toBe('CORE_DECODE_INVALID')
    expect(code(map(DELTA, descending))).toBeUndefined()
  })

  it('carry times that are too far apart for a step', () => {
    const one = new OrMap(testActor('a'))
    one.setLww('late', 1, { timeMicros: Number.MAX_SAFE_INTEGER })
    one.setLww('early', 2, { timeMicros: 0 })
    const other = OrMap.decode(one.encode(), testActor('b'))
    expect(other.toJSON()).toEqual({ late: 1, early: 2 })
    expect(hex(other.encode())).toBe(hex(one.encode()))
  })
})

describe('many concurrent writes of one key', () => {
  const COUNT = 30_000

  /** Writes of one key under one dot each, which go back in time. */
  function crowd(from: number): Uint8Array {
    const out = new Writer()
    numbers(out, [DELTA, OR_MAP, 1])
    out.string(testActor('mallory').id)
    numbers(out, [1, from - 1, COUNT - 1, COUNT, 1, 0, COUNT, 2 * (from - 1)])
    for (let i = 1; i < COUNT; i += 1) out.varint(0)
    texts('k'.repeat(COUNT), 3, COUNT - 2)(out)
    out.varint(4 * (10 * COUNT - from))
    for (let i = 1; i < COUNT; i += 1) out.varint(4 + 2)
    numbers(out, [0, INTEGER, COUNT - 1])
    for (let i = 0; i < COUNT; i += 1) out.varint(2 * i)
    zeros(out)
    return out.finish()
  }

  it('are joined, encoded, joined again and removed without taking the square of their number', () => {
    const started = performance.now()
    const reader = new OrMap(testActor('a'))
    reader.join(crowd(1))
    reader.join(crowd(COUNT + 1))
    const state = reader.encode()
    const other = OrMap.decode(state, testActor('b'))
    other.join(state)
    expect(hex(other.encode())).toBe(hex(state))
    reader.remove('k')
    other.join(reader.takeDelta())
    other.join(crowd(1))
    expect(other.toJSON()).toEqual({})
    expect(performance.now() - started).toBeLessThan(6000)
  })
})
