/** Membership is an OR-Set, metadata a register per field: docs/CATALOG.md, "What happens when". */
import { describe, expect, test } from 'vitest'
import type { Catalog } from '../src/index.ts'
import { catalog, codeOf, connected, contentOf, everyDelta, until, wired } from './catalogs.ts'

const snap = { kind: 'snapshots', id: 'snap1' } as const

async function give(from: Catalog, to: Catalog): Promise<void> {
  await to.apply(wired(everyDelta(from, 'test')))
}

async function exchange(a: Catalog, b: Catalog): Promise<void> {
  await give(a, b)
  await give(b, a)
  expect(contentOf(a)).toEqual(contentOf(b))
}

describe('one node', () => {
  test('adds, updates, removes', async () => {
    const a = await catalog('a')
    expect(await a.add(snap, { status: 'new', size: 3 })).toMatchObject({ ...snap, created: true })
    await a.update(snap, { status: 'done' })
    expect(a.get(snap)).toEqual({ ...snap, metadata: { status: 'done', size: 3 } })
    await a.remove(snap)
    expect(a.get(snap)).toBeUndefined()
    expect(contentOf(a)).toEqual([])
  })

  test('adding what is there joins metadata', async () => {
    const a = await catalog('a')
    await a.add(snap, { status: 'new', size: 3 })
    expect(await a.add(snap, { status: 'again' })).toMatchObject({ created: false })
    expect(a.get(snap)?.metadata).toEqual({ status: 'again', size: 3 })
  })

  test('an id removed and added again begins with fresh metadata', async () => {
    const a = await catalog('a')
    await a.add(snap, { status: 'new', size: 3 })
    await a.remove(snap)
    await a.add(snap, { owner: 'x' })
    expect(a.get(snap)?.metadata).toEqual({ owner: 'x' })
  })

  test('snapshots and images of one id are two entries', async () => {
    const a = await catalog('a')
    await a.add(snap, { is: 'snapshot' })
    await a.add({ kind: 'images', id: 'snap1' }, { is: 'image' })
    await a.remove(snap)
    expect(contentOf(a)).toEqual([{ kind: 'images', id: 'snap1', metadata: { is: 'image' } }])
  })

  test('a field may have any name', async () => {
    const a = await catalog('a')
    await a.add(snap, JSON.parse('{"__proto__": 1, "constructor": 2}'))
    await a.update(snap, { x: 3 })
    expect(JSON.stringify(a.get(snap)?.metadata)).toBe('{"__proto__":1,"constructor":2,"x":3}')
    expect(a.query({ q: '__proto__:1' }).items).toHaveLength(1)
  })

  test.each([
    ['an empty id', 'ID_INVALID', { kind: 'snapshots', id: '' } as const, {}],
    ['a long id', 'ID_INVALID', { kind: 'snapshots', id: 'é'.repeat(257) } as const, {}],
    ['a control character', 'ID_INVALID', { kind: 'snapshots', id: 'a\u0000b' } as const, {}],
    ['a lone surrogate', 'ID_INVALID', { kind: 'snapshots', id: '\ud800' } as const, {}],
    ['an array', 'CATALOG_METADATA_INVALID', snap, []],
    ['a text', 'CATALOG_METADATA_INVALID', snap, 'x'],
    ['null', 'CATALOG_METADATA_INVALID', snap, null],
    ['a field without a name', 'CATALOG_METADATA_INVALID', snap, { '': 1 }],
    ['a number that is none', 'CATALOG_METADATA_INVALID', snap, { a: Number.NaN }],
    ['too much', 'CATALOG_METADATA_INVALID', snap, { a: 'x'.repeat(131_072) }],
    [
      'too many fields',
      'CATALOG_METADATA_INVALID',
      snap,
      Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`f${i}`, i])),
    ],
  ])('%s is refused, and changes nothing', async (_, code, entry, metadata) => {
    const a = await catalog('a')
    expect(await codeOf(() => a.add(entry, metadata))).toBe(code)
    expect([contentOf(a), a.versions()]).toEqual([[], {}])
  })

  test('what is not there cannot be updated, removed or explained', async () => {
    const a = await catalog('a')
    for (const ask of [() => a.update(snap, {}), () => a.remove(snap), () => a.explain(snap)]) {
      expect(await codeOf(ask)).toBe('CATALOG_NOT_FOUND')
    }
  })
})

describe('two nodes that are cut off from each other', () => {
  test('the later write of a field wins on both, and says what it overrode', async () => {
    const [a, b] = [await catalog('a'), await catalog('b')]
    await a.add(snap, { status: 'new' })
    await give(a, b)
    await a.update(snap, { status: 'completed' })
    await b.update(snap, { status: 'failed' })
    await exchange(a, b)
    expect(a.get(snap)?.metadata).toEqual({ status: 'failed' })
    const why = a.explain(snap)
    expect(why).toEqual(b.explain(snap))
    expect(why.fields.status).toMatchObject({
      value: 'failed',
      node: 'b',
      overrode: [{ value: 'completed', node: 'a', because: 'older' }],
    })
    expect(Object.values(why.clock)).toEqual([2, 1])
  })

  test('at the same time the larger node id wins', async () => {
    const wallMs = () => 1_800_000_000_000
    const [a, b] = [await catalog('a', { wallMs }), await catalog('b', { wallMs })]
    await a.add(snap, { status: 'from a' })
    await b.add(snap, { status: 'from b' })
    await exchange(a, b)
    expect(a.explain(snap).fields.status).toMatchObject({
      value: 'from b',
      overrode: [{ value: 'from a', because: 'node' }],
    })
  })

  test('different fields merge', async () => {
    const [a, b] = [await catalog('a'), await catalog('b')]
    await a.add(snap, { one: 1 })
    await b.add(snap, { two: 2 })
    await exchange(a, b)
    expect(a.get(snap)?.metadata).toEqual({ one: 1, two: 2 })
    expect(a.explain(snap).tags).toHaveLength(2)
  })

  test('an addition wins over a removal that has not seen it', async () => {
    const [a, b] = [await catalog('a'), await catalog('b')]
    await a.add(snap, { status: 'old' })
    await give(a, b)
    await a.remove(snap)
    await b.add(snap, { owner: 'b' })
    await exchange(a, b)
    // What the removal had seen is gone.
    expect(a.get(snap)?.metadata).toEqual({ owner: 'b' })
  })

  test('an update wins over a removal that has not seen it, with what it wrote', async () => {
    const [a, b] = [await catalog('a'), await catalog('b')]
    await a.add(snap, { status: 'old', size: 1 })
    await give(a, b)
    await a.remove(snap)
    await b.update(snap, { status: 'new' })
    await exchange(a, b)
    expect(a.get(snap)?.metadata).toEqual({ status: 'new' })
    expect(a.explain(snap).tags).toEqual([])
  })

  test('a removal takes away what it has seen, on both', async () => {
    const [a, b] = [await catalog('a'), await catalog('b')]
    await a.add(snap, { status: 'old' })
    await give(a, b)
    await b.update(snap, { status: 'newer' })
    await give(b, a)
    await a.remove(snap)
    await exchange(a, b)
    expect(contentOf(a)).toEqual([])
  })

  test('a stale write never overwrites a newer one', async () => {
    const [a, b] = [await catalog('a', { wallMs: () => 1_000_000 }), await catalog('b', { wallMs: () => 1_020_000 })]
    await b.add(snap, { status: 'newer' })
    await a.add(snap, { status: 'older' })
    await exchange(a, b)
    expect(a.get(snap)?.metadata).toEqual({ status: 'newer' })
  })
})

test('nodes that are connected have the same a moment later', async () => {
  const all = await connected(['a', 'b', 'c'])
  await Promise.all(
    all.flatMap((each, i) =>
      Array.from({ length: 20 }, (_, n) => each.add({ kind: 'images', id: `i${n}` }, { [`by${i}`]: n })),
    ),
  )
  const [a, b, c] = all as [Catalog, Catalog, Catalog]
  await until(
    () =>
      JSON.stringify([a, b, c].map((each) => each.versions())) ===
      JSON.stringify([a, a, a].map((each) => each.versions())),
  )
  expect(contentOf(b)).toEqual(contentOf(a))
  expect(contentOf(c)).toEqual(contentOf(a))
  expect(a.get({ kind: 'images', id: 'i7' })?.metadata).toEqual({ by0: 7, by1: 7, by2: 7 })
})
