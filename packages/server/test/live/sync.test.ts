/** Live sync, end to end: a real server, real sockets, clients that come and go. */
import { defineSchema, list, lww, orSet, pnCounter, text } from '@joinery/core'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { connectWebSocket } from '@joinery/transport/websocket'
import { afterEach, describe, expect, it } from 'vitest'
import { connectClient, openSocket, startServer, type TestClient, type TestServer, until } from './harness.ts'

const schema = defineSchema({
  title: lww<string>(),
  tags: orSet<string>(),
  votes: pnCounter(),
  body: text(),
  items: list(),
})

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

function client(...args: Parameters<typeof connectClient>): TestClient {
  const made = connectClient(...args)
  clients.push(made)
  return made
}

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }

describe('two clients of one document', () => {
  it('see what the other writes, and end byte-identical', async () => {
    const { wsUrl } = await start()
    const [a, b] = [client(wsUrl, 'anna'), client(wsUrl, 'ben')]
    const one = a.follow('plan', schema)
    const docA = await one.opened()
    docA.change((root) => root.title.set('hello'))
    await one.saved()
    const two = b.follow('plan', schema)
    const docB = await two.opened()
    expect(docB.root.title.value).toBe('hello')
    for (let i = 0; i < 200; i += 1) {
      docA.change((root) => root.body.insert(root.body.length, `a${i} `))
      docB.change((root) => root.votes.increment(1))
    }
    await Promise.all([one.saved(), two.saved()])
    await until(() => docA.versionHash() === docB.versionHash(), 'equal')
    expect(docA.snapshot()).toEqual(docB.snapshot())
    expect(docA.root.votes.value).toBe(200)
    expect([one.pending, two.pending, one.state, two.state]).toEqual([0, 0, 'live', 'live'])
  })

  it('what is written over HTTP is seen live, and the other way round', async () => {
    const { wsUrl, server } = await start()
    const url = `${server.url}/v1/docs/tags`
    await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ type: 'orset', value: ['x'] }) })
    const followed = client(wsUrl, 'anna').follow('tags', defineSchema({ value: orSet<string>() }), { type: 'orset' })
    const doc = await followed.opened()
    expect(doc.root.value.toJSON()).toEqual(['x'])
    await fetch(`${url}/ops`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ since: 0, type: 'orset', ops: [{ type: 'add', elem: 'y' }] }),
    })
    await until(() => doc.root.value.has('y'), 'the other door')
    doc.change((root) => root.value.add('z'))
    await followed.saved()
    const answer = (await (await fetch(url, { headers })).json()) as { value: string[]; version: number }
    expect([...answer.value].sort()).toEqual(['x', 'y', 'z'])
    expect(answer.version).toBe(3)
  })
})

describe('a connection that comes and goes', () => {
  it('goes on where both sides stopped, with what was changed meanwhile', async () => {
    const { wsUrl } = await start()
    const [a, b] = [client(wsUrl, 'anna'), client(wsUrl, 'ben')]
    const one = a.follow('plan', schema)
    const docA = await one.opened()
    docA.change((root) => root.title.set('v1'))
    await one.saved()
    const two = b.follow('plan', schema)
    const docB = await two.opened()
    a.connection.close()
    await until(() => !a.session.online, 'offline')
    for (let i = 0; i < 50; i += 1) docA.change((root) => root.votes.increment(1))
    docB.change((root) => root.tags.add('meanwhile'))
    await two.saved()
    expect(one.pending).toBe(50)
    const connection = connectWebSocket({
      url: wsUrl,
      session: a.session,
      scheduler: nodeScheduler(() => Date.now()),
      open: openSocket,
    })
    await one.saved()
    await until(() => docA.versionHash() === docB.versionHash(), 'equal')
    expect(docB.root.votes.value).toBe(50)
    expect(docA.root.tags.has('meanwhile')).toBe(true)
    connection.close()
  })

  it('connects again by itself when the server is gone for a while', async () => {
    const medium = memoryMedium()
    const first = await start({ store: memoryStore({ medium }) })
    const a = client(first.wsUrl, 'anna')
    const one = a.follow('plan', schema)
    const doc = await one.opened()
    doc.change((root) => root.title.set('before'))
    await one.saved()
    const { port } = first.server
    await first.server.close()
    await first.store.close()
    running.splice(0)
    doc.change((root) => root.title.set('while it was away'))
    expect(one.pending).toBe(1)
    const second = await start({ store: memoryStore({ medium }), address: `127.0.0.1:${port}` })
    await one.saved()
    const answer = await fetch(`${second.server.url}/v1/docs/plan`, { headers })
    expect(await answer.json()).toMatchObject({ value: { title: 'while it was away' } })
    expect(a.faults).toEqual([])
  })
})

describe('a server that stops', () => {
  it('stores what came in, says so, and tells everybody to come back within a window', async () => {
    const { wsUrl, server, store } = await start()
    const [a, b] = [client(wsUrl, 'anna'), client(wsUrl, 'ben')]
    const one = a.follow('plan', schema)
    const doc = await one.opened()
    await b.follow('other', schema).opened()
    for (let i = 0; i < 100; i += 1) doc.change((root) => root.votes.increment(1))
    const saved = one.saved()
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(await server.close()).toBe(true)
    await until(() => a.session.goodbye !== undefined && b.session.goodbye !== undefined, 'goodbye')
    expect(a.session.goodbye).toMatchObject({ code: 'shutting_down', windowMs: 5_000 })
    const waits = Array.from({ length: 50 }, () => a.session.retryInMs as number)
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(1_000)
    const stored = (await store.head({ tenant: 'acme', id: 'plan' }))?.version ?? 0
    expect(one.stored).toBe(stored)
    expect(one.pending).toBe(100 - stored)
    if (stored === 100) await saved
    else saved.catch(() => {})
  })
})

describe('large documents', () => {
  it('arrive in chunks, with progress, and other documents are served in between', async () => {
    const { wsUrl } = await start({ sessionLimits: { frameBytesMax: 16_384 } })
    const a = client(wsUrl, 'anna')
    const big = a.follow('big', schema)
    const doc = await big.opened()
    for (let i = 0; i < 40; i += 1) doc.change((root) => root.body.insert(0, `${i} ${'lorem ipsum '.repeat(700)}`))
    await big.saved()
    const seen: number[] = []
    const b = client(wsUrl, 'ben')
    const copy = b.follow('big', schema, {}, { onStatus: () => seen.push(copy.progress?.bytes ?? 0) })
    const small = b.follow('small', schema)
    await small.opened()
    const docB = await copy.opened()
    await until(() => copy.state === 'live', 'live')
    expect(docB.snapshot()).toEqual(doc.snapshot())
    expect(seen.filter((bytes) => bytes > 0).length).toBeGreaterThan(10)
    expect(b.faults).toEqual([])
  })
})

describe('large changes', () => {
  it('are sent in parts, and other documents are saved in between', async () => {
    const { wsUrl } = await start({ sessionLimits: { frameBytesMax: 8_192 } })
    const [a, b] = [client(wsUrl, 'anna'), client(wsUrl, 'ben')]
    const big = a.follow('big', schema)
    const small = a.follow('small', schema)
    const [docBig, docSmall] = [await big.opened(), await small.opened()]
    docBig.change((root) => root.body.insert(0, 'x'.repeat(500_000)))
    docBig.change((root) => root.title.set('behind it'))
    docSmall.change((root) => root.title.set('small'))
    const order: string[] = []
    await Promise.all([big.saved().then(() => order.push('big')), small.saved().then(() => order.push('small'))])
    expect(order).toEqual(['small', 'big'])
    const copy = await b.follow('big', schema).opened()
    expect(copy.snapshot()).toEqual(docBig.snapshot())
  })
})

describe('presence', () => {
  it('reaches the others, and ends with the connection', async () => {
    const { wsUrl } = await start()
    const [a, b] = [client(wsUrl, 'anna'), client(wsUrl, 'ben')]
    const heard: string[] = []
    const one = a.follow('plan', schema)
    await one.opened()
    const two = b.follow(
      'plan',
      schema,
      {},
      { onPeers: (peers) => heard.push(...peers.map(({ node, state }) => `${node}:${Buffer.from(state)}`)) },
    )
    await two.opened()
    one.present(Buffer.from('at 7'))
    await until(() => heard.length === 1, 'presence')
    a.connection.close()
    await until(() => heard.length === 2, 'gone')
    expect(heard).toEqual(['anna:at 7', 'anna:'])
  })
})

describe('refusals', () => {
  it('tell the client why: another type, a deleted document, another life of it', async () => {
    const { wsUrl, server } = await start()
    const url = `${server.url}/v1/docs/tags`
    await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ type: 'orset', value: ['x'] }) })
    const a = client(wsUrl, 'anna')
    await expect(a.follow('tags', schema).opened()).rejects.toMatchObject({ code: 'schema_mismatch' })
    const followed = a.follow('tags', defineSchema({ value: orSet<string>() }), { type: 'orset' })
    const doc = await followed.opened()
    await fetch(url, { method: 'DELETE', headers })
    await until(() => followed.state === 'refused', 'refused')
    expect(followed.refusal?.code).toBe('deleted')
    expect(doc.root.value.has('x')).toBe(true)
    await expect(
      a.follow('tags', defineSchema({ value: orSet<string>() }), { type: 'orset' }).opened(),
    ).rejects.toMatchObject({ code: 'deleted' })
  })

  it('a field that the type of the document does not have', async () => {
    const { wsUrl } = await start()
    const a = client(wsUrl, 'anna')
    const followed = a.follow('tags', schema, { type: 'orset' })
    const doc = await followed.opened()
    doc.change((root) => root.title.set('no'))
    await expect(followed.saved()).rejects.toMatchObject({ code: 'schema_mismatch' })
  })

  it('a key of another tenant, and none at all', async () => {
    const { wsUrl, keys } = await start()
    const { key } = await keys.create({ tenant: 'acme', name: 'test' })
    const cases = [
      { options: {}, code: 'unauthenticated' },
      { options: { credential: 'jk_0000000000000000_wrong' }, code: 'unauthenticated' },
      { options: { tenant: 'other', credential: key }, code: 'permission_denied' },
    ]
    for (const { options, code } of cases) {
      const a = client(wsUrl, 'anna', options)
      await until(() => a.session.goodbye !== undefined, code)
      expect(a.session.goodbye?.code).toBe(code)
      expect(a.session.retryInMs).toBeUndefined()
    }
    const a = client(wsUrl, 'anna', { credential: key })
    await a.follow('plan', schema).opened()
  })
})
