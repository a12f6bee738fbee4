/** Queries: the language, and every answer against an oracle that looks at each entry. */
import type { JsonValue } from '@joinery/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { catalogLimits, type Kind, type QueryItem, type QueryRequest } from '../src/index.ts'
import { parseQuery } from '../src/query/parse.ts'
import { runQuery } from '../src/query/query.ts'
import { type RowChange, Table } from '../src/query/table.ts'
import { codeOf } from './catalogs.ts'

type Metadata = Record<string, JsonValue>

function rows(kind: Kind, id: string, metadata: Metadata): RowChange[] {
  const fields = Object.entries(metadata).map(([field, value]) => ({ kind, id, field, value }))
  return [{ kind, id, field: '', value: null }, ...fields]
}

function tableOf(
  entries: Readonly<Record<string, Metadata>>,
  indexed: readonly string[] = ['status', 'size', 'created'],
): Table {
  const table = new Table({ limits: catalogLimits, indexed })
  table.build()
  for (const [id, metadata] of Object.entries(entries)) table.apply(rows('snapshots', id, metadata))
  return table
}

const some = tableOf({
  'vm-1-daily': {
    status: 'completed',
    size: 10,
    created: '2026-01-01T10:00:00Z',
    vm: 'web',
    note: 'Nightly run of Größe',
  },
  'vm-2-daily': { status: 'Failed', size: 20.5, created: '2026-01-02', vm: 'db', tags: ['red', 'blue'] },
  'vm-3-weekly': { status: 'running', size: -3, vm: 'db', ok: true, nested: { deep: 'treasure' } },
  'vm-4': { status: 'in progress', size: '20.5', nothing: null },
})

function found(q: string, more: Partial<QueryRequest> = {}): string[] {
  return runQuery(some, { q, ...more }, catalogLimits).items.map(({ id }) => id.slice(3, 4))
}

describe('the language', () => {
  test.each([
    ['', '1234'],
    ['daily', '12'],
    ['DAILY', '12'],
    ['vm daily', '12'],
    ['daily AND web', '1'],
    ['daily OR weekly', '123'],
    ['NOT daily', '34'],
    ['-daily', '34'],
    ['daily -web', '2'],
    ['(web OR weekly) vm', '13'],
    ['NOT (web OR weekly)', '24'],
    ['dai*', '12'],
    ['vm-1', '1'],
    ['größe', '1'],
    ['treasure', '3'],
    ['blue', '2'],
    ['"nightly run"', '1'],
    ['"run nightly"', ''],
    ['-"nightly run"', '234'],
    ['status:completed', '1'],
    ['status:failed', '2'],
    ['status:"in progress"', '4'],
    ['status:r*', '3'],
    ['-status:r*', '124'],
    ['status>completed', '234'],
    ['size:10', '1'],
    ['size:20.5', '24'],
    ['size>10', '2'],
    ['size>=10', '12'],
    ['size<10', '3'],
    ['size:>10', '2'],
    ['size:-3..10', '13'],
    ['size:[10 TO *]', '12'],
    ['size:"20.5"', '4'],
    ['created:2026-01-01', '1'],
    ['created>2026-01-01', '2'],
    ['created>=2026-01-01', '12'],
    ['created<2026-01-02', '1'],
    ['created<=2026-01-02', '12'],
    ['created:2026-01-01T10:00:00.000Z', '1'],
    ['created:2026-01-01T11:00:00+01:00', '1'],
    ['created:[2026-01-01T09:00:00Z TO 2026-01-01T11:00:00Z]', '1'],
    ['vm:db', '23'],
    ['tags:red', '2'],
    ['ok:true', '3'],
    ['nothing:null', '4'],
    ['tags:*', '2'],
    ['id:vm-4', '4'],
    ['id:vm-*', '1234'],
    ['id>vm-3', '34'],
    ['vm:db status:failed OR id:vm-4', '24'],
  ])('%s', (q, ids) => {
    expect(found(q)).toEqual([...ids])
  })

  test.each([
    ['(daily', 'a parenthesis is not closed', 1],
    ['daily)', 'stands where the query should end', 6],
    ['status:', 'nothing to compare', 7],
    [':x', 'needs a field', 1],
    ['"open', 'does not end', 1],
    ['a OR', 'something is missing', 5],
    ['NOT', 'something is missing', 4],
    ['...', 'no letter and no digit', 1],
    ['size:[* TO *]', 'no range', 6],
  ])('%s is refused, and it says where', (q, what, at) => {
    expect(() => found(q)).toThrow(what)
    expect(() => found(q)).toThrow(`at character ${at} of`)
  })

  test('there is a bound to its depth, its terms and its length', () => {
    expect(() => found('('.repeat(40))).toThrow('nested too deep, at character 34 of')
    expect(() => found(Array.from({ length: 65 }, () => 'a').join(' '))).toThrow('more than 64 terms, at character 129')
    expect(() => found('x'.repeat(5_000))).toThrow('more than 4096 bytes')
  })

  test('no text makes the parser do anything but parse or refuse', async () => {
    const bits = fc.constantFrom(
      'a',
      'status',
      ':',
      '>',
      '>=',
      '<',
      '(',
      ')',
      '"',
      '\\',
      ' ',
      'AND',
      'OR',
      'NOT',
      '-',
      '*',
      '[1 TO 2]',
      '1..2',
      '2026-01-01',
      'é',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.array(bits, { maxLength: 30 }).map((all) => all.join('')),
          fc.string({ unit: 'binary', maxLength: 60 }),
        ),
        async (q) => {
          const code = await codeOf(() => runQuery(some, { q }, catalogLimits))
          expect([undefined, 'CATALOG_QUERY_INVALID']).toContain(code)
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('order and pages', () => {
  test.each([
    ['id', '1234'],
    ['-id', '4321'],
    ['size', '3124'],
    ['-size', '4213'],
    ['created', '1234'],
    ['-created', '2134'],
    ['vm', '2314'],
    ['-vm', '1324'],
  ])('by %s', (sort, ids) => {
    expect(found('', { sort })).toEqual([...ids])
    expect(found('vm', { sort })).toEqual([...ids])
  })

  test('fields are those that were asked for', () => {
    const { items } = runQuery(some, { q: 'id:vm-4', fields: ['size', 'missing'] }, catalogLimits)
    expect(items).toEqual([{ kind: 'snapshots', id: 'vm-4', metadata: { size: '20.5' } }])
  })

  test('a cursor belongs to its query', async () => {
    const { cursor } = runQuery(some, { limit: 1, q: 'vm' }, catalogLimits)
    expect(runQuery(some, { limit: 1, q: 'vm', cursor }, catalogLimits).items[0]?.id).toBe('vm-2-daily')
    for (const request of [
      { q: 'daily', cursor },
      { q: 'vm', sort: 'size', cursor },
      { q: 'vm', cursor: 'none' },
    ]) {
      expect(await codeOf(() => runQuery(some, request, catalogLimits))).toBe('CATALOG_CURSOR_INVALID')
    }
  })
})

describe('any entries', () => {
  const value = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom('red', 'Red', 'blue', '2026-01-01', '2026-01-01T12:00:00Z', '', 'two words'),
    fc.constantFrom(true, false, null),
    fc.array(fc.constantFrom<JsonValue>(1, 2, 'red', null), { maxLength: 3 }),
    fc.constant<JsonValue>({ deep: 'red' }),
  )
  const metadata = fc.dictionary(fc.constantFrom('x', 'y', 'z'), value, { maxKeys: 3 })
  const change = fc.record({
    kind: fc.constantFrom<Kind>('snapshots', 'images'),
    id: fc.constantFrom(...Array.from({ length: 30 }, (_, i) => `e${i}`)),
    metadata: fc.option(metadata, { nil: undefined }),
  })

  /** The table after changes, and what it should hold. */
  function played(
    changes: readonly { kind: Kind; id: string; metadata: Metadata | undefined }[],
    table: Table,
  ): Map<string, QueryItem> {
    const model = new Map<string, QueryItem>()
    for (const { kind, id, metadata } of changes) {
      const before = Object.keys(model.get(`${kind}:${id}`)?.metadata ?? {})
      const gone = ['', ...before].map((field) => ({ kind, id, field, value: undefined }))
      table.apply(metadata === undefined ? gone : [...gone, ...rows(kind, id, metadata)])
      if (metadata === undefined) model.delete(`${kind}:${id}`)
      else model.set(`${kind}:${id}`, { kind, id, metadata })
    }
    return model
  }

  function newTable(indexed: readonly string[]): Table {
    const table = new Table({ limits: catalogLimits, indexed })
    table.build()
    return table
  }

  const queries = [
    '',
    'red',
    'x:red',
    'x:1',
    'x>0',
    'x<=2026-01-01',
    'y:*',
    'NOT x:red',
    'x:1 OR y:true',
    'red AND NOT y:2',
    'x:-1..2',
    'tw*',
    '"two words"',
    'e1*',
    'id:e1*',
    'x>a',
  ]

  test('an index changes no answer, and pages add up', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 80 }),
        fc.constantFrom(...queries),
        fc.constantFrom('id', '-id', 'x', '-x', 'z'),
        fc.integer({ min: 1, max: 9 }),
        (changes, q, sort, limit) => {
          const [with_, without] = [newTable(['x', 'y']), newTable([])]
          const model = played(changes, with_)
          played(changes, without)
          const all = { q, sort, limit: 1_000 }
          const whole = runQuery(with_, all, catalogLimits).items
          expect(whole).toEqual(runQuery(without, all, catalogLimits).items)
          if (q === '') expect(new Set(whole.map(({ kind, id }) => `${kind}:${id}`))).toEqual(new Set(model.keys()))
          for (const item of whole) expect(model.get(`${item.kind}:${item.id}`)).toEqual(item)
          const paged: QueryItem[] = []
          let cursor: string | undefined
          do {
            const page = runQuery(with_, { q, sort, limit, cursor }, catalogLimits)
            paged.push(...page.items)
            cursor = page.cursor
          } while (cursor !== undefined)
          expect(paged).toEqual(whole)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('what is built at once is what was built bit by bit', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.constantFrom(...queries),
        fc.constantFrom('id', '-x', 'y'),
        (changes, q, sort) => {
          const bit = newTable(['x', 'y'])
          played(changes, bit)
          const once = new Table({ limits: catalogLimits, indexed: ['x', 'y'] })
          played(changes, once)
          once.build()
          expect(runQuery(once, { q, sort }, catalogLimits)).toEqual(runQuery(bit, { q, sort }, catalogLimits))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('NOT is what is left, and OR is either', () => {
    const items = (table: Table, q: string): Set<string> =>
      new Set(runQuery(table, { q, limit: 1_000 }, catalogLimits).items.map(({ kind, id }) => `${kind}:${id}`))
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.constantFrom(...queries.slice(1)),
        fc.constantFrom(...queries.slice(1)),
        (changes, a, b) => {
          const table = newTable(['x'])
          played(changes, table)
          const [all, ofA, ofB] = [items(table, ''), items(table, a), items(table, b)]
          expect(items(table, `NOT (${a})`)).toEqual(new Set([...all].filter((each) => !ofA.has(each))))
          expect(items(table, `(${a}) OR (${b})`)).toEqual(new Set([...ofA, ...ofB]))
          expect(items(table, `(${a}) AND (${b})`)).toEqual(new Set([...ofA].filter((each) => ofB.has(each))))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a table of many entries splits its blocks and stays in order', () => {
    const table = newTable(['x'])
    for (let i = 0; i < 3_000; i += 1) table.apply(rows('images', `e${(i * 7919) % 3_000}`, { x: i % 10 }))
    for (let i = 0; i < 3_000; i += 3)
      table.apply([
        { kind: 'images', id: `e${i}`, field: '', value: undefined },
        { kind: 'images', id: `e${i}`, field: 'x', value: undefined },
      ])
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const page = runQuery(table, { q: 'x>=3', sort: '-x', limit: 500, cursor }, catalogLimits)
      ids.push(...page.items.map(({ id, metadata }) => `${metadata.x} ${id}`))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(ids).toHaveLength(1_400)
    expect(ids).toEqual([...ids].sort((a, b) => (a < b ? 1 : -1)))
  })
})

test('a parsed query is a tree', () => {
  expect(parseQuery('a OR NOT b:1', catalogLimits)).toMatchObject({
    type: 'or',
    parts: [
      { type: 'words', words: ['a'] },
      { type: 'not', part: { type: 'field', field: 'b' } },
    ],
  })
})
