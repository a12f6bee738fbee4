/** Sessions over plain requests: what the routes refuse, and that such a session is one like any other. */
import { defineSchema, lww } from '@joinery/core'
import { httpLinks, LINK_HEADER } from '@joinery/transport/http-link'
import { afterEach, describe, expect, it } from 'vitest'
import { defaultServerLimits } from '../../src/limits.ts'
import { connectClient, startServer, type TestClient, type TestServer, until } from './harness.ts'

const schema = defineSchema({ title: lww<string>() })
const running: TestServer[] = []
const clients: TestClient[] = []

afterEach(async () => {
  for (const { connection } of clients.splice(0)) connection.close()
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

function client(wsUrl: string, node: string, credential?: string): TestClient {
  const made = connectClient(wsUrl, node, { open: httpLinks(), ...(credential !== undefined && { credential }) })
  clients.push(made)
  return made
}

const FRAMES = { 'Content-Type': 'application/octet-stream' }

async function asked(server: TestServer, init: RequestInit): Promise<{ status: number; code?: string; text: string }> {
  const answer = await fetch(`${server.server.url}/v1/sync/frames`, init)
  const text = await answer.text()
  const { code } = text.startsWith('{') ? (JSON.parse(text) as { code?: string }) : {}
  return { status: answer.status, text, ...(code !== undefined && { code }) }
}

describe('the requests', () => {
  it('name a connection that is open', async () => {
    const server = await start()
    for (const method of ['GET', 'POST', 'DELETE']) {
      const headers = { ...FRAMES, [LINK_HEADER]: 'guessed' }
      expect(await asked(server, { method, headers })).toMatchObject({ status: 404, code: 'LINK_UNKNOWN' })
    }
    expect(await asked(server, { method: 'GET' })).toMatchObject({ status: 404, code: 'LINK_UNKNOWN' })
  })

  it('come from pages that may connect', async () => {
    const server = await start({ allowOrigins: ['https://app.example'] })
    const from = (origin: string) => asked(server, { method: 'POST', headers: { ...FRAMES, origin } })
    expect(await from('https://evil.example')).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    expect((await from('https://app.example')).status).toBe(201)
    expect((await from(server.server.url)).status).toBe(201)
  })

  it('carry frames, as the type that no page can send elsewhere unasked', async () => {
    const server = await start()
    const plain = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: '' }
    expect(await asked(server, plain)).toMatchObject({ status: 415, code: 'MEDIA_TYPE' })
    const broken = { method: 'POST', headers: FRAMES, body: new Uint8Array([0, 0, 0, 9, 1]) }
    expect(await asked(server, broken)).toMatchObject({ status: 400, code: 'BODY_INVALID' })
  })

  it('end the connection for who says so', async () => {
    const server = await start()
    const { text: name } = await asked(server, { method: 'POST', headers: FRAMES })
    const headers = { ...FRAMES, [LINK_HEADER]: name }
    expect((await asked(server, { method: 'DELETE', headers })).status).toBe(204)
    expect(await asked(server, { method: 'POST', headers })).toMatchObject({ code: 'LINK_UNKNOWN' })
  })
})

describe('bounds', () => {
  const begin = (server: TestServer) => asked(server, { method: 'POST', headers: FRAMES })

  it('linksMax: one more is put off, and a place that is left is free', async () => {
    const server = await start({ limits: { linksMax: 2 } })
    const [{ text: name }] = await Promise.all([begin(server), begin(server)])
    expect(await begin(server)).toMatchObject({ status: 503, code: 'OVERLOADED' })
    await asked(server, { method: 'DELETE', headers: { [LINK_HEADER]: name } })
    expect((await begin(server)).status).toBe(201)
  })

  it('leave room for others when one tenant has all that it may', () => {
    const { linksMax, connectionsMax, sessionsTenantMax } = defaultServerLimits
    expect(Math.min(linksMax, connectionsMax)).toBeGreaterThan(sessionsTenantMax)
  })

  it('of a tenant are its own: where one waits with all it may, another is served', async () => {
    const { wsUrl } = await start({ limits: { streamsMax: 10, streamsTenantMax: 1 } })
    const [one, other] = ['acme', 'other'].map((tenant) => {
      const made = connectClient(wsUrl, 'anna', { open: httpLinks(), tenant })
      clients.push(made)
      return made.follow('plan', schema)
    })
    const [a, b] = [await one!.opened(), await other!.opened()]
    for (const doc of [a, b]) doc.change((root) => root.title.set('x'))
    await Promise.all([one!.saved(), other!.saved()])
    expect([one!.pending, other!.pending]).toEqual([0, 0])
  })
})

describe('a session over requests', () => {
  it('sees what is written over a WebSocket, and the other way', async () => {
    const { wsUrl } = await start()
    const direct = connectClient(wsUrl, 'ben')
    clients.push(direct)
    const one = client(wsUrl, 'anna').follow('plan', schema)
    const doc = await one.opened()
    doc.change((root) => root.title.set('from requests'))
    await one.saved()
    const two = direct.follow('plan', schema)
    const other = await two.opened()
    await until(() => other.root.title.value === 'from requests', 'seen')
    other.change((root) => root.title.set('from a socket'))
    await until(() => doc.root.title.value === 'from a socket', 'seen the other way')
    expect(doc.versionHash()).toBe(other.versionHash())
  })

  it('needs a key where there are keys, and ends with it', async () => {
    const server = await start()
    const { id, key } = await server.keys.create({ tenant: 'acme', name: 'test' })
    const refused = client(server.wsUrl, 'eve', 'wrong')
    await until(() => refused.session.goodbye?.code === 'unauthenticated', 'refused')
    const granted = client(server.wsUrl, 'anna', key)
    const followed = granted.follow('plan', schema)
    await followed.opened()
    await server.keys.revoke(id)
    await until(() => granted.session.goodbye?.code === 'unauthenticated', 'ended')
  })

  it('goes on at another connection when the server lost this one', async () => {
    const { wsUrl, server } = await start()
    const anna = client(wsUrl, 'anna')
    const followed = anna.follow('plan', schema)
    const doc = await followed.opened()
    doc.change((root) => root.title.set('before'))
    await followed.saved()
    await server.close()
    running.length = 0
    doc.change((root) => root.title.set('meanwhile'))
    await until(() => !anna.session.online, 'gone')
    expect(followed.pending).toBe(1)
  })
})
