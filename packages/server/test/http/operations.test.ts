/** Every type over HTTP: its operations go in, what is none of them does not, and answers are what `/openapi.json` says. */

import type { z } from '@hono/zod-openapi'
import { health } from '@joinery/http'
import { beforeEach, describe, expect, test } from 'vitest'
import * as answers from '../../src/http/schemas/answers.ts'
import { documentTypes } from '../../src/http/schemas/operations.ts'
import { type Answer, type TestApp, testApp } from './harness.ts'

let at: TestApp

beforeEach(async () => {
  at = await testApp()
})

function shaped(answer: Answer, schema: z.ZodType): Answer {
  expect(answer.status, answer.text).toBeLessThan(300)
  const parsed = schema.safeParse(answer.json)
  expect(parsed.error?.issues, answer.text).toBeUndefined()
  return answer
}

async function post(type: string, ops: unknown[], more: object = {}): Promise<Answer> {
  return at.call('POST', '/v1/docs/d/ops', { body: { type, ops, ...more } })
}

const good: Record<string, [ops: unknown[], snapshot: unknown]> = {
  lww: [[{ set: { a: [1] } }, { set: 'x', ts_unix_ns: 0 }, { type: 'set', set: 'y' }], 'y'],
  mvreg: [[{ set: 1 }, { type: 'set', set: null }], [null]],
  orset: [
    [
      { type: 'add', elem: 'a' },
      { type: 'add', elem: { b: 1 } },
      { type: 'remove', elem: 'a' },
    ],
    [{ b: 1 }],
  ],
  gset: [
    [
      { type: 'add', elem: 'a' },
      { type: 'add', elem: null },
    ],
    expect.arrayContaining(['a', null]),
  ],
  '2pset': [
    [
      { type: 'add', elem: 'a' },
      { type: 'add', elem: 'b' },
      { type: 'remove', elem: 'a' },
    ],
    ['b'],
  ],
  gcounter: [[{ type: 'increment' }, { type: 'increment', by: 4 }], 5],
  pncounter: [
    [
      { type: 'increment', by: 2 },
      { type: 'decrement', by: 5 },
    ],
    -3,
  ],
  bcounter: [
    [{ type: 'increment', by: 5 }, { type: 'decrement' }, { type: 'transfer', to: 'b~AAAAAAAAAAAAAAAA', amount: 1 }],
    4,
  ],
  ewflag: [[{ type: 'enable' }], true],
  dwflag: [[{ type: 'enable' }, { type: 'disable' }], false],
  ormap: [
    [
      { type: 'set', key: 'a', value: 1, ts_unix_ns: '1700000000000000001' },
      { type: 'set', key: 'b', value: 2 },
      { type: 'remove', key: 'a' },
      {
        type: 'update',
        key: 'm',
        of: 'ormap',
        op: { type: 'update', key: 'n', of: 'pncounter', op: { type: 'decrement' } },
      },
    ],
    { b: 2, m: { n: -1 } },
  ],
  rga: [
    [
      { type: 'insert', index: 0, values: ['a', 'b'] },
      { type: 'delete', index: 0 },
      { type: 'insert', after: null, values: [0] },
    ],
    [0, 'b'],
  ],
  text: [
    [
      { type: 'insert', index: 0, text: 'Hé 😀' },
      { type: 'delete', index: 0, count: 1 },
    ],
    'é 😀',
  ],
  doc: [
    [
      { path: ['tags'], of: 'orset', type: 'add', elem: 'x' },
      { path: ['title'], of: 'lww', set: 'T', ts_unix_ns: '5' },
      { path: ['m', 'votes'], of: ['ormap', 'gcounter'], type: 'increment' },
    ],
    { tags: ['x'], title: 'T', m: { votes: 1 } },
  ],
}

test('every type is tried', () => {
  expect(Object.keys(good).sort()).toEqual([...documentTypes].sort())
})

test.each(Object.entries(good))('%s takes its operations', async (type, [ops, snapshot]) => {
  const answer = shaped(await post(type, ops), answers.opsAnswer)
  expect(answer.json).toMatchObject({ id: 'd', type, version: ops.length, snapshot, ops: [], truncated: false })
  const log = shaped(await at.call('GET', '/v1/docs/d/ops'), answers.logAnswer)
  expect(log.json.ops.map(({ op }: { op: unknown }) => op)).toEqual(ops)
  const value = shaped(await at.call('GET', '/v1/docs/d'), answers.documentValue)
  expect(value.json.value).toEqual(answer.json.snapshot)
})

const bad: Record<string, unknown[]> = {
  lww: [
    {},
    { set: undefined },
    { type: 'add', elem: 1 },
    { set: 1, ts_unix_ns: -1 },
    { set: 1, ts_unix_ns: 1.5 },
    { set: 1, ts_unix_ns: '1e9' },
  ],
  mvreg: [{ set: 1, by: 2 }, { value: 1 }],
  orset: [
    { type: 'add' },
    { type: 'added', elem: 1 },
    { type: 'add', elem: 1, elm: 2 },
    { elem: 1 },
    'add',
    null,
    7,
    [],
    ['add'],
  ],
  gset: [{ type: 'remove', elem: 1 }],
  '2pset': [{ type: 'remove' }],
  gcounter: [
    { type: 'decrement' },
    { type: 'increment', by: -1 },
    { type: 'increment', by: '1' },
    { type: 'increment', by: 2 ** 53 },
  ],
  pncounter: [{ type: 'increment', by: 0.5 }],
  bcounter: [
    { type: 'transfer', amount: 1 },
    { type: 'transfer', to: 'nobody', amount: 1 },
  ],
  ewflag: [{ type: 'enable', elem: 1 }, { type: 'toggle' }],
  dwflag: [{}],
  ormap: [
    { type: 'set', key: 'a' },
    { type: 'set', key: 1, value: 1 },
    { type: 'update', key: 'a', of: 'gcounter', op: { type: 'decrement' } },
    { type: 'update', key: 'a', of: 'doc', op: { type: 'increment' } },
    { type: 'update', key: 'a', op: { type: 'increment' } },
    { type: 'update', key: 'a', of: 'gcounter' },
  ],
  rga: [
    { type: 'insert', values: [1] },
    { type: 'insert', index: 0, after: null, values: [1] },
    { type: 'insert', index: 0, text: 'a' },
    { type: 'insert', index: -1, values: [1] },
    { type: 'delete' },
    { type: 'delete', index: 0, ids: [] },
    { type: 'delete', ids: [1] },
  ],
  text: [
    { type: 'insert', index: 0, text: 7 },
    { type: 'insert', index: 0, values: [] },
  ],
  doc: [
    { type: 'add', elem: 1 },
    { path: [], of: 'orset', type: 'add', elem: 1 },
    { path: ['a'], type: 'add', elem: 1 },
    { path: ['a'], of: 'orset', type: 'increment' },
    { path: ['a'], of: ['orset', 'orset'], type: 'add', elem: 1 },
    { path: ['a'], of: 'ormap', type: 'update', key: 'b', op: { set: 1 } },
    { path: ['a'], of: 'btree', type: 'add', elem: 1 },
  ],
}

const badCases = Object.entries(bad).flatMap(([type, ops]) => ops.map((op) => [type, JSON.stringify(op), op] as const))

test.each(badCases)('%s refuses %s and changes nothing', async (type, _, op) => {
  const answer = await post(type, [...(good[type]?.[0] ?? []), op])
  expect(answer.json).toMatchObject({ code: 'OP_INVALID', status: 400 })
  expect((await at.call('GET', '/v1/docs/d')).status).toBe(404)
})

test('the answer says which operation and what about it', async () => {
  const answer = await post('ormap', [
    { type: 'set', key: 'a', value: 1 },
    { type: 'update', key: 'b', of: 'gcounter', op: { type: 'increment', by: 'x' } },
  ])
  expect(answer.json.detail).toContain('ops[1].op.by')
  expect(answer.json.errors[0].pointer).toBe('/ops/1/op/by')
})

describe('answers', () => {
  test('PUT, list, DELETE and the log of the tenant', async () => {
    const put = shaped(
      await at.call('PUT', '/v1/docs/d', { body: { type: 'text', value: 'hi' } }),
      answers.documentValue,
    )
    expect(put.status).toBe(201)
    const again = await at.call('PUT', '/v1/docs/d', { body: { type: 'text', value: 'ho' } })
    expect(shaped(again, answers.documentValue).status).toBe(200)
    shaped(await at.call('GET', '/v1/docs'), answers.documentList)
    const ids = shaped(await at.call('GET', '/v1/docs/d?ids=true'), answers.documentValue)
    expect(ids.json.ids).toHaveLength(2)
    expect((await at.call('GET', '/v1/docs/d?ids=false')).json).not.toHaveProperty('ids')
    shaped(await at.call('DELETE', '/v1/docs/d'), answers.documentState)
    const log = shaped(await at.call('GET', '/v1/ops'), answers.tenantLogAnswer)
    // The changes of a life end with it; that it ended stays.
    expect(log.json.ops).toMatchObject([{ id: 'd', version: 3, op: { type: 'delete' } }])
    for (const path of ['/healthz', '/readyz']) shaped(await at.call('GET', path), health)
  })

  test('without a snapshot, with ids', async () => {
    const body = { type: 'rga', ops: [{ type: 'insert', index: 0, values: [1, 2] }] }
    const answer = shaped(await at.call('POST', '/v1/docs/d/ops?snapshot=false&ids=true', { body }), answers.opsAnswer)
    expect(answer.json).not.toHaveProperty('snapshot')
    expect(answer.json.ids).toHaveLength(2)
  })

  test('pages', async () => {
    for (const id of ['a', 'b', 'c']) await at.call('PUT', `/v1/docs/${id}`, { body: { type: 'lww', value: id } })
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const page = shaped(await at.call('GET', `/v1/docs?limit=1${cursor}`), answers.documentList)
      seen.push(...page.json.documents.map(({ id }: { id: string }) => id))
      if (page.json.cursor === undefined) break
      cursor = `&cursor=${encodeURIComponent(page.json.cursor)}`
    }
    expect(seen).toEqual(['a', 'b', 'c'])
    const first = shaped(await at.call('GET', '/v1/ops?limit=2'), answers.tenantLogAnswer)
    const rest = shaped(await at.call('GET', `/v1/ops?limit=2&since=${first.json.next}`), answers.tenantLogAnswer)
    expect([...first.json.ops, ...rest.json.ops].map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect((await at.call('GET', '/v1/ops?storeId=another')).json.code).toBe('STORE_MISMATCH')
  })

  test('tenants do not see each other', async () => {
    await at.call('PUT', '/v1/docs/d', { body: { type: 'lww', value: 1 } })
    const headers = { 'X-Tenant-ID': 'other' }
    expect((await at.call('GET', '/v1/docs/d', { headers })).status).toBe(404)
    expect((await at.call('GET', '/v1/docs', { headers })).json.documents).toEqual([])
    expect((await at.call('GET', '/v1/ops', { headers })).json.ops).toEqual([])
  })

  test('a refusal for an old store carries the snapshot', async () => {
    await post('orset', [{ type: 'add', elem: 'a' }])
    const answer = await post('orset', [{ type: 'add', elem: 'b' }], { since: 1, storeId: 'another' })
    expect(answer.json).toMatchObject({ code: 'STORE_MISMATCH', status: 409, snapshot: ['a'], version: 1 })
  })
})

describe('idempotency', () => {
  const headers = { 'Idempotency-Key': 'once' }
  const body = { type: 'gcounter', ops: [{ type: 'increment' }] }

  test('a retry gets the first answer, also its status', async () => {
    const put = { headers, body: { type: 'lww', value: 1 } }
    const first = await at.call('PUT', '/v1/docs/d', put)
    const again = await at.call('PUT', '/v1/docs/d', put)
    expect(first.status).toBe(201)
    expect(again).toMatchObject({ status: 201, text: first.text })
  })

  test.each([
    ['another body', 'POST', '/v1/docs/d/ops', { ...body, ops: [{ type: 'increment', by: 2 }] }],
    ['another document', 'POST', '/v1/docs/e/ops', body],
    ['another question', 'POST', '/v1/docs/d/ops?snapshot=false', body],
    ['another method', 'DELETE', '/v1/docs/d', undefined],
  ])('%s under the same key is refused', async (_, method, path, other) => {
    expect((await at.call('POST', '/v1/docs/d/ops', { headers, body })).json.snapshot).toBe(1)
    const answer = await at.call(method, path, { headers, body: other })
    expect(answer.json).toMatchObject({ code: 'IDEMPOTENCY_MISMATCH', status: 422 })
    expect((await at.call('GET', '/v1/docs/d')).json.value).toBe(1)
  })
})

test('digits of a timestamp that matter survive as a number and as text', async () => {
  const micros = 1_799_999_999_123_456n
  for (const [id, ts] of [
    ['n', Number(micros * 1000n + 789n)],
    ['t', `${micros * 1000n + 789n}`],
  ] as const) {
    const write = (value: string, ts_unix_ns: number | string): Promise<Answer> =>
      at.call('POST', `/v1/docs/${id}/ops`, { body: { type: 'lww', ops: [{ set: value, ts_unix_ns }] } })
    expect((await write('first', ts)).status).toBe(200)
    expect((await write('a microsecond before', `${(micros - 1n) * 1000n}`)).json.snapshot).toBe('first')
    expect((await write('a microsecond after', `${(micros + 1n) * 1000n}`)).json.snapshot).toBe('a microsecond after')
  }
})
