/** The buffers of texts and lists beside a plain string and a plain array, on the same random edits. */
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/codec/writer.ts'
import { writeWtf8 } from '../../src/codec/wtf8.ts'
import { ChunkedBuffer } from '../../src/kernel/chunked-buffer.ts'
import { UnitBuffer } from '../../src/kernel/unit-buffer.ts'
import { seeded } from '../fuzz/random.ts'

const ASCII = 'the quick brown fox '
const OTHER = ['é', '日本', '😀', '\ud83d']

describe('units of a text', () => {
  /** Edits of all lengths, below and above where the platform copies. */
  function edit(seed: number, others: boolean): void {
    const { int, chance, pick } = seeded(seed)
    let text = ASCII.repeat(int(30))
    const units = new UnitBuffer(text)
    for (let i = 0; i < 60; i += 1) {
      const at = int(text.length + 1)
      if (chance(0.4)) {
        const count = Math.min(text.length - at, int(40))
        units.delete(at, count)
        text = text.slice(0, at) + text.slice(at + count)
      } else {
        const other = others && chance(0.1) ? pick(OTHER) : ''
        const content = ASCII.repeat(int(14)) + other + ASCII.slice(0, 1 + int(3))
        const from = int(content.length)
        units.insert(at, content, from, content.length - from)
        text = text.slice(0, at) + content.slice(from) + text.slice(at)
      }
      expect(units.slice(0, text.length)).toBe(text)
      const from = int(text.length + 1)
      const to = from + int(text.length - from + 1)
      expect(units.slice(from, to)).toBe(text.slice(from, to))
      const copied = new Writer()
      const written = new Writer()
      written.string(text.slice(from, to), writeWtf8)
      if (units.write(copied, from, to - from)) expect(copied.finish()).toEqual(written.finish())
      else expect(copied.length).toBe(0)
    }
  }

  it('are those of the same edits on a string, while all are ASCII', () => {
    for (let seed = 1; seed <= 8; seed += 1) edit(seed, false)
  })

  it('are the same when others come in between', () => {
    for (let seed = 100; seed <= 108; seed += 1) edit(seed, true)
  })

  it('know each half of a surrogate pair', () => {
    const units = new UnitBuffer('a')
    units.insert(1, '😀b', 0, 3)
    expect([0, 1, 2, 3].map((at) => units.unit(at))).toEqual([97, 0xd83d, 0xde00, 98])
  })
})

describe('items of a list', () => {
  function edit(seed: number, chunkMax: number, insertedMax: number): void {
    const { int, chance } = seeded(seed)
    const buffer = new ChunkedBuffer<number, number[]>(chunkMax, (length) => new Array<number>(length).fill(0))
    const array: number[] = []
    for (let i = 0; i < 80; i += 1) {
      const at = chance(0.2) ? array.length : int(array.length + 1)
      if (chance(0.4)) {
        const count = Math.min(array.length - at, int(insertedMax))
        const freed: number[] = []
        buffer.delete(at, count, (block, from, to) => freed.push(...block.slice(from, to)))
        expect(freed).toEqual(array.splice(at, count))
      } else {
        const items = Array.from({ length: int(insertedMax) }, (_, k) => 100 * i + k)
        buffer.insert(at, items.length, (block, offset, from, count) => {
          for (let k = 0; k < count; k += 1) block[offset + k] = items[from + k] as number
        })
        array.splice(at, 0, ...items)
      }
      expect(buffer.length).toBe(array.length)
      expect(Array.from({ length: buffer.length }, (_, k) => buffer.get(k))).toEqual(array)
      const from = int(array.length + 1)
      const to = from + int(array.length - from + 1)
      const seen: number[] = []
      buffer.stretches(from, to, (block, start, end) => seen.push(...block.slice(start, end)))
      expect(seen).toEqual(array.slice(from, to))
      expect(array.length === 0 || buffer.get(from % array.length)).toBe(
        array.length === 0 || array[from % array.length],
      )
    }
    buffer.clear()
    expect(buffer.length).toBe(0)
  }

  it.each([1, 2, 3, 8, 64, 2048])('are those of the same edits on an array, %i to a chunk', (chunkMax) => {
    for (let seed = 1; seed <= 8; seed += 1) for (const inserted of [3, 9, 40]) edit(seed, chunkMax, inserted)
  })
})
