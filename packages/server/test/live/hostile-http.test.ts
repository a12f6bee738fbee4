/** Clients of plain HTTP that do not behave: refused or let go of, without growth and without effect on others. */
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { serverMetrics } from '../../src/metrics/metrics.ts'
import { selfSigned } from '../http/self-signed.ts'
import { startServer, type TestServer, until } from './harness.ts'
import { hello, openRaw, subscribe } from './raw-client.ts'

const running: TestServer[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }
const WHO = 'X-Tenant-ID: acme\r\nX-Node-ID: curl\r\n'

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

/** Sends bytes as they are; answers what comes back until the connection ends, or a moment has passed. */
async function say({ server }: TestServer, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = open(server.port)
  let text = ''
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      text += data
    })
    socket.on('close', () => resolve())
    setTimeout(resolve, 500).unref()
  })
  for (const part of parts) socket.write(part)
  await ended
  socket.destroy()
  return text
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1])

async function put({ server }: TestServer, id: string, body: string): Promise<Response> {
  return fetch(`${server.url}/v1/docs/${id}`, { method: 'PUT', headers, body })
}

async function expectWell(at: TestServer): Promise<void> {
  expect((await fetch(`${at.server.url}/readyz`)).status).toBe(200)
  expect(at.warnings).toEqual([])
}

describe('requests that mean two things', () => {
  it.each([
    [
      'a length and chunks',
      'GET /v1/docs',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      400,
    ],
    ['two lengths', 'PUT /v1/docs/a', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde', 400],
    ['a length that is none', 'PUT /v1/docs/a', 'Content-Length: +5\r\n\r\nabcde', 400],
    ['chunks that are none', 'PUT /v1/docs/a', 'Transfer-Encoding: xchunked\r\n\r\n', 400],
    ['chunks twice', 'PUT /v1/docs/a', 'Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n', 400],
    ['a chunk with a wrong size', 'PUT /v1/docs/a', 'Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n', 400],
    ['a header over two lines', 'GET /v1/docs', 'X-A: a\r\n b\r\n\r\n', 400],
    ['a space before the colon', 'GET /v1/docs', 'X-Tenant-ID : b\r\n\r\n', 400],
    ['lines without a return', 'GET /v1/docs', 'X-A: a\nX-B: b\n\n', 400],
    ['a zero byte', 'GET /v1/docs', 'X-A: a\0b\r\n\r\n', 400],
    ['a tenant twice', 'GET /v1/docs', 'X-Tenant-ID: other\r\nConnection: close\r\n\r\n', 400],
    ['two hosts', 'GET /v1/docs', 'Host: evil.example\r\nConnection: close\r\n\r\n', 421],
    ['a target on another host', 'GET http://evil.example/v1/docs', 'Connection: close\r\n\r\n', 421],
  ])('%s', async (_, target, rest, status) => {
    const at = await start()
    const answer = await say(
      at,
      `${target} HTTP/1.1\r\nHost: localhost\r\n${WHO}Content-Type: application/json\r\n${rest}`,
    )
    expect(statusOf(answer), answer).toBe(status)
    expect(answer.match(/HTTP\/1\.1 /g), 'one answer').toHaveLength(1)
    expect(answer).not.toContain('"ok"')
    await expectWell(at)
  })

  it('no host, and hosts that are none of loopback although they look like it', async () => {
    const at = await start()
    const answer = await say(at, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect(statusOf(answer)).toBe(400)
    expect(answer).toMatch(/x-request-id: /i)
    for (const host of [
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'localhost.',
      '127.1',
      '0.0.0.0',
      '2130706433',
      '0x7f.1',
      'localhost@evil.example',
      'localhost:80:80',
      '[::1]evil.example',
      'localhost%00.evil.example',
      '[::ffff:127.0.0.1]',
    ]) {
      const status = statusOf(
        await say(at, `GET /v1/docs HTTP/1.1\r\nHost: ${host}\r\n${WHO}Connection: close\r\n\r\n`),
      )
      expect([400, 421], host).toContain(status)
    }
  })

  it('pages of other sites are told nothing, whatever they call themselves', async () => {
    const at = await start({ allowOrigins: ['https://app.example'] })
    for (const origin of [
      'null',
      'https://app.example.evil',
      'https://evil.example',
      'http://app.example',
      'file://',
    ]) {
      const answer = await fetch(`${at.server.url}/v1/docs`, { headers: { ...headers, Origin: origin } })
      expect(answer.headers.get('access-control-allow-origin'), origin).toBeNull()
      const asked = { Origin: origin, 'Access-Control-Request-Method': 'DELETE' }
      const preflight = await fetch(`${at.server.url}/v1/docs/a`, { method: 'OPTIONS', headers: asked })
      expect(preflight.headers.get('access-control-allow-methods'), origin).toBeNull()
      await expect(openRaw(at.wsUrl, { origin }), origin).rejects.toThrow('403')
    }
    // What a page may send without asking is no JSON.
    const simple = await fetch(`${at.server.url}/v1/docs/a/ops`, {
      method: 'POST',
      headers: { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'n', 'Content-Type': 'text/plain' },
      body: '{"type":"lww","ops":[{"set":1}]}',
    })
    expect(simple.status).toBe(415)
  })
})

describe('names that mean something elsewhere', () => {
  it.each([
    '..',
    '.',
    '%2e%2e',
    '%2E',
    '..%2f..%2fetc%2fpasswd',
    '%00',
    'a%0d%0aX:%20b',
    '%ff',
    '%c0%ae%c0%ae',
    '%ed%a0%80',
  ])('the id %s is refused, or a name like any other', async (id) => {
    const at = await start()
    const path = `/v1/docs/${id}`
    const length = 'Content-Length: 25'
    const request = `PUT ${path} HTTP/1.1\r\nHost: localhost\r\n${WHO}Content-Type: application/json\r\n${length}\r\nConnection: close\r\n\r\n`
    const status = statusOf(await say(at, `${request}{"type":"lww","value":12}`))
    const stored = (await at.store.documents('acme', { limit: 10 })).items.map(({ key }) => key.id)
    if (status === 201) expect(stored).toEqual([decodeURIComponent(id)])
    else expect([[400, 404, 405].includes(status), stored]).toEqual([true, []])
    expect(stored).not.toContain('..')
  })

  it('a session cannot open what a URL could not name', async () => {
    const at = await start()
    const client = await openRaw(at.wsUrl)
    client.send(hello('n'))
    await client.next('welcome')
    for (const [i, id] of ['..', '.', '', 'a\u0000', 'a\nb', 'x'.repeat(257)].entries()) {
      client.send(subscribe(id, i + 1))
      expect(await client.next('refused'), JSON.stringify(id)).toMatchObject({ handle: i + 1, code: 'malformed' })
    }
    expect(at.service.live.size).toBe(0)
    client.socket.close()
  })

  it('tenants, documents, fields, keys and elements may be called like parts of a prototype', async () => {
    const at = await start()
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']
    for (const name of names) {
      const who = { ...headers, 'X-Tenant-ID': name, 'X-Node-ID': name }
      const call = async (method: string, path: string, body?: string): Promise<unknown> => {
        const answer = await fetch(`${at.server.url}/v1/docs/${path}`, { method, headers: who, ...(body && { body }) })
        expect(answer.status, `${method} ${path}`).toBeLessThan(300)
        return answer.json()
      }
      const value = `{"${name}":{"type":"lww","value":{"${name}":{"polluted":true}}}}`
      expect(await call('PUT', name, `{"type":"doc","value":${value}}`)).toMatchObject({ id: name })
      await call(
        'POST',
        `${name}/ops`,
        `{"type":"doc","ops":[{"path":["m","${name}"],"of":["ormap","orset"],"type":"add","elem":{"${name}":1}}]}`,
      )
      const { value: read } = (await call('GET', name)) as { readonly value: object }
      const fields = Object.entries(read).map((field) => JSON.stringify(field))
      expect(fields.toSorted()).toEqual(
        [`["${name}",{"${name}":{"polluted":true}}]`, `["m",{"${name}":[{"${name}":1}]}]`].toSorted(),
      )
      const listed = await fetch(`${at.server.url}/v1/docs`, { headers: who })
      expect(((await listed.json()) as { documents: { id: string }[] }).documents.map(({ id }) => id)).toEqual([name])
    }
    const clean: Record<string, unknown> = {}
    expect([clean.polluted, Object.keys(Object.prototype)]).toEqual([undefined, []])
    await expectWell(at)
  })

  it.each([
    '__proto__=1',
    'constructor[prototype][x]=1',
    '__proto__[x]=1',
    'toString=1',
    'limit=1&limit=2',
    'limit=1e9',
    'limit=-1',
    'since=%00',
  ])('the query %s is refused', async (query) => {
    const at = await start()
    const answer = await fetch(`${at.server.url}/v1/docs?${query}`, { headers })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'BODY_INVALID'])
  })

  it('bodies with members of a prototype where none belong', async () => {
    const at = await start()
    for (const body of [
      '{"type":"lww","value":1,"__proto__":{"idempotency":1}}',
      '{"type":"__proto__","value":1}',
      '{"__proto__":{"type":"lww","value":1}}',
    ]) {
      expect((await put(at, 'a', body)).status).toBe(400)
    }
  })
})

describe('bodies', () => {
  it('what is compressed is not unpacked', async () => {
    const at = await start()
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '))
    for (const encoding of ['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip']) {
      const answer = await fetch(`${at.server.url}/v1/docs/a`, {
        method: 'PUT',
        headers: { ...headers, 'Content-Encoding': encoding },
        body: bomb,
      })
      expect([answer.status, ((await answer.json()) as { code: string }).code], encoding).toEqual([415, 'MEDIA_TYPE'])
    }
    const plain = await fetch(`${at.server.url}/v1/docs/a`, {
      method: 'PUT',
      headers: { ...headers, 'Content-Encoding': 'identity' },
      body: '{"type":"lww","value":1}',
    })
    expect(plain.status).toBe(201)
  })

  it.each([
    ['[', 1_000_000],
    ['{"a":', 300_000],
    ['[{"":', 200_000],
  ])('nested without end: %s', async (part, count) => {
    const at = await start()
    const answer = await put(at, 'a', `{"type":"lww","value":${part.repeat(count)}`)
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'BODY_INVALID'])
    await expectWell(at)
  })

  it('in chunks of a byte take no more memory than in one', async () => {
    const at = await start()
    const body = Buffer.from(`{"type":"lww","value":"${'x'.repeat(400_000)}"}`)
    const chunked = Buffer.concat([...body].map((byte) => Buffer.from([0x31, 13, 10, byte, 13, 10])))
    const before = process.memoryUsage().heapUsed
    let peak = 0
    const sample = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().heapUsed)
    }, 5)
    const request = `PUT /v1/docs/a HTTP/1.1\r\nHost: localhost\r\n${WHO}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`
    const socket = open(at.server.port)
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    // All but its end: it waits.
    for (let from = 0; from < chunked.length; from += 60_000) {
      socket.write(from === 0 ? request : '')
      socket.write(chunked.subarray(from, from + 60_000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.write('0\r\n\r\n')
    await until(() => text !== '', 'an answer')
    clearInterval(sample)
    expect(statusOf(text)).toBe(201)
    // Kept one by one these would be 400,000 objects of a hundred bytes and more.
    expect(peak - before).toBeLessThan(40_000_000)
  })

  it('of one tenant do not fill the place of all', async () => {
    const at = await start({
      limits: { bodyBytesMax: 1_000, bodiesBufferedBytesMax: 2_000, bodiesBufferedTenantBytesMax: 1_000 },
    })
    const slow = open(at.server.port)
    slow.write(
      `PUT /v1/docs/slow HTTP/1.1\r\nHost: localhost\r\n${WHO}Content-Type: application/json\r\nContent-Length: 900\r\n\r\n${' '.repeat(800)}`,
    )
    const body = `{"type":"lww","value":1}${' '.repeat(300)}`
    await expect.poll(async () => (await put(at, 'a', body)).status).toBe(429)
    const other = await fetch(`${at.server.url}/v1/docs/a`, {
      method: 'PUT',
      headers: { ...headers, 'X-Tenant-ID': 'other' },
      body,
    })
    expect(other.status).toBe(201)
  })
})

describe('connections', () => {
  it('headers without end, large or many, are refused', async () => {
    const at = await start()
    // The host is one of them, and so is the last.
    for (const [more, status] of [
      [`X-A: ${'x'.repeat(17_000)}\r\n`, 431],
      ['X-A: b\r\n'.repeat(98), 200],
      ['X-A: b\r\n'.repeat(99), 431],
      ['X-A: b\r\n'.repeat(3_000), 431],
    ] as const) {
      const answer = await say(at, `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${more}Connection: close\r\n\r\n`)
      expect(statusOf(answer), `${more.length}`).toBe(status)
    }
    await expectWell(at)
  })

  it('who trickles a request, an upgrade or a handshake is let go of in time', async () => {
    const limits = { headersTimeoutMs: 300, requestTimeoutMs: 300 }
    const at = await start({ limits })
    const trickle = open(at.server.port)
    const upgrade = open(at.server.port)
    trickle.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n')
    upgrade.write('GET /v1/sync HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n')
    const drip = setInterval(() => {
      for (const socket of [trickle, upgrade]) if (!socket.destroyed) socket.write('X-A: b\r\n')
    }, 50)
    const silent = open(at.server.port)
    const secure = await start({ limits, tls: selfSigned() })
    const handshake = open(secure.server.port)
    for (const [what, socket] of Object.entries({ trickle, upgrade, silent, handshake })) {
      await until(() => socket.closed, what, 5_000)
    }
    clearInterval(drip)
  })

  it('a server that is full lets go of those who ask for nothing, and takes others', async () => {
    const at = await start({ limits: { connectionsMax: 10 } })
    const idle = Array.from({ length: 10 }, () => open(at.server.port))
    const answered = new Set<Socket>()
    for (const socket of idle) {
      socket.on('data', () => answered.add(socket))
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    }
    await until(() => answered.size === 10, 'all are in, and stay')
    await expect
      .poll(
        async () => statusOf(await say(at, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')),
        {
          timeout: 5_000,
        },
      )
      .toBe(200)
  })

  it('streams by the thousand are refused beyond the bound, and the rest of the server answers', async () => {
    const at = await start({ limits: { streamsMax: 50, streamsTenantMax: 40 } })
    await put(at, 'a', '{"type":"lww","value":1}')
    const statuses: number[] = []
    for (let i = 0; i < 1_000; i += 1) {
      const socket = open(at.server.port)
      socket.once('data', (data) => statuses.push(statusOf(`${data}`)))
      socket.write(`GET /v1/docs/a/events HTTP/1.1\r\nHost: localhost\r\n${WHO}\r\n`)
      if (i % 100 === 99) await until(() => statuses.length > i, 'answers')
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(40)
    expect(statuses.filter((status) => status === 429)).toHaveLength(960)
    expect((await put(at, 'b', '{"type":"lww","value":1}')).status).toBe(201)
    for (const socket of sockets.splice(0)) socket.destroy()
    await until(() => at.service.live.size === 0, 'nobody follows')
  })

  it('readers that do not read are cut off when together they owe too much, those who owe most first', async () => {
    const metrics = serverMetrics()
    const at = await start({ metrics, limits: { unreadBytesMax: 3_000_000 } })
    await put(at, 'large', JSON.stringify({ type: 'lww', value: 'x'.repeat(1_000_000) }))
    const calm = await openRaw(at.wsUrl)
    calm.send(hello('calm'), subscribe('plan'))
    await calm.next('subscribed')
    const greedy = Array.from({ length: 16 }, () => {
      const socket = open(at.server.port).pause()
      for (let i = 0; i < 12; i += 1) socket.write(`GET /v1/docs/large HTTP/1.1\r\nHost: localhost\r\n${WHO}\r\n`)
      return socket
    })
    await until(() => at.logged.some((line) => line.includes('do not read')), 'cut off')
    const owed = async (): Promise<number> =>
      Number(/\njoinery_unread_bytes (\d+)/.exec(await (await fetch(`${at.server.url}/metrics`)).text())?.[1])
    await expect.poll(owed, { timeout: 5_000 }).toBeLessThanOrEqual(3_000_000)
    for (const socket of greedy) socket.resume()
    await until(() => greedy.some((socket) => socket.closed), 'gone')
    calm.send({ kind: 'ping', nonce: 1 })
    await calm.next('pong')
    calm.socket.close()
  }, 20_000)

  it('a session that pings and pings and reads nothing owes nothing that grows', async () => {
    const at = await start({ sessionLimits: { framesBurstMax: 100_000, framesPerSecondMax: 100_000 } })
    const client = await openRaw(at.wsUrl)
    client.send(hello('n'))
    await client.next('welcome')
    client.socket.pause()
    const data = Buffer.alloc(125)
    for (let i = 0; i < 60_000; i += 1) {
      client.socket.ping(data)
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const text = await (await fetch(`${at.server.url}/healthz`)).text()
    expect(text).toContain('ok')
    let pongs = 0
    client.socket.on('pong', () => {
      pongs += 1
    })
    client.socket.resume()
    client.send({ kind: 'ping', nonce: 1 })
    await client.next('pong')
    expect(pongs).toBeLessThan(60_000)
    client.socket.close()
    const flood = await (await start({ sessionLimits: { framesBurstMax: 100, framesPerSecondMax: 1 } })).wsUrl
    const rude = await openRaw(flood)
    rude.send(hello('n'))
    for (let i = 0; i < 200; i += 1) rude.socket.ping(data)
    expect(await rude.end()).toBe(1013)
  })
})
