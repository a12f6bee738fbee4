/** A host of two endpoints on a socket: what it checks before a handler is called, and how it ends. */
import { randomBytes } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import {
  addDescription,
  addEndpoint,
  addHealthRoutes,
  addMetricsRoute,
  bodyReader,
  boundedLog,
  chooseAddress,
  defaultHttpLimits,
  type Endpoints,
  eventStream,
  HttpError,
  type HttpLimits,
  hostApp,
  httpErrors,
  type RunningHost,
  startHost,
} from '../src/index.ts'

const scheduler = nodeScheduler(() => performance.now())
const hosts: RunningHost[] = []
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()))
})

interface Options {
  readonly key?: string
  readonly limits?: Partial<HttpLimits>
  readonly hold?: Promise<void>
}

async function start({ key, limits: own, hold }: Options = {}): Promise<RunningHost> {
  const limits = { ...defaultHttpLimits, ...own }
  const logger = pino({ level: 'silent' })
  const now = (): number => performance.now()
  const log = boundedLog({ logger, now, limits })
  const keys = { required: () => key !== undefined, isValid: (sent: string | undefined) => sent === key }
  const address = chooseAddress({ address: '127.0.0.1:0', keysRequired: keys.required(), insecure: false })
  const { app, load, seal } = hostApp({
    limits,
    keys,
    log,
    random: randomBytes,
    now,
    allowOrigins: ['https://app.example'],
    headers: ['X-Own'],
    loopbackOnly: address.loopbackOnly,
    tls: false,
    gated: ['/v1/*'],
    routeOf: () => ({ route: 'any', isNoted: false }),
    asRefusal: (error) => (error instanceof HttpError ? error : new HttpError('INTERNAL', 'failed', { cause: error })),
  })
  const endpoints: Endpoints<keyof typeof httpErrors> = {
    app,
    load,
    limits,
    keys,
    bodies: bodyReader(limits),
    table: httpErrors,
    parameters: { thing: { name: 'the name of the thing', bytesMax: 8, about: 'Its name.' } },
  }
  addThings(endpoints, hold)
  addHealthRoutes(app, load)
  addMetricsRoute(app, keys, { text: async () => 'things 1\n' })
  addDescription(app, { title: 'Things', version: '1', description: 'Of things.', keyDescription: 'A key.' })
  seal()
  const host = await startHost({
    fetch: app.fetch,
    load,
    address,
    tls: undefined,
    keysRequired: keys.required,
    limits,
    logger,
    log,
    random: randomBytes,
    now,
  })
  hosts.push(host)
  return host
}

function addThings(to: Endpoints<keyof typeof httpErrors>, hold: Promise<void> | undefined): void {
  addEndpoint(to, {
    method: 'put',
    path: '/v1/things/{thing}',
    operationId: 'putThing',
    summary: 'Write a thing',
    description: 'As it is sent.',
    query: z.strictObject({ loud: z.enum(['yes']).optional() }),
    body: z.strictObject({ size: z.number() }),
    answers: { 200: { description: 'It.', schema: z.looseObject({}) } },
    refusals: ['FORBIDDEN'],
    async handle({ params, query, body }) {
      await hold
      return { status: 200, body: { name: params.thing, ...query, ...body } }
    },
  })
  addEndpoint(to, {
    method: 'get',
    path: '/v1/events',
    operationId: 'events',
    summary: 'Events',
    description: 'As they come.',
    query: z.strictObject({}),
    mediaType: 'text/event-stream',
    answers: { 200: { description: 'Events.', schema: z.string() } },
    refusals: [],
    async handle({ gone, visit }) {
      const begin = async (take: (frame: string, last: boolean) => void) => {
        take('data: 1\n\n', false)
        return () => {}
      }
      const body = await eventStream(begin, {
        catchUp: begin,
        scheduler,
        heartbeatMs: 10_000,
        stay: visit.stay,
        ends: [to.load.leaving, gone],
        hold: () => () => {},
      })
      return { status: 200, body }
    },
  })
}

interface Asked {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

async function ask(host: RunningHost, method: string, path: string, init: RequestInit = {}): Promise<Asked> {
  const response = await fetch(host.url + path, { method, ...init })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers }
}

const json = (body: unknown): RequestInit => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

test('an endpoint gets what was checked', async () => {
  const host = await start()
  const { status, body } = await ask(host, 'PUT', '/v1/things/a%2Fb?loud=yes', json({ size: 3 }))
  expect([status, body]).toEqual([200, { name: 'a/b', loud: 'yes', size: 3 }])
})

test.each([
  ['PUT', '/v1/things/waytoolong', json({ size: 1 }), 400, 'ID_INVALID'],
  ['PUT', '/v1/things/%00', json({ size: 1 }), 400, 'ID_INVALID'],
  ['PUT', '/v1/things/%ff', json({ size: 1 }), 400, 'ID_INVALID'],
  ['PUT', '/v1/things/a?loud=no', json({ size: 1 }), 400, 'BODY_INVALID'],
  ['PUT', '/v1/things/a?loud=yes&loud=yes', json({ size: 1 }), 400, 'BODY_INVALID'],
  ['PUT', '/v1/things/a', json({ size: 'large' }), 400, 'BODY_INVALID'],
  ['PUT', '/v1/things/a', json({ size: 1, more: 1 }), 400, 'BODY_INVALID'],
  ['PUT', '/v1/things/a', { headers: { 'content-type': 'application/json' }, body: '{' }, 400, 'BODY_INVALID'],
  ['PUT', '/v1/things/a', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, 'MEDIA_TYPE'],
  ['PUT', '/v1/things/a', json({ size: 1, pad: 'x'.repeat(300) }), 413, 'BODY_TOO_LARGE'],
  ['POST', '/v1/things/a', json({ size: 1 }), 405, 'METHOD_NOT_ALLOWED'],
  ['GET', '/v1/nothing', {}, 404, 'ROUTE_UNKNOWN'],
  ['GET', '/v1/events', { headers: { host: 'evil.example' } }, 421, 'HOST_UNKNOWN'],
] as const)('%s %s is refused: %o', async (method, path, init, status, code) => {
  const host = await start({ limits: { bodyBytesMax: 256 } })
  const answer = code === 'HOST_UNKNOWN' ? await askAs(host, path, 'evil.example') : await ask(host, method, path, init)
  expect([answer.status, answer.body.code]).toEqual([status, code])
  expect(answer.body).toMatchObject({ type: `urn:joinery:error:${code}`, status, requestId: expect.any(String) })
})

/** `fetch` chooses the Host header itself. */
async function askAs(host: RunningHost, path: string, name: string): Promise<Pick<Asked, 'status' | 'body'>> {
  const { request } = await import('node:http')
  return await new Promise((resolve, reject) => {
    const asked = request(host.url + path, { headers: { host: name } }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
    })
    asked.on('error', reject).end()
  })
}

test('once there are keys, every request of the API and of metrics needs one', async () => {
  const host = await start({ key: 'k' })
  const plain = json({ size: 1 })
  const good = { ...plain, headers: { ...plain.headers, 'x-api-key': 'k' } }
  expect((await ask(host, 'PUT', '/v1/things/a', plain)).body.code).toBe('UNAUTHENTICATED')
  expect((await ask(host, 'PUT', '/v1/things/a', good)).status).toBe(200)
  expect((await ask(host, 'GET', '/metrics')).body.code).toBe('UNAUTHENTICATED')
  const metrics = await fetch(`${host.url}/metrics`, { headers: { authorization: 'Bearer k' } })
  expect([metrics.status, await metrics.text()]).toEqual([200, 'things 1\n'])
})

test('other sites get in when they are listed, with the headers of the host', async () => {
  const host = await start()
  const preflight = (origin: string): Promise<Asked> =>
    ask(host, 'OPTIONS', '/v1/things/a', { headers: { origin, 'access-control-request-method': 'PUT' } })
  const listed = await preflight('https://app.example')
  expect(listed.headers.get('access-control-allow-headers')).toContain('X-Own')
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
})

test('its description has every endpoint with what it refuses', async () => {
  const host = await start()
  const { body } = await ask(host, 'GET', '/openapi.json')
  const { put } = (body.paths as Record<string, { put: { parameters: object[]; responses: object } }>)[
    '/v1/things/{thing}'
  ] as { put: { parameters: object[]; responses: Record<string, { description: string }> } }
  expect(put.parameters).toContainEqual(expect.objectContaining({ name: 'thing', in: 'path' }))
  expect(put.responses['403']?.description).toBe('`FORBIDDEN`')
  expect(Object.keys(put.responses)).toEqual(expect.arrayContaining(['200', '400', '401', '413', '415', '429', '503']))
})

test('it ends in order: what was begun is answered, streams end, nothing new is taken', async () => {
  let release = (): void => {}
  const hold = new Promise<void>((resolve) => {
    release = resolve
  })
  const host = await start({ hold })
  const stream = await fetch(`${host.url}/v1/events`)
  const begun = ask(host, 'PUT', '/v1/things/a', json({ size: 1 }))
  await scheduledTurn()
  const closed = host.close()
  expect(await stream.text()).toContain('data: 1')
  release()
  expect((await begun).status).toBe(200)
  expect(await closed).toBe(true)
  await expect(fetch(host.url)).rejects.toThrow()
})

/** Until the request has come in. */
function scheduledTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 100))
}
