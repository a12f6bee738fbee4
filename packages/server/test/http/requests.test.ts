/** What is refused before the service sees it, and how. */
import { beforeEach, describe, expect, test } from 'vitest'
import { errorTable, type ServerErrorCode } from '../../src/errors.ts'
import { defaultServerLimits } from '../../src/limits.ts'
import { type Answer, type CallOptions, type TestApp, testApp } from './harness.ts'

let at: TestApp

beforeEach(async () => {
  at = await testApp()
})

function expectProblem(answer: Answer, code: ServerErrorCode): void {
  expect(answer.json, answer.text).toMatchObject({ code })
  const { status, title, advice } = errorTable()[code]
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.json).toMatchObject({ type: `urn:joinery:error:${code}`, title, status, advice })
  expect(answer.json.detail).toBeTruthy()
  expect(answer.json.requestId).toBe(answer.headers.get('x-request-id'))
}

describe('headers', () => {
  const cases: [string, CallOptions['headers'], ServerErrorCode | undefined][] = [
    ['no tenant', { 'X-Tenant-ID': undefined }, 'HEADER_MISSING'],
    ['no node', { 'X-Node-ID': undefined }, 'HEADER_MISSING'],
    ['an empty tenant', { 'X-Tenant-ID': '' }, 'ID_INVALID'],
    ['a tenant of 128 bytes', { 'X-Tenant-ID': 't'.repeat(128) }, undefined],
    ['a tenant of 129 bytes', { 'X-Tenant-ID': 't'.repeat(129) }, 'ID_INVALID'],
    ['a node of 65 characters in 130 bytes', { 'X-Node-ID': latin1('é'.repeat(65)) }, 'ID_INVALID'],
    ['a node in UTF-8', { 'X-Node-ID': latin1('téléphone 😀') }, undefined],
    ['a node in Latin-1', { 'X-Node-ID': 'téléphone' }, 'ID_INVALID'],
    ['a control character', { 'X-Node-ID': 'a\u0001b' }, 'ID_INVALID'],
    ['a C1 control character', { 'X-Node-ID': latin1('a\u0085b') }, 'ID_INVALID'],
    ['a bad idempotency key on a read', { 'Idempotency-Key': 'k'.repeat(500) }, undefined],
  ]
  test.each(cases)('%s', async (_, headers, code) => {
    const answer = await at.call('GET', '/v1/docs', { headers: headers! })
    if (code === undefined) expect(answer.status).toBe(200)
    else expectProblem(answer, code)
  })

  test('what a node is called is what the log shows', async () => {
    const headers = { 'X-Node-ID': latin1('téléphone') }
    await at.call('PUT', '/v1/docs/d', { headers, body: { type: 'lww', value: 1 } })
    const log = await at.call('GET', '/v1/docs/d/ops')
    expect(log.json.ops[0].node).toBe('téléphone')
  })

  test('an idempotency key has its bound', async () => {
    const headers = { 'Idempotency-Key': 'k'.repeat(257) }
    expectProblem(await at.call('DELETE', '/v1/docs/d', { headers }), 'ID_INVALID')
  })

  test('a request id is taken when it can do no harm, else made', async () => {
    const good = await at.call('GET', '/v1/docs', { headers: { 'X-Request-ID': 'trace-1.a:b' } })
    expect(good.headers.get('x-request-id')).toBe('trace-1.a:b')
    for (const bad of ['a b', 'x"y', 'r'.repeat(129)]) {
      const answer = await at.call('GET', '/v1/docs', { headers: { 'X-Request-ID': bad } })
      expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{16}$/)
    }
  })
})

describe('document ids', () => {
  test.each([
    ['%FF', 'ID_INVALID'],
    ['%', 'ID_INVALID'],
    ['%2', 'ID_INVALID'],
    ['a%00b', 'ID_INVALID'],
    ['a%7Fb', 'ID_INVALID'],
    ['%ED%A0%80', 'ID_INVALID'],
    ['x'.repeat(257), 'ID_INVALID'],
    [encodeURIComponent('é'.repeat(129)), 'ID_INVALID'],
    ['x'.repeat(256), 'NOT_FOUND'],
    ['%25FF', 'NOT_FOUND'],
    ['a%2Fb', 'NOT_FOUND'],
    ['%F0%9F%98%80', 'NOT_FOUND'],
  ] as [string, ServerErrorCode][])('%s: %s', async (id, code) => {
    expectProblem(await at.call('GET', `/v1/docs/${id}`), code)
    expectProblem(await at.call('GET', `/v1/docs/${id}/ops`), code)
  })

  test('an id comes back as it was meant', async () => {
    for (const id of ['a/b', '%FF', 'ü 😀', 'ops', '?#&', ':docID', 'a%2Fb', '__proto__']) {
      const put = await at.call('PUT', `/v1/docs/${encodeURIComponent(id)}`, { body: { type: 'lww', value: id } })
      expect(put).toMatchObject({ status: 201, json: { id, value: id } })
      expect(put.headers.get('location')).toBe(`/v1/docs/${encodeURIComponent(id)}`)
      expect((await at.call('GET', `/v1/docs/${encodeURIComponent(id)}`)).json.value).toBe(id)
    }
    expect((await at.call('GET', '/v1/docs')).json.documents).toHaveLength(8)
  })
})

describe('routes', () => {
  test.each(['/', '/v1', '/v1/', '/v1/docs/', '/v1/docs/a/', '/v1/docs/a/ops/', '/v1/docs/a/b', '/v2/docs'])(
    '%s is unknown',
    async (path) => {
      expectProblem(await at.call('GET', path), 'ROUTE_UNKNOWN')
    },
  )

  test.each([
    ['PATCH', '/v1/docs/a', 'DELETE, GET, HEAD, PUT'],
    ['POST', '/v1/docs', 'GET, HEAD'],
    ['DELETE', '/v1/docs/a/ops', 'GET, HEAD, POST'],
    ['PUT', '/v1/ops', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['PUT', '/openapi.json', 'GET, HEAD'],
  ])('%s %s is not there, and the answer says what is', async (method, path, allow) => {
    const answer = await at.call(method, path, { body: {} })
    expectProblem(answer, 'METHOD_NOT_ALLOWED')
    expect(answer.headers.get('allow')).toBe(allow)
  })

  test('HEAD is GET without a body', async () => {
    const answer = await at.call('HEAD', '/healthz')
    expect(answer).toMatchObject({ status: 200, text: '' })
  })
})

describe('queries', () => {
  test.each([
    '/v1/docs?limit=0',
    '/v1/docs?limit=1001',
    '/v1/docs?limit=1e2',
    '/v1/docs?limit=%201',
    '/v1/docs?limit=',
    '/v1/docs?limt=1',
    '/v1/docs?prefix=a&prefix=b',
    '/v1/docs?cursor=nonsense',
    '/v1/docs/a?ids=yes',
    '/v1/docs/a?snapshot=true',
    '/v1/docs/a/ops?since=-1',
    '/v1/docs/a/ops?since=1.5',
    '/v1/docs/a/ops?since=99999999999999999999',
    '/v1/docs/a/ops?since=9007199254740993',
    '/v1/ops?since=x',
  ])('%s', async (path) => {
    expectProblem(await at.call('GET', path), 'BODY_INVALID')
  })

  test('the answer points at the parameter', async () => {
    const answer = await at.call('GET', '/v1/docs?limit=many')
    expect(answer.json.detail).toContain('limit')
    expect(answer.json.errors).toEqual([{ pointer: '/limit', detail: expect.any(String) }])
  })
})

describe('bodies', () => {
  const put = (raw: string | Uint8Array, headers = {}): Promise<Answer> =>
    at.call('PUT', '/v1/docs/d', { raw, headers })

  test.each([
    ['nothing', ''],
    ['half', '{"type":"lww","value":'],
    ['two', '{} {}'],
    ['not UTF-8', Uint8Array.from([0x22, 0xff, 0x22])],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['no value', '{"type":"lww"}'],
    ['no type', '{"value":1}'],
    ['a type that is no text', '{"type":7,"value":1}'],
    ['a member that is not there', '{"type":"lww","value":1,"extra":1}'],
    ['__proto__', '{"type":"lww","value":1,"__proto__":{}}'],
    ['too deep', `{"type":"lww","value":${'['.repeat(200)}${']'.repeat(200)}}`],
    ['very much too deep', '['.repeat(1_000_000)],
  ])('%s', async (_, raw) => {
    expectProblem(await put(raw), 'BODY_INVALID')
    expect((await at.call('GET', '/v1/docs/d')).status).toBe(404)
  })

  test('brackets in text are not depth', async () => {
    const value = `\\"${'['.repeat(500)}`
    expect((await put(JSON.stringify({ type: 'lww', value }))).json.value).toBe(value)
  })

  test.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json; charset=utf-16',
  ])('media type %s', async (type) => {
    expectProblem(await put('{"type":"lww","value":1}', { 'Content-Type': type }), 'MEDIA_TYPE')
  })

  test.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
  ])('media type %s is JSON', async (type) => {
    expect((await put('{"type":"lww","value":1}', { 'Content-Type': type })).status).toBe(201)
  })

  test('an unknown type is told from a malformed request', async () => {
    const answer = await put('{"type":"btree","value":1}')
    expectProblem(answer, 'TYPE_UNKNOWN')
    expect(answer.json.types).toContain('orset')
    const post = await at.call('POST', '/v1/docs/d/ops', { body: { type: 'btree', ops: [] } })
    expectProblem(post, 'TYPE_UNKNOWN')
  })

  test('as large as allowed, and one byte more', async () => {
    const { bodyBytesMax } = defaultServerLimits
    at = await testApp({ limits: { bodyBytesMax: 1000 } })
    const sized = (bytes: number): string =>
      JSON.stringify({ type: 'lww', value: 'v'.repeat(bytes - 25) }).slice(0, bytes)
    expect(sized(1000)).toHaveLength(1000)
    expect((await put(sized(1000))).status).toBe(201)
    const refused = await put(`${sized(1000)} `)
    expectProblem(refused, 'BODY_TOO_LARGE')
    expect(refused.json.bodyBytesMax).toBe(1000)
    expect(bodyBytesMax).toBeGreaterThan(1_048_576)
  })

  test('bodies received at the same time have a bound together', async () => {
    at = await testApp({ limits: { bodyBytesMax: 1000, bodiesBufferedBytesMax: 1500 } })
    const slow = new TransformStream<Uint8Array, Uint8Array>()
    const writer = slow.writable.getWriter()
    void writer.write(new TextEncoder().encode(' '.repeat(900)))
    const headers = { 'X-Tenant-ID': 't', 'X-Node-ID': 'n', 'Content-Type': 'application/json' }
    const init = { method: 'PUT', headers, body: slow.readable, duplex: 'half' } as RequestInit
    const first = at.app.fetch(new Request('http://localhost/v1/docs/slow', init))
    await new Promise((resolve) => setTimeout(resolve, 20))
    const second = await put(`{"type":"lww","value":1}${' '.repeat(900)}`)
    expectProblem(second, 'OVERLOADED')
    expect(second.headers.get('retry-after')).toBe('1')
    await writer.write(new TextEncoder().encode('{"type":"lww","value":1}'))
    await writer.close()
    expect((await first).status).toBe(201)
    expect((await put(`{"type":"lww","value":1}${' '.repeat(900)}`)).status).toBe(201)
  })

  const many = (element: string): string => `[${Array(400_000).fill(element).join(',')}]`
  test.each([
    ['ids', `{"type":"rga","ops":[{"type":"delete","ids":${many('1')}}]}`, 'OP_INVALID'],
    ['path', `{"type":"doc","ops":[{"path":${many('""')},"of":"gset","type":"add","elem":1}]}`, 'OP_INVALID'],
    ['of', `{"type":"doc","ops":[{"path":["a"],"of":${many('0')},"type":"add","elem":1}]}`, 'OP_INVALID'],
    ['ops', `{"type":"gset","ops":${many('0')}}`, 'TOO_MANY_OPS'],
    ['members', `{"type":"gset","ops":[{${Array.from({ length: 100_000 }, (_, i) => `"${i}":1`)}}]}`, 'OP_INVALID'],
    ['values', `{"type":"gset","ops":[{"type":"insert","index":0,"values":${many('1')}}]}`, 'OP_INVALID'],
  ] as [string, string, ServerErrorCode][])('a body full of bad %s is refused in few words', async (_, raw, code) => {
    const answer = await at.call('POST', '/v1/docs/d/ops', { raw })
    expectProblem(answer, code)
    expect(answer.text.length).toBeLessThan(5000)
  })

  test('operations have a bound in number', async () => {
    const add = { type: 'add', elem: 1 }
    const body = (count: number): CallOptions => ({ body: { type: 'gset', ops: Array(count).fill(add) } })
    expect((await at.call('POST', '/v1/docs/d/ops', body(1000))).status).toBe(200)
    const refused = await at.call('POST', '/v1/docs/d/ops', body(1001))
    expectProblem(refused, 'TOO_MANY_OPS')
    expect(refused.json.opsPerRequestMax).toBe(1000)
  })
})

/** Headers carry bytes; a test writes them as the characters of Latin-1. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
