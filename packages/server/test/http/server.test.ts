/** The server on real sockets: where it listens, how long it waits, what it says to what is no request, how it stops. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as tlsConnect } from 'node:tls'
import { memoryStore } from '@joinery/storage/memory'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { type KeyRing, openKeyRing } from '../../src/keys.ts'
import type { ServerLimits } from '../../src/limits.ts'
import { createServer, type JoineryServer, type ServerOptions } from '../../src/server.ts'
import type { DocumentService } from '../../src/service/types.ts'
import { countingRandom, testService } from './harness.ts'
import { selfSigned } from './self-signed.ts'

const open: JoineryServer[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

interface StartOptions {
  readonly limits?: Partial<ServerLimits>
  readonly service?: Partial<DocumentService>
  readonly withKey?: boolean
}

async function start(
  more: Partial<Omit<ServerOptions, 'service' | 'limits'>> & StartOptions = {},
): Promise<JoineryServer> {
  const { service, withKey, ...options } = more
  const store = memoryStore()
  const random = countingRandom()
  const keys: KeyRing = await openKeyRing({ store, random, now: Date.now })
  if (withKey) await keys.create({ tenant: 't', name: '' })
  const real = testService(store)
  const server = await createServer({
    service: new Proxy(real, {
      get: (target, name) => {
        const method = service?.[name as 'get'] ?? target[name as 'get']
        return typeof method === 'function' ? method.bind(target) : method
      },
    }),
    keys,
    logger: pino({ level: 'silent' }),
    random,
    now: Date.now,
    version: '0.0.0-test',
    address: '127.0.0.1:0',
    ...options,
  })
  open.push(server)
  return server
}

const headers = { 'X-Tenant-ID': 't', 'X-Node-ID': 'n' }

/** Sends bytes as they are; resolves to everything that came back before the other side closed. */
async function raw(port: number, ...parts: (string | number)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (data) => {
    received += data
  })
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  for (const part of parts) {
    if (typeof part === 'number') await new Promise((resolve) => setTimeout(resolve, part))
    else socket.write(part)
  }
  await closed
  return received
}

describe('where it listens', () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address

  const reachable = (host: string, port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket: Socket = connect({ host, port, timeout: 1000 })
      socket
        .once('connect', () => resolve(true))
        .once('error', () => resolve(false))
        .once('timeout', () => resolve(false))
      socket.once('close', () => resolve(false))
      setTimeout(() => socket.destroy(), 1500).unref()
    })

  test('":PORT" is loopback without keys, every interface with them', async () => {
    const closed = await start({ address: ':0' })
    expect(closed).toMatchObject({ host: '127.0.0.1', loopbackOnly: true })
    const wide = await start({ address: ':0', withKey: true })
    expect(wide.loopbackOnly).toBe(false)
    expect(['::', '0.0.0.0']).toContain(wide.host)
    expect((await fetch(`${wide.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${wide.url}/v1/docs`, { headers })).status).toBe(401)
    if (outside !== undefined) {
      expect(await reachable(outside, closed.port)).toBe(false)
      expect(await reachable(outside, wide.port)).toBe(true)
    }
  })

  test.each(['0.0.0.0:0', '[::]:0', '10.1.2.3:0', 'example.com:80'])('%s without keys is refused', async (address) => {
    await expect(start({ address })).rejects.toMatchObject({
      code: 'START_ADDRESS_EXPOSED',
      advice: expect.stringContaining('--insecure'),
    })
  })

  test('--insecure and keys both allow it', async () => {
    expect((await start({ address: '0.0.0.0:0', insecure: true })).loopbackOnly).toBe(false)
    expect((await start({ address: '0.0.0.0:0', withKey: true })).loopbackOnly).toBe(false)
    expect((await start({ address: ':0', insecure: true })).loopbackOnly).toBe(false)
  })

  test.each([
    [{ address: 'nowhere' }, 'START_ADDRESS_INVALID'],
    [{ allowOrigins: ['*'] }, 'START_ORIGIN_INVALID'],
    [{ allowOrigins: ['https://app.example/'] }, 'START_ORIGIN_INVALID'],
    [{ allowOrigins: ['app.example'] }, 'START_ORIGIN_INVALID'],
    [{ tls: { cert: 'x', key: 'y' } }, 'START_TLS_INVALID'],
  ])('%j is refused with %s', async (options, code) => {
    await expect(start(options)).rejects.toMatchObject({ code })
  })

  test('a taken port is refused', async () => {
    const { port } = await start()
    await expect(start({ address: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'START_ADDRESS_UNAVAILABLE' })
  })
})

describe('what it does not wait for', () => {
  test('headers that trickle', async () => {
    const { port } = await start({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 5000 } })
    const answer = await raw(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n', 100, 'X-A: b\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
    expect(answer).toContain('"code":"REQUEST_TIMEOUT"')
  })

  test('a body that trickles', async () => {
    const { port } = await start({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 500 } })
    const head =
      'PUT /v1/docs/d HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: t\r\nX-Node-ID: n\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n'
    const answer = await raw(port, head, '{"type":', 50, '"lww",')
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
  })

  test('headers without end', async () => {
    const { port } = await start()
    const answer = await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 431 /)
    expect(answer).toContain('"code":"HEADERS_TOO_LARGE"')
  })

  test.each([
    '\u0000\u0001\u0002\r\n\r\n',
    'GET\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
    'GET / SMTP/1.1\r\n\r\n',
  ])('what is no request: %j', async (bytes) => {
    const { port } = await start()
    const answer = await raw(port, bytes)
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(answer).toContain('"code":"BODY_INVALID"')
  })

  test('more than one value of an identifying header', async () => {
    const { port } = await start()
    const answer = await raw(
      port,
      'GET /v1/docs HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: a\r\nX-Tenant-ID: b\r\nX-Node-ID: n\r\nConnection: close\r\n\r\n',
    )
    expect(answer).toContain('"code":"ID_INVALID"')
  })

  test('a body beyond the bound, announced or not', async () => {
    const { port } = await start({ limits: { bodyBytesMax: 100_000 } })
    const head =
      'PUT /v1/docs/d HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: t\r\nX-Node-ID: n\r\nContent-Type: application/json\r\n'
    const announced = await raw(port, `${head}Content-Length: 1000000000\r\n\r\n{`)
    expect(announced).toContain('"code":"BODY_TOO_LARGE"')
    const chunk = `c350\r\n${' '.repeat(50_000)}\r\n`
    const chunked = await raw(port, `${head}Transfer-Encoding: chunked\r\n\r\n`, chunk, chunk, chunk, chunk)
    expect(chunked).toContain('"code":"BODY_TOO_LARGE"')
    expect(chunked.toLowerCase()).toContain('connection: close')
  })

  test('a target that is none', async () => {
    const { port } = await start()
    const answer = await raw(port, 'GET \\v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
  })
})

test('more connections than the bound are dropped, silent ones closed', async () => {
  const { port, url } = await start({ limits: { connectionsMax: 1, idleTimeoutMs: 400 } })
  const first = connect(port, '127.0.0.1')
  await once(first, 'connect')
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  first.resume()
  await once(first, 'close')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

describe('TLS', () => {
  test('1.3 works, 1.2 does not, and the address says https', async () => {
    const tls = selfSigned()
    const { url, port } = await start({ tls })
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const answer = await new Promise<{ status: number | undefined; protocol: string | null; hsts: unknown }>(
      (resolve, reject) => {
        const asked = httpsRequest(`${url}/healthz`, { ca: tls.cert }, (response) => {
          const protocol = (response.socket as unknown as { getProtocol(): string | null }).getProtocol()
          resolve({ status: response.statusCode, protocol, hsts: response.headers['strict-transport-security'] })
          response.resume()
        })
        asked.on('error', reject).end()
      },
    )
    expect(answer).toEqual({ status: 200, protocol: 'TLSv1.3', hsts: expect.any(String) })
    const old = tlsConnect({ host: '127.0.0.1', port, ca: tls.cert, maxVersion: 'TLSv1.2' })
    const [error] = await once(old, 'error')
    expect(String(error)).toMatch(/protocol version|alert/i)
  })
})

describe('the way out', () => {
  const slow = (ms: number): Partial<DocumentService> => ({
    list: () => new Promise((resolve) => setTimeout(() => resolve({ documents: [] }), ms)),
  })

  test('what was begun is answered, idle connections go, new ones are refused', async () => {
    const server = await start({ service: slow(300) })
    const idle = connect(server.port, '127.0.0.1')
    const idleClosed = once(idle, 'close')
    idle.resume()
    await once(idle, 'connect')
    const begun = fetch(`${server.url}/v1/docs`, { headers })
    await new Promise((resolve) => setTimeout(resolve, 100))
    const closing = server.close()
    expect(server.close()).toBe(closing)
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
    expect((await begun).status).toBe(200)
    expect(await closing).toBe(true)
    await idleClosed
  })

  test('requests on connections that are still open are refused', async () => {
    const server = await start({ service: slow(300) })
    const pipelined = 'GET /v1/docs HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: t\r\nX-Node-ID: n\r\n\r\n'
    const received = raw(server.port, pipelined, 200, pipelined)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await server.close()).toBe(true)
    const answers = (await received).split('HTTP/1.1 ').slice(1)
    expect(answers[0]).toMatch(/^200 /)
    if (answers.length > 1) expect(answers[1]).toContain('"code":"SHUTTING_DOWN"')
  })

  test('what takes longer than the grace period is cut off, and said so', async () => {
    const server = await start({ service: slow(5000), limits: { shutdownGraceMs: 200 } })
    const begun = fetch(`${server.url}/v1/docs`, { headers }).catch((error: Error) => error)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const before = Date.now()
    expect(await server.close()).toBe(false)
    expect(Date.now() - before).toBeLessThan(2000)
    expect(await begun).toBeInstanceOf(Error)
  })
})

test('a client that leaves in the middle of its body leaves nothing behind', async () => {
  const server = await start()
  await new Promise<void>((resolve) => {
    const asked = httpRequest(`${server.url}/v1/docs/d`, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': 100 },
    })
    asked.on('error', () => resolve())
    asked.write('{"type":"lww",')
    setTimeout(() => asked.destroy(), 50)
  })
  expect((await fetch(`${server.url}/v1/docs/d`, { headers })).status).toBe(404)
  expect(await server.close()).toBe(true)
})
