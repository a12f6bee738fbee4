import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonValue, normalizeJson, readJson, writeJson } from '../../src/codec/json.ts'
import { Reader } from '../../src/codec/reader.ts'
import { isWellFormed } from '../../src/codec/utf8.ts'
import { compareKeys, valueKey } from '../../src/codec/value-key.ts'
import { Writer } from '../../src/codec/writer.ts'
import * as limits from '../../src/limits.ts'
import { hex, refusal } from '../fuzz/harness.ts'

const text = fc.string({ unit: 'binary', maxLength: 12 })
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toJSON', '0', '10', '9', '', '\u0000'))
const value = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as JsonValue),
  ),
})).value

function encoded(normal: JsonValue): Uint8Array {
  const writer = new Writer()
  writeJson(writer, normal)
  return writer.finish()
}

function refused(input: unknown): string | undefined {
  return refusal(() => normalizeJson(input))?.code
}

function nested(depth: number): JsonValue {
  let inner: JsonValue = 0
  for (let i = 0; i < depth; i += 1) inner = i % 2 === 0 ? [inner] : { k: inner }
  return inner
}

describe('JSON values', () => {
  it('come back, frozen, whatever the order of their keys', () => {
    fc.assert(
      fc.property(value, (input) => {
        const normal = normalizeJson(input)
        expect(normal).toEqual(JSON.parse(JSON.stringify(input, (_, item) => (Object.is(item, -0) ? 0 : item))))
        const bytes = encoded(normal)
        const reader = new Reader(bytes)
        const back = readJson(reader)
        reader.finish()
        expect(back).toEqual(normal)
        expect(hex(encoded(back))).toBe(hex(bytes))
        if (typeof back === 'object') expect(Object.isFrozen(back)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('one value, one encoding, one key; two values, two', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [x, y] = [normalizeJson(a), normalizeJson(b)]
        const same = hex(encoded(x)) === hex(encoded(y))
        expect(valueKey(x) === valueKey(y)).toBe(same)
        expect(compareKeys(valueKey(x), valueKey(y)) === 0).toBe(same)
        expect(Math.sign(compareKeys(valueKey(x), valueKey(y)))).toBe(
          -Math.sign(compareKeys(valueKey(y), valueKey(x))) + 0,
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('keys of values that look alike differ', () => {
    const alike: JsonValue[] = [
      'a',
      '"a"',
      ['a'],
      [['a']],
      { a: 1 },
      { entries: [['a', 1]] },
      [['a', 1]],
      '\u0000',
      '\u0000\u0000',
      '\u0000["a"]',
      1,
      '1',
      true,
      'true',
      null,
      'null',
      {},
      [],
      { a: { b: 1 } },
      { a: [['b', 1]] },
      { '1': 0 },
      { '01': 0 },
    ]
    expect(new Set(alike.map(valueKey)).size).toBe(alike.length)
  })

  it('keys that are integers, or __proto__, are keys like others', () => {
    const a = normalizeJson(JSON.parse('{"b":1,"10":2,"9":3,"__proto__":{"x":1}}') as JsonValue)
    const b = normalizeJson(JSON.parse('{"__proto__":{"x":1},"9":3,"10":2,"b":1}') as JsonValue)
    expect(hex(encoded(a))).toBe(hex(encoded(b)))
    const back = readJson(new Reader(encoded(a))) as Record<string, JsonValue>
    expect(Object.keys(back).sort()).toEqual(['10', '9', '__proto__', 'b'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect((back as { x?: number }).x).toBeUndefined()
  })

  it('-0 becomes 0, inside and outside', () => {
    expect(Object.is(normalizeJson(-0), 0)).toBe(true)
    expect(Object.is(normalizeJson([-0])[0], 0)).toBe(true)
  })

  it('refuses what JSON cannot carry', () => {
    const sparse: unknown[] = []
    sparse.length = 1
    for (const input of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '\ud800',
      ['\udc00'],
      { '\ud800': 1 },
      { a: undefined },
      undefined,
      1n,
      () => 1,
      Symbol('a'),
      new Date(0),
      new Map(),
      sparse,
    ]) {
      expect(refused(input)).toBe('CORE_VALUE_INVALID')
    }
    expect(isWellFormed('\ud800')).toBe(false)
  })

  it('nests to the limit and not one deeper, written or read', () => {
    expect(refused(nested(limits.jsonDepthMax))).toBeUndefined()
    expect(refused(nested(limits.jsonDepthMax + 1))).toBe('CORE_VALUE_INVALID')
    expect(refused(nested(100_000))).toBe('CORE_VALUE_INVALID')
    expect(refusal(() => readJson(new Reader(encoded(nested(limits.jsonDepthMax)))))).toBeUndefined()
    expect(refusal(() => readJson(new Reader(encoded(nested(limits.jsonDepthMax + 1)))))?.code).toBe(
      'CORE_DECODE_INVALID',
    )
  })

  it.each([
    ['an integer as a double', [4, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]],
    ['-0', [4, 0, 0, 0, 0, 0, 0, 0, 0x80]],
    ['not a number', [4, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]],
    ['-2^52 as an integer', [3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['keys out of order', [7, 2, 1, 0x62, 0, 1, 0x61, 0]],
    ['a key twice', [7, 2, 1, 0x61, 0, 1, 0x61, 0]],
    ['an unknown kind', [8]],
  ])('refuses %s', (_, bytes) => {
    expect(refusal(() => readJson(new Reader(Uint8Array.from(bytes))))?.code).toBe('CORE_DECODE_INVALID')
  })
})
