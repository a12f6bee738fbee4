import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reader } from '../../src/codec/reader.ts'
import { compareUtf8, isWellFormed, readUtf8, takesMore } from '../../src/codec/utf8.ts'
import { Writer } from '../../src/codec/writer.ts'
import { readWtf8, toWellFormed, writeWtf8 } from '../../src/codec/wtf8.ts'
import { refusal } from '../fuzz/harness.ts'

const wellFormed = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 200 }))
/** Code units of every kind, halves of pairs among them. */
const units = fc
  .array(fc.oneof(fc.constantFrom(0x41, 0xe4, 0x65e5, 0xd83d, 0xde00, 0xd800, 0xdfff), fc.nat(0xffff)), {
    maxLength: 40,
  })
  .map((all) => String.fromCharCode(...all))

function string(text: string): Uint8Array {
  const writer = new Writer(1)
  writer.string(text)
  return writer.finish()
}

describe('utf-8', () => {
  it('is what the platform writes, and comes back', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        const body = Buffer.from(text, 'utf8')
        expect([takesMore(text, body.length), takesMore(text, body.length - 1)]).toEqual([false, true])
        const bytes = string(text)
        expect(Buffer.from(bytes.subarray(bytes.length - body.length))).toEqual(body)
        expect(new Reader(bytes).string(1000)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  it('accepts exactly the bytes that are UTF-8', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let expected: string | undefined
        try {
          expected = strict.decode(bytes)
        } catch {
          expected = undefined
        }
        let text: string | undefined
        const error = refusal(() => (text = readUtf8(bytes, 0, bytes.length)))
        expect(text).toBe(expected)
        expect(error?.code).toBe(expected === undefined ? 'CORE_DECODE_INVALID' : undefined)
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses what UTF-8 must not hold: long forms, surrogates, more than U+10FFFF; a byte order mark is text', () => {
    for (const bytes of [[0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff]]) {
      expect(refusal(() => readUtf8(Uint8Array.from(bytes), 0, bytes.length))?.code).toBe('CORE_DECODE_INVALID')
    }
    expect(readUtf8(Uint8Array.of(0xef, 0xbb, 0xbf), 0, 3)).toBe('\ufeff')
  })

  it('orders text by its bytes, also beyond the basic plane', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, fc.string({ unit: 'binary', maxLength: 3 }), (a, b, shared) => {
        for (const [x, y] of [
          [a, b],
          [shared + a, shared + b],
        ] as const) {
          expect(Math.sign(compareUtf8(x, y))).toBe(Buffer.compare(Buffer.from(x), Buffer.from(y)))
        }
      }),
      { numRuns: 2000 },
    )
    expect(compareUtf8('\uffff', '😀')).toBeLessThan(0)
    expect(compareUtf8('\ud83d\ude00', '\ud83d\ude01')).toBeLessThan(0)
  })
})

const readText = (reader: Reader): string => reader.string(100_000, readWtf8)

describe('text with cut pairs', () => {
  it('comes back unit by unit, in UTF-8 where it can be', () => {
    fc.assert(
      fc.property(units, (text) => {
        const writer = new Writer(1)
        writer.string(text, writeWtf8)
        const bytes = writer.finish()
        const reader = new Reader(bytes)
        expect(readText(reader)).toBe(text)
        reader.finish()
        if (isWellFormed(text)) expect(bytes).toEqual(string(text))
        else expect(isWellFormed(toWellFormed(text))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('has one form: a pair in two parts is refused', () => {
    const bytes = Uint8Array.of(6, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)
    expect(refusal(() => readText(new Reader(bytes)))?.code).toBe('CORE_DECODE_INVALID')
    expect(readText(new Reader(Uint8Array.of(6, 0xed, 0xb8, 0x80, 0xed, 0xa0, 0xbd)))).toBe('\ude00\ud83d')
  })
})
