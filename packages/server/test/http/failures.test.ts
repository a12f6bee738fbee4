/** What the service or the store throws, overload, and the way out. */
import { CoreError } from '@joinery/core'
import { problemOf } from '@joinery/http'
import { StoreError } from '@joinery/sync'
import { expect, test } from 'vitest'
import { asServerError } from '../../src/as-server-error.ts'
import { ServerError } from '../../src/errors.ts'
import { testApp } from './harness.ts'

test.each([
  [new CoreError('CORE_VALUE_INVALID', 'm'), 'VALUE_INVALID'],
  [new CoreError('CORE_LIMIT_EXCEEDED', 'm'), 'LIMIT_EXCEEDED'],
  [new CoreError('CORE_POSITION_INVALID', 'm'), 'POSITION_INVALID'],
  [new CoreError('CORE_PRECONDITION_FAILED', 'm'), 'PRECONDITION_FAILED'],
  [new CoreError('CORE_SCHEMA_INVALID', 'm'), 'OP_INVALID'],
  [new CoreError('CORE_ID_INVALID', 'm'), 'ID_INVALID'],
  [new CoreError('CORE_DECODE_TRUNCATED', 'm'), 'INTERNAL'],
  [new StoreError('STORE_BUSY', 'm'), 'OVERLOADED'],
  [new StoreError('STORE_CONFLICT', 'm'), 'OVERLOADED'],
  [new StoreError('STORE_CLOSED', 'm'), 'SHUTTING_DOWN'],
  [new StoreError('STORE_IO', 'm'), 'STORE_UNAVAILABLE'],
  [new StoreError('STORE_UNKNOWN', 'm'), 'STORE_UNAVAILABLE'],
  [new StoreError('STORE_LOCKED', 'm'), 'STORE_UNAVAILABLE'],
  [new StoreError('STORE_FULL', 'm'), 'STORE_UNAVAILABLE'],
  [new StoreError('STORE_GONE', 'm'), 'STORE_UNAVAILABLE'],
  [new ServerError('GONE', 'm'), 'GONE'],
  [new Error('m'), 'INTERNAL'],
  ['a string', 'INTERNAL'],
])('%s becomes %s', (thrown, code) => {
  expect(asServerError(thrown).code).toBe(code)
})

test('extra members cannot replace the standard ones', () => {
  const problem = problemOf(new ServerError('GONE', 'detail', { extra: { status: 200, code: 'FINE', more: 1 } }), 'r')
  expect(problem).toMatchObject({ status: 410, code: 'GONE', more: 1, requestId: 'r' })
  expect(Object.keys(problem)[0]).toBe('type')
})

test('an unforeseen failure says nothing of itself but in the log', async () => {
  const at = await testApp({
    service: {
      get: () => Promise.reject(new Error('secret path /var/lib')),
    },
  })
  const answer = await at.call('GET', '/v1/docs/d')
  expect(answer.json).toMatchObject({ code: 'INTERNAL', status: 500 })
  expect(answer.text).not.toContain('secret')
  const line = at.logged.find(({ requestId, failure }) => requestId === answer.json.requestId && failure !== undefined)
  expect(JSON.stringify(line)).toContain('failures.test.ts')
  expect(JSON.stringify(at.logged), 'what it says may be what somebody wrote').not.toContain('secret path')
})

test('an answer is a line in the log with tenant, node, document, request id and status', async () => {
  const at = await testApp()
  await at.call('PUT', '/v1/docs/d', { body: { type: 'lww', value: 'private' }, headers: { 'X-Request-ID': 'r-1' } })
  const line = at.logged.find(({ requestId }) => requestId === 'r-1')
  expect(line).toMatchObject({
    tenant: 'acme',
    node: 'phone',
    document: 'd',
    method: 'PUT',
    route: '/v1/docs/{docID}',
    status: 201,
  })
  expect(JSON.stringify(at.logged)).not.toContain('private')
})

test('beyond the bound of requests at a time, callers are told to come back', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const at = await testApp({
    limits: { requestsConcurrentMax: 2 },
    service: { list: () => held.then(() => ({ documents: [] })) },
  })
  const begun = [at.call('GET', '/v1/docs'), at.call('GET', '/v1/docs')]
  const refused = await at.call('GET', '/v1/ops')
  expect(refused.json).toMatchObject({ code: 'OVERLOADED', status: 503 })
  expect(refused.headers.get('retry-after')).toBe('1')
  expect((await at.call('GET', '/healthz')).status).toBe(200)
  release()
  expect((await Promise.all(begun)).map(({ status }) => status)).toEqual([200, 200])
  expect((await at.call('GET', '/v1/ops')).status).toBe(200)
})

test('on its way out it finishes what was begun and takes nothing new', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const at = await testApp({ service: { list: () => held.then(() => ({ documents: [] })) } })
  const begun = at.call('GET', '/v1/docs')
  await Promise.resolve()
  expect((await at.call('GET', '/readyz')).status).toBe(200)
  at.app.load.drain()
  expect((await at.call('GET', '/v1/ops')).json).toMatchObject({ code: 'SHUTTING_DOWN', status: 503 })
  expect((await at.call('GET', '/readyz')).json).toMatchObject({ code: 'SHUTTING_DOWN', status: 503 })
  expect((await at.call('GET', '/healthz')).status).toBe(200)
  release()
  await at.app.load.idle()
  expect((await begun).status).toBe(200)
})
