/**
 * Every encoding of format 1, as it was when format 1 was settled. A difference means that replicas of different versions no
 * longer agree on bytes: that is a new format, with a reason, not an update of these files.
 * `JOINERY_UPDATE_GOLDEN=1` writes them anew.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Doc, type JsonValue } from '../../src/index.ts'
import { INCARNATION, schema } from '../fuzz/documents.ts'
import {
  buildDocument,
  buildJson,
  buildType,
  decodeDocument,
  decodeJson,
  type Golden,
  goldenActor,
  headerOf,
  opener,
  toHex,
  typeNames,
} from './build.ts'

const folder = new URL('./format-1/', import.meta.url)
const update = process.env.JOINERY_UPDATE_GOLDEN === '1'

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

/** The content of a golden file; `built` is what this build would write. */
function golden<T>(name: string, built: T): T {
  const file = new URL(`${name}.golden.json`, folder)
  if (update) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, `${JSON.stringify(built, undefined, 2)}\n`)
  }
  expect(existsSync(file), `${name}.golden.json`).toBe(true)
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

describe('golden files of format 1', () => {
  it.each(typeNames.map((type) => [type] as const))('%s', (type) => {
    const built = buildType(type)
    const kept = golden<Golden[]>(type, built)
    expect(built, 'this build writes what the file holds').toEqual(kept)
    for (const { name, hex, value } of kept) {
      const reader = opener(type)(goldenActor('dave'))
      if (name === 'delta 2') reader.join(fromHex(kept[1]!.hex))
      reader.join(fromHex(hex))
      const expected = name === 'delta 2' ? kept[4]!.value : value
      expect(reader.toJSON(), `${name} still reads as it did`).toEqual(expected)
      if (!name.startsWith('delta') || name.includes('joined')) expect(toHex(reader.encode())).toBe(hex)
    }
  })

  it('json', () => {
    const built = buildJson()
    const kept = golden<Golden[]>('json', built)
    expect(built).toEqual(kept)
    for (const { hex, value } of kept) expect(decodeJson(fromHex(hex))).toEqual(value)
  })

  it('document: changes, bundle, snapshot', () => {
    const built = buildDocument()
    const kept = golden('document', {
      ...built,
      headers: built.changes.map(({ hex }) => headerOf(fromHex(hex))),
      incarnation: INCARNATION,
    })
    expect(built).toEqual({
      changes: kept.changes,
      bundle: kept.bundle,
      snapshot: kept.snapshot,
      versionHash: kept.versionHash,
    })
    const reader = new Doc({ schema, actor: goldenActor('dave'), incarnation: kept.incarnation })
    for (const [i, { hex, value }] of kept.changes.entries()) {
      expect(headerOf(fromHex(hex))).toEqual(kept.headers[i] as JsonValue)
      reader.apply(fromHex(hex))
      expect(reader.toJSON()).toEqual(value)
    }
    expect(reader.versionHash()).toBe(kept.versionHash)
    expect(toHex(reader.snapshot())).toBe(kept.snapshot.hex)
    for (const { hex, value } of [kept.bundle, kept.snapshot]) {
      const loaded = decodeDocument(fromHex(hex))
      expect(loaded.toJSON()).toEqual(value)
      expect(loaded.versionHash()).toBe(kept.versionHash)
    }
  })

  it('refuses every other format', () => {
    for (const { hex } of buildType('gset')) {
      const bytes = fromHex(hex)
      bytes[0] = 0x20 | (bytes[0]! & 15)
      expect(() => opener('gset')(goldenActor('dave')).join(bytes)).toThrowError(/format 2/)
    }
  })
})
