/** What one tenant may take of a server, over every door: at its share, and one past it. Others are served meanwhile. */
import { defineSchema, lww, text } from '@joinery/core'
import { encodeFrame } from '@joinery/sync'
import { afterEach, describe, expect, it } from 'vitest'
import { connectClient, startServer, type TestServer, until } from './harness.ts'
import { hello, openRaw, type RawClient, subscribe } from './raw-client.ts'

const schema = defineSchema({ title: lww<string>(), body: text() })

const running: TestServer[] = []
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

const headersOf = (tenant: string) => ({
  'X-Tenant-ID': tenant,
  'X-Node-ID': 'curl',
  'Content-Type': 'application/json',
})

async function put(server: TestServer['server'], tenant: string, id: string): Promise<void> {
  const body = JSON.stringify({ type: 'lww', value: 1 })
  const answer = await fetch(`${server.url}/v1/docs/${id}`, { method: 'PUT', headers: headersOf(tenant), body })
  expect(answer.status).toBe(201)
}

describe('over HTTP', () => {
  it('streams and long polls', async () => {
    const { server } = await start({ limits: { streamsTenantMax: 2 } })
    await put(server, 'acme', 'a')
    await put(server, 'other', 'a')
    const abort = new AbortController()
    const events = (tenant: string): Promise<Response> =>
      fetch(`${server.url}/v1/docs/a/events`, { headers: headersOf(tenant), signal: abort.signal })
    expect((await events('acme')).status).toBe(200)
    const poll = fetch(`${server.url}/v1/docs/a/ops?since=1&wait=2`, { headers: headersOf('acme') })
    await new Promise((resolve) => setTimeout(resolve, 100))
    const refused = await events('acme')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' })
    expect((await events('other')).status).toBe(200)
    expect((await poll).status).toBe(200)
    expect((await events('acme')).status, 'the poll made room').toBe(200)
    abort.abort()
  })

  it('requests, of which a stream is none any more', async () => {
    const { server } = await start({ limits: { requestsTenantMax: 1 } })
    await put(server, 'acme', 'a')
    const slow = new TransformStream<Uint8Array>()
    const writer = slow.writable.getWriter()
    const first = fetch(`${server.url}/v1/docs/slow`, {
      method: 'PUT',
      headers: headersOf('acme'),
      body: slow.readable,
      duplex: 'half',
    } as RequestInit)
    await writer.write(new TextEncoder().encode('{"type":"lww",'))
    const get = async (tenant: string): Promise<number> =>
      (await fetch(`${server.url}/v1/docs/a`, { headers: headersOf(tenant) })).status
    await expect.poll(() => get('acme')).toBe(429)
    expect(await get('other')).toBe(404)
    await writer.write(new TextEncoder().encode('"value":2}'))
    await writer.close()
    expect((await first).status).toBe(201)
    const abort = new AbortController()
    const stream = await fetch(`${server.url}/v1/docs/a/events`, {
      headers: headersOf('acme'),
      signal: abort.signal,
    })
    expect([stream.status, await get('acme')]).toEqual([200, 200])
    abort.abort()
  })
})

describe('over WebSocket', () => {
  it('connections, from their greeting until they are closed', async () => {
    const { wsUrl } = await start({ limits: { sessionsTenantMax: 2 } })
    const greet = async (tenant: string): Promise<RawClient> => {
      const client = await openRaw(wsUrl)
      client.send(hello('n', tenant))
      return client
    }
    const [one, two] = [await greet('acme'), await greet('acme')]
    await one.next('welcome')
    await two.next('welcome')
    const three = await greet('acme')
    expect(await three.end()).toBe(1013)
    expect(three.heard).toMatchObject([{ kind: 'goodbye', code: 'rate_limited', retryAfterMs: 5_000 }])
    await (await greet('other')).next('welcome')
    one.socket.close()
    await one.end()
    // Its place is free a moment after it is closed.
    for (let welcomed = false; !welcomed; ) {
      const four = await greet('acme')
      await until(() => four.heard.length > 0, 'an answer')
      welcomed = four.heard[0]?.kind === 'welcome'
    }
  })

  it('batches announced and not sent: at the bound, and one past it', async () => {
    const { wsUrl } = await start({
      sessionLimits: { pendingBytesMax: 10_000_000, pendingTenantBytesMax: 3_000_000, retryAfterMs: 30 },
    })
    const announce = async (tenant: string, total: number): Promise<RawClient> => {
      const client = await openRaw(wsUrl)
      client.send(hello('n', tenant), subscribe('plan'))
      const { handle } = await client.next('subscribed')
      const part = { kind: 'upload', handle, batch: 1, tellReceived: false, restart: false, total, offset: 0 } as const
      client.send({ ...part, payload: new Uint8Array(1) }, { kind: 'ping', nonce: 1 })
      await client.next('pong')
      return client
    }
    const held = [await announce('acme', 1_000_000), await announce('acme', 2_000_000)]
    for (const { heard } of held) expect(heard.filter(({ kind }) => kind === 'refused')).toEqual([])
    const refused = await announce('acme', 2)
    expect(await refused.next('refused')).toMatchObject({ batch: 1, code: 'rate_limited', retryAfterMs: 30 })
    const other = await announce('other', 3_000_000)
    expect(other.heard.filter(({ kind }) => kind === 'refused')).toEqual([])
    // An honest client of the tenant that has its share waits, and is served when there is room.
    const anna = connectClient(wsUrl, 'anna')
    const followed = anna.follow('notes', schema)
    const doc = await followed.opened()
    doc.change((root) => root.body.insert(0, 'x'.repeat(400_000)))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(followed.pending).toBe(1)
    for (const each of held) each.socket.terminate()
    await followed.saved()
    expect(followed.refusal).toBeUndefined()
    anna.connection.close()
    for (const each of [refused, other]) each.socket.close()
  })

  it('a client that asks for documents too fast is put off, and follows all in the end', async () => {
    const { wsUrl } = await start({ sessionLimits: { subscribesBurstMax: 5, subscribesPerSecondMax: 50 } })
    const anna = connectClient(wsUrl, 'anna')
    const followed = Array.from({ length: 20 }, (_, i) => anna.follow(`doc-${i}`, schema))
    await Promise.all(followed.map((each) => each.opened()))
    await until(() => followed.every(({ state }) => state === 'live'), 'all are live')
    anna.connection.close()
  })

  it('a flood of frames ends its connection alone, told when to come back', async () => {
    const { wsUrl, server } = await start({ sessionLimits: { framesBurstMax: 500, framesPerSecondMax: 100 } })
    const flood = await openRaw(wsUrl)
    const calm = await openRaw(wsUrl)
    calm.send(hello('calm'), subscribe('plan'))
    flood.send(hello('flood'))
    const ping = encodeFrame({ kind: 'ping', nonce: 1 })
    for (let i = 0; i < 20_000; i += 1) flood.socket.send(ping)
    expect(await flood.end()).toBe(1013)
    expect(flood.heard.filter(({ kind }) => kind === 'pong').length).toBeLessThanOrEqual(600)
    expect(flood.heard.at(-1)).toMatchObject({ kind: 'goodbye', code: 'rate_limited' })
    calm.send({ kind: 'ping', nonce: 2 })
    await calm.next('pong')
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    calm.socket.close()
  })
})
