/** Deltas that are malformed, foreign, edited or forged change nothing, and say what is wrong with them. */
import { actorId, Doc, HybridClock, lww, orMap, replicaId, text } from '@joinery/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deltasOf, readCatalogChange } from '../src/deltas/describe.ts'
import type { Catalog } from '../src/index.ts'
import { shardOf } from '../src/model/shards.ts'
import { bytesOf, catalog, codeOf, everyDelta, wired } from './catalogs.ts'

const entry = { kind: 'images', id: 'i' } as const
const NOW = 1_800_000_000_000

interface Source {
  readonly source: Catalog
  readonly deltas: Record<string, unknown>[]
  readonly target: Catalog
}

async function source(): Promise<Source> {
  const a = await catalog('a', { wallMs: () => NOW })
  await a.add(entry, { size: 4 })
  const target = await catalog('b', { wallMs: () => NOW })
  await target.add({ kind: 'snapshots', id: 'own' }, { status: 'here' })
  return { source: a, deltas: wired(everyDelta(a, 'x')) as Record<string, unknown>[], target }
}

/** A change of whatever somebody writes, dressed as a delta. */
function forged(
  write: (doc: Doc) => void,
  options: { readonly incarnation?: string; readonly nowMs?: number } = {},
): unknown {
  const { incarnation = '1', nowMs = NOW } = options
  const actor = { id: actorId(replicaId('mallory'), new Uint8Array(12)), clock: new HybridClock(() => nowMs) }
  const doc = new Doc({ actor, incarnation })
  const change = doc.change(() => write(doc)) as Uint8Array
  return { type: 'lww', key: 'image_metadata:i', bytes: Buffer.from(change).toString('base64') }
}

async function refused(target: Catalog, ...deltas: unknown[]): Promise<string | undefined> {
  const before = await bytesOf(target)
  const code = await codeOf(() => target.apply(deltas))
  expect(await bytesOf(target)).toEqual(before)
  return code
}

describe('a delta that', () => {
  test.each<[string, string, (delta: Record<string, unknown>) => unknown]>([
    ['is a text', 'CATALOG_DELTA_MALFORMED', () => 'delta'],
    ['is nothing', 'CATALOG_DELTA_MALFORMED', () => null],
    ['has no type', 'CATALOG_DELTA_MALFORMED', ({ type: _, ...rest }) => rest],
    ['has another type', 'CATALOG_DELTA_MALFORMED', (delta) => ({ ...delta, type: 'text' })],
    ['has no bytes', 'CATALOG_DELTA_MALFORMED', ({ bytes: _, ...rest }) => rest],
    ['has bytes that are no base64', 'CATALOG_DELTA_MALFORMED', (delta) => ({ ...delta, bytes: '***' })],
    ['has no change in its bytes', 'CATALOG_DELTA_MALFORMED', (delta) => ({ ...delta, bytes: 'EwAA' })],
    ['has bytes of another format', 'CATALOG_DELTA_FOREIGN', (delta) => ({ ...delta, bytes: 'AAAA' })],
    ['is cut off', 'CATALOG_DELTA_MALFORMED', (delta) => ({ ...delta, bytes: String(delta.bytes).slice(0, 40) })],
    ['is huge', 'CATALOG_DELTA_MALFORMED', (delta) => ({ ...delta, bytes: 'A'.repeat(24_000_000) })],
    ['claims another key', 'CATALOG_DELTA_MISMATCH', (delta) => ({ ...delta, key: 'images:other' })],
    ['claims another value', 'CATALOG_DELTA_MISMATCH', (delta) => ({ ...delta, fields: { size: 5 } })],
    ['claims another time', 'CATALOG_DELTA_MISMATCH', (delta) => ({ ...delta, timestamp: 5 })],
    ['claims another clock', 'CATALOG_DELTA_MISMATCH', (delta) => ({ ...delta, clock: {} })],
    ['has more to say', 'CATALOG_DELTA_MISMATCH', (delta) => ({ ...delta, note: 'more' })],
  ])('%s is refused by %s', async (_, code, change) => {
    const { deltas, target } = await source()
    expect(await refused(target, change(deltas[1] as Record<string, unknown>))).toBe(code)
  })

  test.each<[string, string, (doc: Doc) => void]>([
    ['another type', 'CATALOG_DELTA_MALFORMED', (doc) => doc.field('images', text()).insert(0, 'x')],
    ['a register at the root', 'CATALOG_DELTA_MALFORMED', (doc) => doc.field('images', lww<number>()).set(1)],
    ['another field', 'CATALOG_DELTA_FOREIGN', (doc) => doc.field('secrets', orMap()).setLww('i\u0000size', 1)],
    [
      'a nested map',
      'CATALOG_DELTA_MALFORMED',
      (doc) => doc.field('images', orMap()).open('i\u0000size', orMap()).setLww('a', 1),
    ],
    ['a key that names no entry', 'CATALOG_DELTA_FOREIGN', (doc) => doc.field('images', orMap()).setLww('i', 1)],
    ['an addition with a value', 'CATALOG_DELTA_FOREIGN', (doc) => doc.field('images', orMap()).setLww('i\u0000', 1)],
    [
      'entries of two parts',
      'CATALOG_DELTA_FOREIGN',
      (doc) => {
        for (let i = 0; i < 20; i += 1) doc.field('images', orMap()).setLww(`i${i}\u0000`, null)
      },
    ],
  ])('writes %s is refused by %s', async (_, code, write) => {
    const { target } = await source()
    expect(await refused(target, forged(write))).toBe(code)
  })

  const size = (doc: Doc): void => doc.field('images', orMap()).setLww('i\u0000size', 1)

  /** A forged change with the readable part that its bytes have. */
  async function honest(...args: Parameters<typeof forged>): Promise<unknown> {
    const { bytes } = forged(...args) as { readonly bytes: string }
    return wired(deltasOf(readCatalogChange(Buffer.from(bytes, 'base64'))))[0]
  }

  test('is from the future is refused', async () => {
    const { target } = await source()
    expect(await refused(target, await honest(size, { nowMs: NOW + 61_000 }))).toBe('CATALOG_DELTA_AHEAD')
    const later = (doc: Doc): void =>
      doc.field('images', orMap()).setLww('i\u0000size', 1, { timeMicros: (NOW + 61_000) * 1000 })
    expect(await refused(target, await honest(later))).toBe('CATALOG_DELTA_AHEAD')
  })

  test('is of another life is refused', async () => {
    const { target } = await source()
    expect(await refused(target, await honest(size, { incarnation: '2' }))).toBe('CATALOG_DELTA_FOREIGN')
  })

  test('has an id beyond the limits is refused', async () => {
    const { target } = await source()
    const long = (doc: Doc): void => doc.field('images', orMap()).setLww(`${'i'.repeat(600)}\u0000`, null)
    expect(await refused(target, await honest(long))).toBe('CATALOG_DELTA_FOREIGN')
  })

  test('is by this node, and not known to it, is refused', async () => {
    const { target } = await source()
    await target.add(entry)
    const actor = { id: target.node.status().actor as never, clock: new HybridClock(() => NOW) }
    const doc = new Doc({ actor, incarnation: '1' })
    doc.change(() => size(doc))
    const bytes = doc.change(() => doc.field('images', orMap()).setLww('i\u0000size', 2)) as Uint8Array
    expect(await refused(target, ...wired(deltasOf(readCatalogChange(bytes))))).toBe('CATALOG_DELTA_FORKED')
  })

  test('contradicts what is known of its author is refused', async () => {
    const { target } = await source()
    const other = (doc: Doc): void => doc.field('images', orMap()).setLww('i\u0000size', 2)
    expect(await target.apply([await honest(size)])).toMatchObject({ applied: 1 })
    const second = (write: (doc: Doc) => void) => {
      const actor = { id: actorId(replicaId('mallory'), new Uint8Array(12)), clock: new HybridClock(() => NOW) }
      const doc = new Doc({ actor, incarnation: '1' })
      doc.change(() => other(doc))
      return doc.change(() => write(doc)) as Uint8Array
    }
    expect(await refused(target, ...wired(deltasOf(readCatalogChange(second(size)))))).toBe('CATALOG_DELTA_FORKED')
  })

  test('is one of many is enough to refuse all', async () => {
    const { deltas, target } = await source()
    expect(await refused(target, ...deltas, { ...deltas[0], node: 'other' })).toBe('CATALOG_DELTA_MISMATCH')
    expect(target.status().deltas.refused).toBe(3)
  })

  test('is by one author too many is refused', async () => {
    const a = await catalog('a')
    const b = await catalog('b', { catalog: { authorsMax: 1 } })
    await a.add(entry, { size: 1 })
    await b.add(entry, { size: 2 })
    expect(await refused(b, ...wired(everyDelta(a, 'x')))).toBe('CATALOG_DELTA_FOREIGN')
  })
})

test('a request has a bound', async () => {
  const { deltas, target } = await source()
  expect(await refused(target, ...Array.from({ length: 1_001 }, () => deltas[0]))).toBe('CATALOG_DELTA_MALFORMED')
})

test('a state with anything else in it is refused', async () => {
  const { target } = await source()
  const actor = { id: actorId(replicaId('mallory'), new Uint8Array(12)), clock: new HybridClock(() => NOW) }
  const state = (write: (doc: Doc) => void): unknown => {
    const doc = new Doc({ actor, incarnation: '1' })
    doc.change(() => write(doc))
    const shard = shardOf(entry)
    return {
      change: `${shard}.${doc.versionHash()}`,
      key: `catalog:${shard}`,
      type: 'state',
      clock: doc.version().toJSON(),
      entries: { snapshots: {}, images: { i: { size: 1 } } },
      bytes: Buffer.from(doc.snapshot()).toString('base64'),
    }
  }
  const size = (doc: Doc): void => doc.field('images', orMap()).setLww('i\u0000size', 1)
  expect(
    await refused(
      target,
      state((doc) => [size(doc), doc.field('images', text()).insert(0, 'x')]),
    ),
  ).toBe('CATALOG_DELTA_FOREIGN')
  expect(
    await refused(
      target,
      state((doc) => [size(doc), doc.field('more', orMap()).setLww('a', 1)]),
    ),
  ).toBe('CATALOG_DELTA_FOREIGN')
  expect(await refused(target, { ...(state(size) as object), key: 'catalog:zz' })).toBe('CATALOG_DELTA_MALFORMED')
  const other = shardOf(entry) === '00' ? '01' : '00'
  expect(await refused(target, { ...(state(size) as object), key: `catalog:${other}` })).toBe('CATALOG_DELTA_FOREIGN')
  expect(await target.apply([state(size)])).toMatchObject({ applied: 1 })
  expect(target.get(entry)?.metadata).toEqual({ size: 1 })
})

test('whatever is done to the bytes or the text of a delta, it is refused or says the same', async () => {
  const { source: a, deltas, target } = await source()
  await target.apply(deltas)
  await a.update(entry, { size: 5 })
  // A change that is one delta: of several each says a part of what the bytes do.
  const delta = wired(everyDelta(a, 'y')).at(-1) as { readonly type: string; readonly bytes: string }
  expect(delta.type).toBe('lww')
  const before = await bytesOf(target)
  const bytes = Buffer.from(delta.bytes, 'base64')
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] as number) ^ flip
      const code = await codeOf(() => target.apply([{ ...delta, bytes: damaged.toString('base64') }]))
      expect(code).toMatch(/^CATALOG_DELTA_/)
    }),
    // Flags that may be passed over are passed over by nobody here.
    {
      numRuns: 300,
      examples: [
        [1, 80],
        [1, 16],
        [1, 128],
      ],
    },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue(),
      fc.constantFrom('change', 'key', 'type', 'fields', 'removed', 'clock', 'node'),
      async (value, member) => {
        if (JSON.stringify(value) === JSON.stringify((delta as Record<string, unknown>)[member])) return
        expect(await codeOf(() => target.apply([{ ...delta, [member]: value }]))).toMatch(/^CATALOG_DELTA_/)
      },
    ),
    { numRuns: 200 },
  )
  expect(await bytesOf(target)).toEqual(before)
})
