import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTexts, writeTexts } from '../../src/codec/texts.ts'
import { readValues, writeValues } from '../../src/codec/values.ts'
import { type JsonValue, normalizeJson, Reader, Writer } from '../../src/index.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '日', '😀', '\u0000'), maxLength: 70 })

describe('columns', () => {
  it('carry texts', () => {
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const writer = new Writer(1)
        writeTexts(writer, texts)
        const reader = new Reader(writer.finish())
        expect(readTexts(reader, texts.length, 1000)).toEqual(texts)
        reader.finish()
      }),
    )
  })

  it('carry JSON values of any kinds', () => {
    const value = fc.oneof(fc.jsonValue(), text, fc.integer(), fc.constantFrom<JsonValue>(null, false, true, 0.5))
    fc.assert(
      fc.property(fc.array(value), (given) => {
        const values = given.map((one) => normalizeJson(one as JsonValue))
        const writer = new Writer(1)
        writeValues(writer, values)
        const reader = new Reader(writer.finish())
        expect(readValues(reader, values.length)).toEqual(values)
        reader.finish()
      }),
    )
  })
})
