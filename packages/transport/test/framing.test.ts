import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinFrames, splitFrames } from '../src/framing.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('frames in a body', () => {
  test('come out as they went in', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 })
    fc.assert(
      fc.property(frames, (sent) => {
        expect(splitFrames(joinFrames(sent), 40)).toEqual({ frames: sent, ended: false })
        expect(splitFrames(joinFrames(sent, true), 40)).toEqual({ frames: sent, ended: true })
      }),
    )
  })

  test('any bytes are read or refused, and what is read is what they say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (body) => {
        const framed = splitFrames(body, 16)
        if (framed !== undefined) expect(joinFrames(framed.frames, framed.ended)).toEqual(Uint8Array.from(body))
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['a length that breaks off', bytes(0, 0, 0)],
    ['a frame that breaks off', bytes(0, 0, 0, 2, 1)],
    ['a frame above the bound', joinFrames([new Uint8Array(41)])],
    ['more behind the end', bytes(0, 0, 0, 0, 0)],
  ])('%s is refused', (_, body) => {
    expect(splitFrames(body, 40)).toBeUndefined()
  })

  test('a frame at the bound is taken', () => {
    expect(splitFrames(joinFrames([new Uint8Array(40)]), 40)?.frames).toHaveLength(1)
  })
})
