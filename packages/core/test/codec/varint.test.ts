import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFloat64, readSigned, readUint32, writeFloat64, writeSigned, writeUint32 } from '../../src/codec/numbers.ts'
import { Reader } from '../../src/codec/reader.ts'
import { Writer } from '../../src/codec/writer.ts'
import { readWtf8 } from '../../src/codec/wtf8.ts'
import { refusal } from '../fuzz/harness.ts'

const safe = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.integer({ min: 0, max: 53 }).chain((bits) => fc.constantFrom(2 ** bits - 1, 2 ** Math.min(bits, 52))),
)

function written(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(1)
  write(writer)
  return writer.finish()
}

function code(bytes: readonly number[], read: (reader: Reader) => unknown): string | undefined {
  return refusal(() => read(new Reader(Uint8Array.from(bytes))))?.code
}

describe('varint', () => {
  it('reads what it writes, in as few bytes as there can be', () => {
    fc.assert(
      fc.property(safe, (value) => {
        const bytes = written((writer) => writer.varint(value))
        expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)))
        const reader = new Reader(bytes)
        expect(reader.varint()).toBe(value)
        reader.finish()
      }),
      { numRuns: 2000 },
    )
  })

  it('has one form per value: whatever is accepted is what would be written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), (bytes) => {
        const reader = new Reader(bytes)
        let value = 0
        if (refusal(() => (value = reader.varint())) !== undefined) return
        expect(written((writer) => writer.varint(value))).toEqual(bytes.slice(0, reader.at))
      }),
      { numRuns: 5000 },
    )
  })

  it('refuses longer forms, more than 2^53 - 1, and more than asked for', () => {
    expect(code([0x80, 0x00], (reader) => reader.varint())).toBe('CORE_DECODE_INVALID')
    expect(code([0xff, 0x80, 0x00], (reader) => reader.varint())).toBe('CORE_DECODE_INVALID')
    const largest = [...written((writer) => writer.varint(Number.MAX_SAFE_INTEGER))]
    expect(code(largest, (reader) => reader.varint())).toBeUndefined()
    expect(code([...largest.slice(0, -1), 0x10], (reader) => reader.varint())).toBe('CORE_DECODE_INVALID')
    expect(code([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], (reader) => reader.varint())).toBe(
      'CORE_DECODE_INVALID',
    )
    expect(code([10], (reader) => reader.varint(10))).toBeUndefined()
    expect(code([11], (reader) => reader.varint(10))).toBe('CORE_DECODE_INVALID')
  })

  it('signed: small magnitudes are short, and every value below 2^52 comes back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 52 - 1), max: 2 ** 52 - 1 }), (value) => {
        expect(readSigned(new Reader(written((writer) => writeSigned(writer, value))))).toBe(value)
      }),
    )
    for (const value of [0, -1, 63, -64]) expect(written((writer) => writeSigned(writer, value)).length).toBe(1)
    expect(Object.is(readSigned(new Reader(written((writer) => writeSigned(writer, 0)))), 0)).toBe(true)
  })
})

describe('reader', () => {
  it('says where bytes end too early, whatever is read', () => {
    const reads: ((reader: Reader) => unknown)[] = [
      (reader) => reader.byte(),
      (reader) => readUint32(reader),
      (reader) => readFloat64(reader),
      (reader) => reader.view(9),
      (reader) => reader.string(100),
      (reader) => reader.string(100, readWtf8),
      (reader) => reader.count(3),
    ]
    for (const read of reads) {
      const reader = new Reader(Uint8Array.of(1, 2, 50, 1), 0, 4)
      reader.view(2)
      const error = refusal(() => {
        read(reader)
        read(reader)
        read(reader)
      })
      expect(error?.code).toBe('CORE_DECODE_TRUNCATED')
      expect(error?.message).toMatch(/at byte \d/)
    }
  })

  it('checks a count against what is left before anything is allocated', () => {
    const bytes = [...written((writer) => writer.varint(2 ** 50)), 1, 2, 3]
    expect(code(bytes, (reader) => reader.count())).toBe('CORE_DECODE_TRUNCATED')
    expect(code([3, 1, 2, 3], (reader) => reader.count())).toBeUndefined()
    expect(code([3, 1, 2, 3], (reader) => reader.count(2))).toBe('CORE_DECODE_TRUNCATED')
  })

  it('refuses strings above their bound, and bytes left over', () => {
    expect(code([3, 65, 66, 67], (reader) => reader.string(2))).toBe('CORE_DECODE_INVALID')
    expect(code([1], (reader) => reader.finish())).toBe('CORE_DECODE_INVALID')
  })

  it('fixed-width numbers', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), fc.double({ noNaN: true }), (word, float) => {
        const bytes = written((writer) => {
          writeUint32(writer, word)
          writeFloat64(writer, float)
        })
        expect(bytes.length).toBe(12)
        const reader = new Reader(bytes)
        expect(readUint32(reader)).toBe(word)
        expect(readFloat64(reader)).toBe(float)
      }),
    )
  })
})
