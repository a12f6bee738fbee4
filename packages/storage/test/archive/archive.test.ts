import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openArchive } from '../../src/archive/decode-archive.ts'
import type { Totals } from '../../src/archive/hash.ts'
import type { StoreItem } from '../../src/archive/items.ts'
import { type ArchiveLimits, archiveLimits } from '../../src/archive/limits.ts'
import { sealed } from '../../src/archive/lines.ts'
import { readStore } from '../../src/archive/read-store.ts'
import { unpacked } from '../../src/archive/unpack.ts'
import { DataError } from '../../src/archive.ts'
import { memoryStore } from '../../src/memory.ts'
import { diceOf } from '../../src/testing/random.ts'
import { bytesOf } from '../store-helpers.ts'
import { collected, encoded, filled, header, inChunks } from './encoding.ts'

async function decoded(bytes: Uint8Array, limits?: Partial<ArchiveLimits>, size?: number) {
  const archive = await openArchive(unpacked(inChunks(bytes, size)), limits)
  const all: StoreItem[] = []
  const items = archive.items()
  for (let read = await items.next(); ; read = await items.next()) {
    if (read.done) return { header: archive.header, items: all, totals: read.value as Totals }
    all.push(read.value)
  }
}

async function refusal(bytes: Uint8Array | string, limits?: Partial<ArchiveLimits>): Promise<DataError> {
  const error: unknown = await decoded(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, limits).then(
    () => expect.unreachable('it was not refused'),
    (refused: unknown) => refused,
  )
  if (error instanceof DataError) return error
  throw error
}

const linesOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8').trimEnd().split('\n')

/** A line with other members, sealed anew. */
function changed(line: string, change: (members: Record<string, unknown>) => void): string {
  const { sum: _, ...members } = JSON.parse(line)
  change(members)
  return sealed(members).trimEnd()
}

describe('what is written is read back', () => {
  test.each([1, 7, 100_000])('in chunks of %i bytes', async (size) => {
    const store = await filled()
    const items = await collected(readStore(store, { content: 'everything' }))
    const read = await decoded(await encoded(store), {}, size)
    expect(read.header).toEqual(header)
    expect(read.items).toEqual(items)
    expect(read.totals).toMatchObject({ documents: 8, receipts: 6, values: 2 })
  })

  test('with texts in pieces, however short these are', async () => {
    const store = await filled()
    await store.setValue('long', '\u{1f600}\n"'.repeat(1_000))
    const items = await collected(readStore(store, { content: 'everything' }))
    const usual = await decoded(await encoded(store))
    for (const pieceCharsMax of [3, 10, 64]) {
      const bytes = await encoded(store, {
        limits: { pieceCharsMax },
        show: () => ({ shown: 'x'.repeat(200), parts: 2 }),
      })
      expect(linesOf(bytes).length).toBeGreaterThan(100)
      expect(bytes.toString('utf8').isWellFormed()).toBe(true)
      const read = await decoded(bytes)
      expect(read.items).toEqual(items)
      expect(read.totals).toEqual(usual.totals)
    }
  })

  test('packed by gzip, or not', async () => {
    const bytes = await encoded(await filled())
    expect(await decoded(gzipSync(bytes))).toEqual(await decoded(bytes))
    expect(await decoded(gzipSync(bytes), {}, 1)).toEqual(await decoded(bytes))
  })

  test('one tenant, one document, nothing', async () => {
    const store = await filled()
    const tenant = await decoded(await encoded(store, { scope: { tenant: 'acme' } }))
    expect(tenant.totals).toMatchObject({ documents: 4, receipts: 3, values: 0 })
    const one = await decoded(await encoded(store, { scope: { tenant: 'acme', id: 'second life' } }))
    expect(one).toMatchObject({
      header: { scope: { tenant: 'acme', id: 'second life' } },
      totals: { documents: 1, receipts: 0 },
    })
    expect((await decoded(await encoded(memoryStore()))).totals).toMatchObject({ documents: 0, receipts: 0, values: 0 })
    for (const scope of [{ tenant: 'nobody' }, { tenant: 'acme', id: 'none' }]) {
      await expect(encoded(store, { scope })).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' })
    }
  })

  test('the value of a document stands there for people, and is not read', async () => {
    const store = await filled()
    const bytes = await encoded(store, { content: 'documents', show: () => ({ title: 'to be read' }) })
    const values = linesOf(bytes)
      .map((line) => JSON.parse(line).value)
      .filter((value) => value !== undefined)
    expect(values).toEqual(Array.from({ length: 8 }, () => ({ title: 'to be read' })))
    expect((await decoded(bytes)).items).toEqual(await collected(readStore(store, { content: 'documents' })))
  })
})

describe('the golden file', () => {
  const file = fileURLToPath(new URL('../golden/archive-1.jsonl', import.meta.url))

  test('is what is written today', async () => {
    const bytes = await encoded(await filled(), { show: () => ({ text: 'as people read it' }) })
    if (process.env.JOINERY_UPDATE_GOLDEN === '1') writeFileSync(file, bytes)
    expect(bytes.toString('utf8')).toBe(readFileSync(file, 'utf8'))
  })

  test('is read', async () => {
    const read = await decoded(readFileSync(file))
    expect(read.items).toEqual(await collected(readStore(await filled(), { content: 'everything' })))
  })
})

describe('a damaged file', () => {
  test('is refused with the number of its line, whichever byte is another', async () => {
    const bytes = await encoded(await filled())
    const dice = diceOf(7)
    let line = 1
    for (let at = 0; at < bytes.length; at += 1) {
      const isNewline = bytes[at] === 0x0a
      // All of the first lines, some of the others.
      if (at < 1_500 || dice(20) === 0) {
        const other = Buffer.from(bytes)
        other[at] = other[at]! ^ (1 << dice(8))
        const { code, line: found } = await refusal(other)
        const isMark = line === 1 && at < 38
        expect({ at, code }).toEqual({
          at,
          code: isMark || at < 2 ? 'DATA_FORMAT' : at === bytes.length - 1 ? 'DATA_TRUNCATED' : 'DATA_DAMAGED',
        })
        if (!isMark) expect({ at, line: found }).toEqual({ at, line })
      }
      if (isNewline) line += 1
    }
  })

  test('is refused wherever it was cut', async () => {
    const bytes = await encoded(await filled())
    const dice = diceOf(8)
    for (let length = 0; length < bytes.length - 1; length += 1 + dice(30)) {
      const { code } = await refusal(bytes.subarray(0, length))
      expect({ length, code }).toEqual({ length, code: length < 40 ? 'DATA_FORMAT' : 'DATA_TRUNCATED' })
    }
    // The end of the last line is no news.
    expect((await decoded(bytes.subarray(0, -1))).totals.documents).toBe(8)
    const packed = gzipSync(bytes)
    expect((await refusal(packed.subarray(0, packed.length - 20))).code).toBe('DATA_TRUNCATED')
    packed[200]! ^= 1
    expect(['DATA_DAMAGED', 'DATA_FORMAT']).toContain((await refusal(packed)).code)
  })

  test('is refused when lines are missing, twice, in another order, or of another file', async () => {
    const lines = linesOf(await encoded(await filled()))
    const dice = diceOf(9)
    const broken: string[][] = []
    for (let i = 1; i < lines.length; i += 1) {
      broken.push(lines.toSpliced(i, 1))
      broken.push(lines.toSpliced(i, 0, lines[i]!))
      broken.push(lines.toSpliced(i, 2, lines[i + 1] ?? '', lines[i]!))
      broken.push(lines.toSpliced(i, 1, lines[1 + dice(lines.length - 1)]!, lines[i]!))
    }
    for (const some of broken) {
      if (some.join() === lines.join()) continue
      expect(['DATA_DAMAGED', 'DATA_TRUNCATED']).toContain((await refusal(`${some.join('\n')}\n`)).code)
    }
  })

  test('is refused when what it says cannot be, though the sums are right', async () => {
    const lines = linesOf(await encoded(await filled()))
    const isKind = (kind: string) => lines.findIndex((line) => line.startsWith(`{"kind":"${kind}"`))
    const cases: readonly (readonly [string, (members: Record<string, unknown>) => void])[] = [
      ['document', (members) => Object.assign(members, { version: 1.5 })],
      ['document', (members) => Object.assign(members, { version: 2 ** 60 })],
      ['document', (members) => Object.assign(members, { version: 9 })],
      ['document', (members) => Object.assign(members, { deleted: 'no' })],
      ['document', (members) => Object.assign(members, { attributes: null })],
      ['document', (members) => Object.assign(members, { attributes: 'others' })],
      ['document', (members) => Object.assign(members, { incarnation: { parts: 1 } })],
      ['document', (members) => Object.assign(members, { tenant: { parts: -1 } })],
      ['document', (members) => Object.assign(members, { valueParts: 3 })],
      ['document', (members) => Object.assign(members, { surprise: 1 })],
      ['document', (members) => Object.assign(members, { hash: '' })],
      ['document', (members) => Reflect.deleteProperty(members, 'id')],
      ['document', (members) => Object.assign(members, { snapshotVersion: 1 })],
      ['document', (members) => Object.assign(members, { kind: 'documents' })],
      ['document', (members) => Object.assign(members, { kind: { document: 1 } })],
      ['tombstone', (members) => Object.assign(members, { version: 1 })],
      ['tombstone', (members) => Object.assign(members, { position: 0 })],
      ['snapshot', (members) => Object.assign(members, { bytes: 'AAH+/w' })],
      ['snapshot', (members) => Object.assign(members, { bytes: 'AAH+/x==' })],
      ['snapshot', (members) => Object.assign(members, { bytes: 'AA=+/w==' })],
      ['snapshot', (members) => Object.assign(members, { bytes: 'AAH+/w==\n' })],
      ['entry', (members) => Object.assign(members, { change: 'not base64!' })],
      ['entry', (members) => Object.assign(members, { change: 'AAAA' })],
      ['receipt', (members) => Object.assign(members, { answer: 'another' })],
      ['receipt', (members) => Object.assign(members, { tenant: '' })],
      ['receipt', (members) => Object.assign(members, { expiresAtMs: '7' })],
      ['value', (members) => Object.assign(members, { name: 'own/server/actor' })],
      ['value', (members) => Object.assign(members, { value: 7 })],
      ['end', (members) => Object.assign(members, { documents: 7 })],
      ['end', (members) => Object.assign(members, { hash: '0'.repeat(64) })],
    ]
    for (const [kind, change] of cases) {
      const at = isKind(kind)
      const text = `${lines.with(at, changed(lines[at]!, change)).join('\n')}\n`
      const { code, line } = await refusal(text)
      expect({ kind, code, change: `${change}` }).toEqual({ kind, code: 'DATA_DAMAGED', change: `${change}` })
      // Of the line itself, or of the one that its document begins with.
      expect(line).toBeGreaterThanOrEqual(2)
      expect(line).toBeLessThanOrEqual(lines.length)
      if (kind !== 'tombstone' && kind !== 'entry') expect(line).toBeGreaterThan(at)
    }
  })

  test('is no archive, or of a newer format', async () => {
    const [first, ...rest] = linesOf(await encoded(await filled()))
    for (const text of [
      '',
      '\n',
      '{}',
      'a letter to the editor\n',
      '[]\n',
      'null\n',
      sealed({ a: 1 }),
      '{"kind":"document"}\n',
    ]) {
      expect((await refusal(text)).code).toBe('DATA_FORMAT')
    }
    const at = (format: unknown) =>
      [changed(first!, (members) => Object.assign(members, { format })), ...rest].join('\n')
    expect((await refusal(at(2))).code).toBe('DATA_FORMAT')
    expect((await refusal(at('1'))).code).toBe('DATA_DAMAGED')
    const other = changed(first!, (members) => Object.assign(members, { content: 'something' }))
    expect((await refusal([other, ...rest].join('\n'))).code).toBe('DATA_DAMAGED')
    expect((await refusal(`${[first, ...rest].join('\n')}\n\n`)).code).toBe('DATA_DAMAGED')
  })

  test('is refused with a typed error whatever is changed in it, though the sums are right', async () => {
    const lines = linesOf(await encoded(await filled(), { limits: { pieceCharsMax: 20 } }))
    const dice = diceOf(10)
    const rounds = process.env.JOINERY_SOAK === undefined ? 400 : 20_000
    const odd: readonly unknown[] = [
      null,
      -1,
      0,
      1,
      2 ** 53,
      1e300,
      '',
      'x',
      'AAAA',
      [],
      {},
      { parts: 1 },
      { parts: 2 },
      true,
      [[[]]],
    ]
    let refused = 0
    for (let round = 0; round < rounds; round += 1) {
      const mutated = [...lines]
      for (let change = 0; change <= dice(3); change += 1) {
        const at = dice(mutated.length)
        if (dice(4) === 0) mutated.splice(at, dice(3), ...mutated.slice(dice(mutated.length)).slice(0, dice(3)))
        else {
          mutated[at] = changed(mutated[at] ?? lines[0]!, (members) => {
            const names = Object.keys(members)
            members[names[dice(names.length)]!] = odd[dice(odd.length)]
          })
        }
      }
      if (mutated.join() === lines.join()) continue
      expect(await refusal(`${mutated.join('\n')}\n`)).toBeInstanceOf(DataError)
      refused += 1
    }
    expect(refused).toBeGreaterThan(rounds / 2)
  })
})

describe('limits', () => {
  async function withValue(length: number): Promise<Buffer> {
    const store = memoryStore()
    await store.setValue('name', 'x'.repeat(length))
    return encoded(store, { limits: { pieceCharsMax: 10_000_000 } })
  }

  test('lineBytesMax, at the limit and one past it, and no more is taken in', async () => {
    const bytes = await withValue(5_000)
    const longest = Math.max(...linesOf(bytes).map((line) => Buffer.byteLength(line)))
    expect((await decoded(bytes, { lineBytesMax: longest })).totals.values).toBe(1)
    expect(await refusal(bytes, { lineBytesMax: longest - 1 })).toMatchObject({ code: 'DATA_DAMAGED', line: 2 })
    let taken = 0
    const endless = async function* () {
      yield bytes.subarray(0, bytes.indexOf(0x0a) + 1)
      for (;;) {
        taken += 1
        yield new Uint8Array(1024 * 1024).fill(0x20)
      }
    }
    const archive = await openArchive(endless())
    await expect(archive.items().next()).rejects.toMatchObject({ code: 'DATA_DAMAGED', line: 2 })
    expect(taken).toBe(archiveLimits.lineBytesMax / (1024 * 1024) + 1)
  })

  test('a bomb of gzip is no larger in memory than a line', async () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024).fill(0x20))
    expect(bomb.length).toBeLessThan(100_000)
    expect((await refusal(bomb)).code).toBe('DATA_FORMAT')
  })

  test('pieceCharsMax, at the limit and one past it', async () => {
    const store = memoryStore()
    await store.setValue('name', 'x'.repeat(archiveLimits.pieceCharsMax))
    expect(linesOf(await encoded(store)).length).toBe(3)
    await store.setValue('name', 'x'.repeat(archiveLimits.pieceCharsMax + 1))
    const bytes = await encoded(store)
    expect(linesOf(bytes).length).toBe(5)
    // The longest pieces that there are fit into a line.
    const worst = memoryStore()
    const change = new Uint8Array((archiveLimits.pieceCharsMax / 4) * 3)
    const names = { tenant: 't'.repeat(1_000), id: 'd'.repeat(1_000) }
    const attributes = '\u0001'.repeat(archiveLimits.pieceCharsMax)
    const entries = [{ change, attributes }]
    await worst.commit({ key: names, kind: 'begin', expectedVersion: 0, incarnation: 'i', attributes, entries })
    const show = () => '\u0001'.repeat(archiveLimits.pieceCharsMax / 6 - 2)
    expect((await decoded(await encoded(worst, { show }))).totals.documents).toBe(1)
  })

  test('documentBytesMax: of a document with its entries, and of pieces', async () => {
    const store = memoryStore()
    const entries = Array.from({ length: 3 }, () => ({ change: new Uint8Array(1_000), attributes: 'x'.repeat(500) }))
    await store.commit({ key: { tenant: 't', id: 'd' }, kind: 'begin', expectedVersion: 0, incarnation: 'i', entries })
    const bytes = await encoded(store)
    expect((await decoded(bytes, { documentBytesMax: 4_800 })).totals.documents).toBe(1)
    expect(await refusal(bytes, { documentBytesMax: 4_799 })).toMatchObject({ code: 'DATA_DAMAGED', line: 5 })
    const value = memoryStore()
    await value.setValue('name', 'x'.repeat(1_000))
    const pieces = await encoded(value, { limits: { pieceCharsMax: 100 } })
    expect((await decoded(pieces, { documentBytesMax: 2_000 })).totals.values).toBe(1)
    expect(await refusal(pieces, { documentBytesMax: 1_999 })).toMatchObject({ code: 'DATA_DAMAGED', line: 11 })
    const empty = `${linesOf(bytes)[0]}\n${sealed({ kind: 'part', text: '' }).repeat(11)}`
    expect(await refusal(empty, { documentBytesMax: 1_000 })).toMatchObject({ code: 'DATA_DAMAGED', line: 12 })
  })

  test('bytes of all kinds survive', async () => {
    const store = memoryStore()
    for (const length of [0, 1, 2, 3, 4, 5, 257]) {
      const change = Uint8Array.from({ length }, (_, i) => 255 - i)
      const key = { tenant: '', id: `${length}\0\u{10ffff}` }
      await store.commit({
        key,
        kind: 'begin',
        expectedVersion: 0,
        incarnation: '',
        entries: [{ change, attributes: '' }],
      })
    }
    expect((await decoded(await encoded(store))).items).toEqual(
      await collected(readStore(store, { content: 'everything' })),
    )
    expect(bytesOf('')).toEqual(new Uint8Array(0))
  })
})
