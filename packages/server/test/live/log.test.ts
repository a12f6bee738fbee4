/** What the log says, what it never says, and how much of it there can be. */
import { connect } from 'node:net'
import { Doc, defineSchema, encodeBundle, lww } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { boundedLog, loggable, shownFailure } from '@joinery/http'
import { memoryStore } from '@joinery/storage/memory'
import { type Store, StoreError } from '@joinery/sync'
import { afterEach, describe, expect, it } from 'vitest'
import { serverMetrics } from '../../src/metrics/metrics.ts'
import { startServer, type TestServer, until } from './harness.ts'
import { hello, openRaw, subscribe } from './raw-client.ts'

const schema = defineSchema({ title: lww<string>() })

const running: TestServer[] = []
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

interface Line {
  readonly level: number
  readonly msg: string
  readonly [member: string]: unknown
}

const linesOf = ({ logged }: TestServer): Line[] => logged.map((line) => JSON.parse(line) as Line)

/** What nobody must find in a log. */
const CONTENT = 'the-content-of-a-document'
const PRESENCE = 'where-my-cursor-is'

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }

it('each answer and each session has its id, tenant, node, document and key, also in what the caller is told', async () => {
  const at = await start()
  const { key, id } = await at.keys.create({ tenant: 'acme', name: '' })
  const body = JSON.stringify({ type: 'lww', value: 1 })
  const put = await fetch(`${at.server.url}/v1/docs/plan`, {
    method: 'PUT',
    headers: { ...headers, 'X-API-Key': key },
    body,
  })
  const refused = await fetch(`${at.server.url}/v1/docs/none`, { headers: { ...headers, 'X-API-Key': key } })
  const mine = await fetch(`${at.server.url}/v1/docs/plan`, {
    headers: { ...headers, 'X-API-Key': key, 'X-Request-ID': 'my-own' },
  })
  expect(mine.headers.get('x-request-id')).toBe('my-own')
  const client = await openRaw(at.wsUrl)
  const upgraded = client.requestId
  client.send(
    { ...hello('anna'), credential: key, agent: 'test\u001b[2J' } as ReturnType<typeof hello>,
    subscribe('notes'),
  )
  const { session } = await client.next('welcome')
  expect(session).toBe(upgraded)
  client.send({ ...subscribe('other', 2), type: 'nonsense' } as ReturnType<typeof subscribe>)
  await client.next('refused')
  client.socket.close()
  await until(() => at.logged.some((line) => line.includes('session ended')), 'the end')
  const lines = linesOf(at)
  const who = { tenant: 'acme', node: 'curl', keyId: id }
  expect(lines).toContainEqual(
    expect.objectContaining({
      ...who,
      level: 30,
      requestId: put.headers.get('x-request-id'),
      document: 'plan',
      method: 'PUT',
      route: '/v1/docs/{docID}',
      status: 201,
      ms: expect.any(Number),
    }),
  )
  expect(lines).toContainEqual(
    expect.objectContaining({ ...who, requestId: refused.headers.get('x-request-id'), code: 'NOT_FOUND', status: 404 }),
  )
  const ofSession = lines.filter((line) => line.session === session)
  expect(ofSession.map(({ msg }) => msg)).toEqual(['session began', 'session refused', 'session ended'])
  for (const line of ofSession) expect(line).toMatchObject({ tenant: 'acme', node: 'anna', keyId: id })
  expect(ofSession[0]).toMatchObject({ agent: 'test\ufffd[2J' })
  expect(ofSession[1]).toMatchObject({ document: 'other', code: 'schema_mismatch' })
  expect(ofSession[2]).toMatchObject({ refusals: 1, ms: expect.any(Number) })
})

it('every answer carries the id of its request, also those that never become one', async () => {
  const { server } = await start({ address: '127.0.0.1:0' })
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/nothing', '/v1/docs', '/v1/sync']) {
    expect((await fetch(`${server.url}${path}`)).headers.get('x-request-id'), path).toMatch(/^[\w-]{16}$/)
  }
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
  for (const [request, status] of [
    ['nonsense\r\n\r\n', 400],
    [`GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET /v1/sync HTTP/1.1\r\nHost: evil.example\r\n${upgrade}\r\n`, 421],
    [`GET /v1/other HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`, 404],
    [`GET /v1/sync HTTP/1.1\r\nHost: localhost\r\n${upgrade}Sec-WebSocket-Key: short\r\n\r\n`, 400],
    [`GET /v1/sync HTTP/1.1\r\nHost: localhost\r\n${upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`, 101],
  ] as const) {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(request))
      socket.once('data', (data) => {
        resolve(`${data}`)
        socket.destroy()
      })
    })
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toMatch(/\r\nX-Request-ID: [\w-]{16}\r\n/)
  }
})

it('neither keys nor what users write are ever in it, whatever fails', async () => {
  const store = memoryStore()
  let isBroken = false
  const failing = new Proxy(store, {
    get(target, name) {
      if (name === 'commit' && isBroken) {
        return () => Promise.reject(new StoreError('STORE_IO', 'no', { cause: rowError() }))
      }
      if (name === 'documents' && isBroken) return () => Promise.reject(new TypeError(`cannot read ${CONTENT}`))
      const member = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  }) as Store
  const at = await start({
    store: failing,
    metrics: serverMetrics(),
    policy: ({ action }) => {
      if (action === 'log') throw new Error(`policy of ${CONTENT}\n    at ${CONTENT}`)
      return true
    },
  })
  const { key, id } = await at.keys.create({ tenant: 'acme', name: CONTENT })
  const secret = key.slice(-43)
  const ask = (method: string, path: string, body?: string, more: Record<string, string> = {}): Promise<Response> =>
    fetch(`${at.server.url}${path}`, {
      method,
      headers: { ...headers, 'X-API-Key': key, ...more },
      ...(body !== undefined && { body }),
    })
  const value = JSON.stringify({ type: 'lww', value: { [CONTENT]: CONTENT } })
  const statuses: number[] = []
  for (const attempt of [
    () => ask('PUT', '/v1/docs/a', value),
    () => ask('POST', '/v1/docs/a/ops', JSON.stringify({ type: 'lww', ops: [{ set: CONTENT }] })),
    () =>
      ask('POST', '/v1/docs/a/ops', JSON.stringify({ type: 'orset', ops: [{ type: CONTENT, [CONTENT]: CONTENT }] })),
    () => ask('GET', '/v1/docs/a'),
    () => ask('GET', `/v1/docs?prefix=${secret}&nonsense=${CONTENT}`),
    () => ask('GET', `/${secret}/${CONTENT}`),
    () => ask('PUT', '/v1/docs/a', `{"value": ${CONTENT}`),
    () => ask('PUT', '/v1/docs/a', value, { 'Idempotency-Key': CONTENT }),
    () => ask('GET', '/v1/docs/a', undefined, { 'X-API-Key': `${key}x` }),
    () => ask('GET', '/v1/docs/a', undefined, { 'X-Tenant-ID': 'other' }),
    () => ask('GET', '/v1/ops'),
  ]) {
    statuses.push((await attempt()).status)
  }
  expect(statuses).toEqual([201, 200, 400, 200, 400, 404, 400, 200, 401, 403, 503])
  const stream = await ask('GET', '/v1/docs/a/events')

  const doc = new Doc({ actor: newActor('anna'), incarnation: 'life', copies: true, schema })
  const change = doc.change((root) => root.title.set(CONTENT), { message: CONTENT }) as Uint8Array
  const damaged = Uint8Array.from(change).fill(255, -2)
  const client = await openRaw(at.wsUrl)
  client.send({ ...hello('anna'), credential: key } as ReturnType<typeof hello>, subscribe('b'), subscribe('c', 2))
  const [b, c] = [await client.next('subscribed'), await client.next('subscribed')]
  const batch = { kind: 'changes', batch: 1, tellReceived: true, restart: false } as const
  client.send(
    { kind: 'presence', handle: b.handle, state: Buffer.from(PRESENCE) },
    { ...batch, handle: b.handle, payload: encodeBundle([change]) },
    { ...batch, handle: c.handle, payload: encodeBundle([damaged]) },
  )
  await client.next('refused')
  await until(() => client.heard.some((frame) => frame.kind === 'ack' && frame.level === 'stored'), 'stored')
  const wrong = await openRaw(at.wsUrl)
  wrong.send({ ...hello('anna'), credential: `${key}x` } as ReturnType<typeof hello>)
  expect(await wrong.end()).toBe(1008)

  isBroken = true
  expect((await ask('PUT', '/v1/docs/a', value)).status).toBe(503)
  expect((await ask('GET', '/v1/docs')).status).toBe(500)
  const more = doc.change((root) => root.title.set(`${CONTENT}!`)) as Uint8Array
  client.send({ ...batch, handle: b.handle, batch: 2, payload: encodeBundle([more]) })
  expect(await client.next('refused')).toMatchObject({ code: 'unavailable' })
  isBroken = false
  await at.keys.revoke(id)
  await client.end()
  await stream.text()

  const text = [...at.logged, ...at.warnings.map((warning) => JSON.stringify(warning))].join('\n')
  expect(text.length).toBeGreaterThan(2_000)
  for (const failure of ['TypeError', 'STORE_IO']) expect(text).toContain(failure)
  for (const hidden of [secret, CONTENT, PRESENCE, 'Bearer']) expect(text, hidden).not.toContain(hidden)
})

/** As a database may quote a row. */
function rowError(): Error {
  return Object.assign(new Error(`duplicate row (${CONTENT})`), { detail: `Key=(${CONTENT})`, where: CONTENT })
}

describe('how much of it there is', () => {
  it('has a bound: refusals are counted, and do not crowd out what others do', async () => {
    const metrics = serverMetrics()
    const at = await start({ metrics, limits: { logLinesPerSecondMax: 1, logLinesBurstMax: 10 } })
    for (let i = 0; i < 100; i += 1) await fetch(`${at.server.url}/v1/docs/none`, { headers })
    const flood = await openRaw(at.wsUrl)
    flood.send(hello('mallory'))
    for (let i = 0; i < 500; i += 1) flood.send({ ...subscribe('x', i), type: 'y' } as ReturnType<typeof subscribe>)
    await until(() => flood.heard.length >= 501, 'answers')
    const refused = linesOf(at).filter(({ msg }) => msg.includes('refused'))
    expect(refused.length).toBeGreaterThanOrEqual(10)
    expect(refused.length).toBeLessThanOrEqual(20)
    const put = await fetch(`${at.server.url}/v1/docs/a`, { method: 'PUT', headers, body: '{"type":"lww","value":1}' })
    const requestId = put.headers.get('x-request-id')
    expect(linesOf(at)).toContainEqual(expect.objectContaining({ requestId, status: 201 }))
    const text = await metrics.text()
    const leftOut = Number(/joinery_log_lines_left_out_total (\d+)/.exec(text)?.[1])
    expect(leftOut + refused.length).toBe(600)
    flood.socket.close()
  })

  it('at the bound and one past it; the next line says how many were left out', () => {
    const written: Line[] = []
    let nowMs = 0
    const logger = {
      info: (line: object, msg: string) => void written.push({ ...line, level: 30, msg }),
      error: (line: object, msg: string) => void written.push({ ...line, level: 50, msg }),
      debug: () => {},
    }
    let left = 0
    const log = boundedLog({
      logger: logger as unknown as Parameters<typeof boundedLog>[0]['logger'],
      now: () => nowMs,
      limits: { logLinesPerSecondMax: 10, logLinesBurstMax: 3 },
      onLeftOut: () => {
        left += 1
      },
    })
    for (let i = 0; i < 5; i += 1) log.done({ i }, 'done')
    expect([written.length, left]).toEqual([3, 2])
    log.refused({}, 'refused')
    log.failed(new Error('x'), {}, 'failed')
    expect(written, 'each kind has a bound of its own').toHaveLength(5)
    nowMs = 100
    log.done({ i: 5 }, 'done')
    nowMs = 200
    log.done({ i: 6 }, 'done')
    expect(written.slice(5)).toEqual([
      { i: 5, leftOut: 2, level: 30, msg: 'done' },
      { i: 6, level: 30, msg: 'done' },
    ])
  })

  it('text that nobody has checked is short and draws nothing', () => {
    expect(loggable('a\nb\u001b[31m\u009b\u0000')).toBe('a\ufffdb\ufffd[31m\ufffd\ufffd')
    expect(loggable('x'.repeat(10_000))).toHaveLength(256)
  })

  it('a failure shows kind, place and code; its words only where it has a code', () => {
    const coded = new StoreError('STORE_IO', 'the disk is full', { cause: rowError() })
    expect(shownFailure(coded)).toMatchObject({
      type: 'StoreError',
      code: 'STORE_IO',
      message: 'the disk is full',
      at: expect.arrayContaining([expect.stringContaining('log.test.ts')]),
      cause: { type: 'Error' },
    })
    expect(JSON.stringify(shownFailure(coded))).not.toContain(CONTENT)
    expect(shownFailure(CONTENT)).toEqual({ type: 'string' })
    let nested: Error = new Error('0')
    for (let i = 0; i < 50; i += 1) nested = new Error(`${i}`, { cause: nested })
    expect(JSON.stringify(shownFailure(nested)).split('"type"').length - 1).toBe(5)
  })
})
