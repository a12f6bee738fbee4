/** The HTTP API: statuses, refusals, streams, keys, and what it says of itself. */
import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import type { KeyCheck, RunningHost } from '@joinery/http'
import { type Logger, pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { type Catalog, catalogMetrics, type ServeCatalogOptions, serveCatalog } from '../src/index.ts'
import { catalogInstruments } from '../src/metrics/instruments.ts'
import { catalog, scheduler, until } from './catalogs.ts'

const hosts: RunningHost[] = []
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()))
})

const open: KeyCheck = { required: () => false, isValid: () => false }

function silent(): Logger {
  return pino({ level: 'silent' }, new Writable({ write: (_c, _e, done) => done() }))
}

async function served(options: Partial<ServeCatalogOptions> = {}): Promise<{ url: string; node: Catalog }> {
  const node = options.catalog ?? (await catalog('a'))
  const host = await serveCatalog({
    catalog: node,
    address: '127.0.0.1:0',
    keys: open,
    logger: silent(),
    metrics: catalogMetrics(() => node.status()),
    random: (count) => randomBytes(count),
    now: () => performance.now(),
    scheduler,
    version: '0.0.0-test',
    ...options,
  })
  hosts.push(host)
  return { url: host.url, node }
}

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly body: Record<string, unknown>
}

async function ask(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Answer['body'],
  }
}

describe('entries', () => {
  test.each(['snapshots', 'images'])('%s are added, joined, updated, read and removed', async (kind) => {
    const { url } = await served()
    expect(await ask(url, 'POST', `/${kind}/add/a%2Fb`, { x: 1 })).toMatchObject({
      status: 201,
      body: { type: kind, id: 'a/b', created: true },
    })
    expect((await ask(url, 'POST', `/${kind}/add/a%2Fb`, { y: 2 })).status).toBe(200)
    expect((await ask(url, 'PUT', `/${kind}/metadata/a%2Fb`, { x: 3 })).status).toBe(200)
    expect((await ask(url, 'GET', `/${kind}/a%2Fb`)).body).toEqual({ type: kind, id: 'a/b', metadata: { x: 3, y: 2 } })
    expect((await ask(url, 'GET', `/${kind}/a%2Fb?explain=1`)).body.explain).toMatchObject({
      fields: { x: { value: 3 } },
    })
    expect((await ask(url, 'DELETE', `/${kind}/remove/a%2Fb`)).status).toBe(200)
    expect((await ask(url, 'GET', `/${kind}/a%2Fb`)).status).toBe(404)
  })

  test.each<[string, string, string, unknown, number, string]>([
    ['an unknown id', 'GET', '/snapshots/none', undefined, 404, 'CATALOG_NOT_FOUND'],
    ['an unknown id', 'PUT', '/snapshots/metadata/none', {}, 404, 'CATALOG_NOT_FOUND'],
    ['an unknown id', 'DELETE', '/images/remove/none', undefined, 404, 'CATALOG_NOT_FOUND'],
    ['metadata that is an array', 'POST', '/images/add/i', [], 400, 'CATALOG_METADATA_INVALID'],
    ['metadata that is null', 'POST', '/images/add/i', 'null', 400, 'CATALOG_METADATA_INVALID'],
    ['metadata that is no JSON', 'POST', '/images/add/i', '{', 400, 'BODY_INVALID'],
    ['an id over the limit', 'POST', `/images/add/${'i'.repeat(513)}`, {}, 400, 'ID_INVALID'],
    ['an id with a control character', 'POST', '/images/add/a%00b', {}, 400, 'ID_INVALID'],
    ['another method', 'PATCH', '/images/add/i', {}, 405, 'METHOD_NOT_ALLOWED'],
    ['another path', 'GET', '/volumes/i', undefined, 404, 'ROUTE_UNKNOWN'],
    ['a query that is none', 'GET', '/catalog/query?q=((', undefined, 400, 'CATALOG_QUERY_INVALID'],
    ['a type that is none', 'GET', '/catalog/query?type=volumes', undefined, 400, 'BODY_INVALID'],
    ['a limit over the bound', 'GET', '/catalog/query?limit=1001', undefined, 400, 'BODY_INVALID'],
    ['a cursor that is none', 'GET', '/catalog/query?cursor=x', undefined, 400, 'CATALOG_CURSOR_INVALID'],
    ['a delta that is none', 'POST', '/crdt/delta', { deltas: [1] }, 400, 'CATALOG_DELTA_MALFORMED'],
    ['no delta', 'POST', '/crdt/delta', 'null', 400, 'CATALOG_DELTA_MALFORMED'],
    ['a version that was not returned', 'POST', '/crdt/delta/clear', { version: 7 }, 409, 'CATALOG_VERSION_UNKNOWN'],
    ['two ways to clear', 'POST', '/crdt/delta/clear', { version: 7, changes: [] }, 400, 'BODY_INVALID'],
  ])('%s: %s %s is a problem', async (_, method, path, body, status, code) => {
    const { url, node } = await served()
    const answer = await ask(url, method, path, body)
    expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { code, status } })
    expect(node.versions()).toEqual({})
  })
})

test('a request without a body adds an entry without metadata, and acknowledges everything', async () => {
  const { url } = await served()
  expect((await ask(url, 'POST', '/images/add/i')).status).toBe(201)
  expect((await ask(url, 'GET', '/crdt/delta')).body.deltas).toHaveLength(1)
  expect((await ask(url, 'POST', '/crdt/delta/clear')).body).toEqual({ cleared: 1 })
  // What is sent has to say what it is, and what needs a body does not go without.
  const untyped = await fetch(`${url}/images/add/j`, { method: 'POST', body: new Uint8Array([0x7b, 0x7d]) })
  expect(untyped.status).toBe(415)
  expect((await ask(url, 'PUT', '/images/metadata/i')).status).toBe(415)
  expect((await ask(url, 'POST', '/crdt/delta')).status).toBe(415)
})

test('queries answer pages', async () => {
  const { url, node } = await served()
  for (let i = 0; i < 5; i += 1)
    await node.add({ kind: i % 2 ? 'images' : 'snapshots', id: `e${i}` }, { size: i, status: 'ok' })
  const first = await ask(url, 'GET', '/catalog/query?q=size%3E0&limit=2&sort=-size&fields=size')
  expect(first.body.items).toEqual([
    { type: 'snapshots', id: 'e4', metadata: { size: 4 } },
    { type: 'images', id: 'e3', metadata: { size: 3 } },
  ])
  const next = await ask(
    url,
    'GET',
    `/catalog/query?q=size%3E0&limit=2&sort=-size&fields=size&cursor=${first.body.cursor}`,
  )
  expect(next.body).toEqual({
    items: [
      { type: 'snapshots', id: 'e2', metadata: { size: 2 } },
      { type: 'images', id: 'e1', metadata: { size: 1 } },
    ],
  })
  expect((await ask(url, 'GET', '/catalog/query?type=images')).body.items).toHaveLength(2)
})

test('deltas go from node to node, by name of the consumer', async () => {
  const [a, b] = [await served(), await served({ catalog: await catalog('b') })]
  await a.node.add({ kind: 'images', id: 'i' }, { x: 1 })
  const bridge = { 'x-node-id': 'bridge' }
  const { body } = await ask(a.url, 'GET', '/crdt/delta?limit=1', undefined, bridge)
  const [one] = body.deltas as unknown[]
  expect((await ask(b.url, 'POST', '/crdt/delta', one)).body).toEqual({ applied: 1, stale: 0, waiting: [] })
  expect((await ask(b.url, 'POST', '/crdt/delta', body.deltas)).body).toEqual({ applied: 0, stale: 2, waiting: [] })
  expect((await ask(b.url, 'POST', '/crdt/delta', body)).body).toEqual({ applied: 0, stale: 2, waiting: [] })
  expect((await ask(a.url, 'POST', '/crdt/delta/clear', { version: body.version }, bridge)).body).toEqual({
    cleared: 1,
  })
  expect((await ask(a.url, 'GET', '/crdt/delta', undefined, bridge)).body.deltas).toEqual([])
  expect((await ask(a.url, 'GET', '/crdt/delta')).body.deltas).toHaveLength(2)
  expect((await ask(a.url, 'GET', '/crdt/delta', undefined, { 'x-node-id': 'x'.repeat(129) })).body.code).toBe(
    'ID_INVALID',
  )
  expect(b.node.get({ kind: 'images', id: 'i' })?.metadata).toEqual({ x: 1 })
})

test('events tell what changes, here and elsewhere', async () => {
  const { url, node } = await served()
  const stop = new AbortController()
  const response = await fetch(`${url}/events`, { signal: stop.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let text = ''
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) text += decoder.decode(chunk)
  })().catch(() => {})
  await node.add({ kind: 'images', id: 'i' }, { x: 1 })
  const other = await catalog('b')
  await other.add({ kind: 'images', id: 'j' }, { y: 1 })
  await node.apply(JSON.parse(JSON.stringify(other.deltas('x').deltas)) as unknown[])
  await node.remove({ kind: 'images', id: 'i' })
  await until(() => text.includes('event: gone'))
  expect(text.split('\n\n').filter((frame) => frame.startsWith('event'))).toEqual([
    'event: reset\ndata: {}',
    'event: entry\ndata: {"type":"images","id":"i","metadata":{"x":1},"origin":"local"}',
    'event: entry\ndata: {"type":"images","id":"j","metadata":{"y":1},"origin":"remote"}',
    'event: gone\ndata: {"type":"images","id":"i","origin":"local"}',
  ])
  stop.abort()
  await reading
})

test('once there are keys, every request needs one', async () => {
  const keys: KeyCheck = { required: () => true, isValid: (key) => key === 'right' }
  const { url } = await served({ keys })
  for (const path of ['/images/i', '/catalog/query', '/crdt/delta', '/events', '/metrics', '/catalog/status']) {
    const { status, body } = await ask(url, 'GET', path)
    expect([path, status, body.code]).toEqual([path, 401, 'UNAUTHENTICATED'])
  }
  expect((await ask(url, 'GET', '/catalog/query', undefined, { 'x-api-key': 'right' })).status).toBe(200)
  expect((await ask(url, 'GET', '/healthz')).status).toBe(200)
})

test('it tells of itself: status, metrics, description', async () => {
  const { url, node } = await served()
  await node.add({ kind: 'images', id: 'i' })
  expect((await ask(url, 'GET', '/catalog/status')).body).toMatchObject({
    node: 'a',
    entries: { snapshots: 0, images: 1 },
    versions: node.versions(),
  })
  const metrics = await (await fetch(`${url}/metrics`)).text()
  for (const { name, type } of catalogInstruments) expect(metrics).toContain(`# TYPE ${name} ${type}\n`)
  expect(metrics).toContain('joinery_catalog_entries{type="images"} 1\n')
  const { body } = await ask(url, 'GET', '/openapi.json')
  expect(Object.keys(body.paths as object).sort()).toEqual([
    '/catalog/query',
    '/catalog/status',
    '/crdt/delta',
    '/crdt/delta/clear',
    '/events',
    '/healthz',
    '/images/add/{id}',
    '/images/metadata/{id}',
    '/images/remove/{id}',
    '/images/{id}',
    '/metrics',
    '/readyz',
    '/snapshots/add/{id}',
    '/snapshots/metadata/{id}',
    '/snapshots/remove/{id}',
    '/snapshots/{id}',
  ])
})
