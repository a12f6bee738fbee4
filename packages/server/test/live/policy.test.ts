/** The policy of a host is asked at every door, before anything is shown or done; what it refuses has changed nothing. */
import { Doc, defineSchema, encodeBundle, lww, pnCounter } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { afterEach, describe, expect, it } from 'vitest'
import type { Policy, PolicyRequest, PolicyVerdict } from '../../src/policy/policy.ts'
import { connectClient, startServer, type TestServer, type TestServerOptions, until } from './harness.ts'
import { hello, openRaw, type RawClient, subscribe } from './raw-client.ts'

const schema = defineSchema({ title: lww<string>(), admin: lww<string>(), votes: pnCounter() })

const running: TestServer[] = []
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close()
})

interface Asked extends TestServer {
  /** What the policy was asked. */
  readonly asked: PolicyRequest[]
  /** What it answers from now on. */
  decide(policy: Policy): void
}

async function start(options: TestServerOptions = {}): Promise<Asked> {
  const asked: PolicyRequest[] = []
  let decide: Policy = () => true
  const policy: Policy = (request) => {
    asked.push(request)
    return decide(request)
  }
  const server = await startServer({ ...options, policy })
  running.push(server)
  return {
    ...server,
    asked,
    decide: (next) => {
      decide = next
    },
  }
}

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any
}

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }

async function call({ server }: TestServer, method: string, path: string, body?: object): Promise<Answer> {
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const answer = await fetch(`${server.url}/v1/${path}`, init)
  return { status: answer.status, json: await answer.json() }
}

const put = (at: TestServer, id: string, value: object = { title: { type: 'lww', value: 'x' } }): Promise<Answer> =>
  call(at, 'PUT', `docs/${id}`, { type: 'doc', value })
const set = (field: string, value: string) => ({ path: [field], of: 'lww', set: value })

const refuses =
  (action: PolicyRequest['action'], reason: PolicyVerdict = 'no such permission'): Policy =>
  (request) =>
    request.action === action ? reason : true

/** A change of each field, as an author makes them. */
function authored(node: string, ...fields: ('title' | 'admin')[]): Uint8Array[] {
  const doc = new Doc({ actor: newActor(node), incarnation: 'life', copies: true, schema })
  return fields.map((field) => doc.change((root) => root[field].set(`new ${field}`)) as Uint8Array)
}

async function follow({ wsUrl }: TestServer, id: string, node = 'anna'): Promise<RawClient & { handle: number }> {
  const client = await openRaw(wsUrl)
  client.send(hello(node), subscribe(id))
  const { handle } = await client.next('subscribed')
  return { ...client, handle }
}

const changes = (handle: number, batch: number, bytes: readonly Uint8Array[], restart = false) =>
  ({ kind: 'changes', handle, batch, tellReceived: false, restart, payload: encodeBundle(bytes) }) as const

describe('over HTTP', () => {
  it.each([
    ['GET', 'docs/plan', undefined, 'read'],
    ['GET', 'docs/plan/ops', undefined, 'read'],
    ['GET', 'docs/plan/ops?since=1&wait=5', undefined, 'read'],
    ['GET', 'docs/plan/events', undefined, 'read'],
    ['POST', 'docs/plan/ops', { type: 'doc', ops: [set('title', 'y')] }, 'read'],
    ['POST', 'docs/plan/ops', { type: 'doc', ops: [set('title', 'y')] }, 'write'],
    ['PUT', 'docs/plan', { type: 'doc', value: {} }, 'write'],
    ['DELETE', 'docs/plan', undefined, 'delete'],
    ['GET', 'docs', undefined, 'list'],
    ['GET', 'ops', undefined, 'log'],
  ] as const)('%s /v1/%s %j: refused where %s is', async (method, path, body, action) => {
    const at = await start()
    await put(at, 'plan')
    const before = await call(at, 'GET', 'docs/plan')
    at.decide(refuses(action, 'not on a Sunday'))
    const refused = await call(at, method, path, body)
    expect(refused).toMatchObject({ status: 403, json: { code: 'PERMISSION_DENIED', detail: 'not on a Sunday' } })
    expect(JSON.stringify(refused.json)).not.toContain('"x"')
    at.decide(() => true)
    expect(await call(at, 'GET', 'docs/plan')).toEqual(before)
  })

  it('is asked before it is looked whether the document is there, and with what would be written', async () => {
    const at = await start()
    at.decide(() => 'no')
    for (const [method, path, body] of [
      ['GET', 'docs/none', undefined],
      ['DELETE', 'docs/none', undefined],
      ['GET', 'docs/none/events', undefined],
      ['POST', 'docs/none/ops', { type: 'doc', since: 7, ops: [] }],
    ] as const) {
      expect((await call(at, method, path, body)).status).toBe(403)
    }
    expect(at.service.resident.documents).toBe(0)
    at.decide(() => true)
    at.asked.splice(0)
    await put(at, 'plan')
    await call(at, 'POST', 'docs/plan/ops', { type: 'doc', ops: [set('title', 'y'), set('admin', 'me')] })
    await call(at, 'PUT', 'docs/n', { type: 'pncounter', value: 1 })
    await call(at, 'POST', 'docs/n/ops', { type: 'pncounter', ops: [{ type: 'increment' }] })
    await call(at, 'DELETE', 'docs/n')
    const principal = { tenant: 'acme', node: 'curl' }
    const common = { principal, door: 'http' }
    expect(at.asked).toMatchObject([
      { ...common, action: 'write', document: 'plan', fields: 'all', change: { by: 'value', type: 'doc' } },
      { ...common, action: 'read', document: 'plan' },
      {
        ...common,
        action: 'write',
        document: 'plan',
        fields: ['title', 'admin'],
        change: { by: 'operations', operations: [{ set: 'y' }, { set: 'me' }] },
      },
      { ...common, action: 'write', document: 'n', fields: 'all' },
      { ...common, action: 'read', document: 'n' },
      { ...common, action: 'write', document: 'n', fields: ['value'] },
      { ...common, action: 'delete', document: 'n' },
    ])
    expect(at.asked.every(({ principal: asked }) => !('key' in asked))).toBe(true)
  })

  it('tells the id of the key', async () => {
    const at = await start()
    const { key, id } = await at.keys.create({ tenant: 'acme', name: '' })
    await fetch(`${at.server.url}/v1/docs`, { headers: { ...headers, 'X-API-Key': key } })
    const client = await openRaw(at.wsUrl)
    client.send({ ...hello('anna'), credential: key } as ReturnType<typeof hello>, subscribe('plan'))
    await client.next('subscribed')
    expect(at.asked.map(({ principal }) => principal)).toEqual([
      { tenant: 'acme', node: 'curl', key: id },
      { tenant: 'acme', node: 'anna', key: id },
    ])
    expect(JSON.stringify(at.asked)).not.toContain(key.slice(-43))
    client.socket.close()
  })

  it('listings and the log of the tenant show what may be read, page by page', async () => {
    const at = await start()
    for (let i = 0; i < 12; i += 1) await put(at, `${i % 3 === 0 ? 'open' : 'secret'}-${String(i).padStart(2, '0')}`)
    at.decide((request) => request.action !== 'read' || request.document.startsWith('open') || 'secret')
    const seen: string[] = []
    let cursor = ''
    do {
      const { json } = await call(at, 'GET', `docs?limit=5${cursor}`)
      seen.push(...json.documents.map(({ id }: { id: string }) => id))
      cursor = json.cursor === undefined ? '' : `&cursor=${encodeURIComponent(json.cursor)}`
    } while (cursor !== '')
    expect(seen).toEqual(['open-00', 'open-03', 'open-06', 'open-09'])
    const logged: string[] = []
    let since = 0
    for (let next: number | undefined = 0; next !== undefined; ) {
      since = next
      const { json } = await call(at, 'GET', `ops?limit=5&since=${since}`)
      logged.push(...json.ops.map(({ id }: { id: string }) => id))
      next = json.next
    }
    expect(logged).toEqual(seen)
  })

  it('a refusal that would show the document is not given to who may not read it', async () => {
    const at = await start()
    await put(at, 'plan')
    at.decide(refuses('read'))
    const body = { type: 'doc', since: 99, ops: [set('title', 'y')] }
    const { status, json } = await call(at, 'POST', 'docs/plan/ops', body)
    expect([status, json.code, json.snapshot]).toEqual([403, 'PERMISSION_DENIED', undefined])
  })

  it('a permission that is taken back while a poll waits', async () => {
    const at = await start()
    const { version } = (await put(at, 'plan')).json
    const poll = call(at, 'GET', `docs/plan/ops?since=${version}&wait=10`)
    await until(() => at.service.live.size === 1, 'it waits')
    at.decide((request) => request.action !== 'read' || 'gone')
    await put(at, 'plan', { title: { type: 'lww', value: 'secret' } })
    expect(await poll).toMatchObject({ status: 403, json: { code: 'PERMISSION_DENIED' } })
  })
})

describe('over a session', () => {
  it('a document that may not be read is not opened', async () => {
    const at = await start()
    at.decide((request) => request.action !== 'read' || request.document !== 'plan' || 'not yours')
    const client = await openRaw(at.wsUrl)
    client.send(hello('anna'), subscribe('plan', 1), subscribe('other', 2))
    expect(await client.next('refused')).toMatchObject({
      handle: 1,
      batch: 0,
      code: 'permission_denied',
      message: 'not yours',
      retryAfterMs: 0,
    })
    expect(await client.next('subscribed')).toMatchObject({ request: 2 })
    expect(at.asked[0]).toMatchObject({ action: 'read', door: 'session', document: 'plan' })
    expect(at.service.live.size).toBe(1)
    client.socket.close()
  })

  it.each([
    ['at once', (verdict: PolicyVerdict) => verdict],
    ['later', async (verdict: PolicyVerdict) => new Promise<PolicyVerdict>((go) => setTimeout(go, 5, verdict))],
  ] as const)('each change is asked about: what comes before a refused one is stored (%s)', async (_, answer) => {
    const at = await start()
    const client = await follow(at, 'plan')
    at.decide((request) =>
      answer(request.action !== 'write' || !request.fields.includes('admin') || 'only admins write this'),
    )
    const bytes = authored('anna', 'title', 'title', 'admin', 'title', 'title')
    client.send(changes(client.handle, 1, bytes.slice(0, 4)), changes(client.handle, 2, bytes.slice(4)))
    expect(await client.next('refused')).toMatchObject({
      batch: 1,
      accepted: 2,
      code: 'permission_denied',
      message: 'only admins write this',
      retryAfterMs: 0,
    })
    expect(await at.store.head({ tenant: 'acme', id: 'plan' })).toMatchObject({ version: 2 })
    const refused = at.asked.find((request) => request.action === 'write' && request.fields.includes('admin'))
    expect(refused).toMatchObject({ door: 'session', document: 'plan', fields: ['admin'], change: { by: 'change' } })
    const { change } = refused as Extract<PolicyRequest, { action: 'write' }>
    expect(change.by === 'change' && [change.header.first, Buffer.compare(change.bytes, bytes[2]!)]).toEqual([3, 0])
    const { json } = await call(at, 'GET', 'docs/plan')
    expect(json.value).toEqual({ title: 'new title' })
    client.socket.close()
  })

  it('a refused first change begins no document, and the next client does', async () => {
    const at = await start()
    at.decide((request) => request.action !== 'write' || request.principal.node !== 'mallory' || 'no')
    const [mallory, anna] = [await follow(at, 'plan', 'mallory'), await follow(at, 'plan')]
    mallory.send(changes(mallory.handle, 1, authored('mallory', 'title')))
    anna.send(changes(anna.handle, 1, authored('anna', 'title')))
    expect(await mallory.next('refused')).toMatchObject({ accepted: 0, code: 'permission_denied' })
    expect(await anna.next('ack')).toMatchObject({ level: 'stored', version: 1 })
    for (const each of [mallory, anna]) each.socket.close()
  })

  it('batches stay in order however long the policy takes, and who is quick does not wait for who is slow', async () => {
    const at = await start()
    const anna = connectClient(at.wsUrl, 'anna')
    const ben = connectClient(at.wsUrl, 'ben')
    const one = anna.follow('plan', schema)
    const mine = await one.opened()
    mine.change((root) => root.title.set('begin'))
    await one.saved()
    const two = ben.follow('plan', schema)
    const theirs = await two.opened()
    let calls = 0
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    at.decide(async ({ principal, action }) => {
      if (action !== 'write' || principal.node === 'ben') return true
      calls += 1
      await held
      // The later ones would overtake.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 30 - calls)))
      return true
    })
    for (let i = 0; i < 30; i += 1) {
      mine.change((root) => root.votes.increment(1))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    theirs.change((root) => root.votes.increment(100))
    await two.saved()
    expect(one.pending).toBe(30)
    release()
    await one.saved()
    expect(one.refusal).toBeUndefined()
    expect((await call(at, 'GET', 'docs/plan')).json.value).toEqual({ title: 'begin', votes: 130 })
    for (const each of [anna, ben]) each.connection.close()
    await until(() => at.service.live.size === 0, 'nobody follows')
  })

  it('what was admitted once is not refused when it comes again', async () => {
    const at = await start()
    const client = await follow(at, 'plan')
    const bytes = authored('anna', 'title')
    client.send(changes(client.handle, 1, bytes))
    await client.next('ack')
    at.decide(refuses('write'))
    client.send(changes(client.handle, 2, bytes))
    expect(await client.next('ack')).toMatchObject({ batch: 2, version: 1 })
    client.socket.close()
  })

  it('a server that stops while the policy thinks stores nothing and says so', async () => {
    const at = await start()
    const client = await follow(at, 'plan')
    let release: (verdict: PolicyVerdict) => void = () => {}
    at.decide(
      () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )
    client.send(changes(client.handle, 1, authored('anna', 'title')))
    await until(() => at.service.live.waiting === 1, 'it thinks')
    const closing = at.server.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    release(true)
    expect(await closing).toBe(true)
    expect(await at.store.head({ tenant: 'acme', id: 'plan' })).toBeUndefined()
  })
})

describe('a policy that fails', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('down'))],
    [
      'rejects',
      () => {
        throw new Error('down')
      },
    ],
    ['does not answer', () => new Promise<PolicyVerdict>(() => {})],
  ] as [string, Policy][])('refuses for now: it %s', async (_, policy) => {
    const at = await start({ serviceLimits: { policyMsMax: 50 } })
    await put(at, 'plan')
    const client = await follow(at, 'new')
    at.decide(policy)
    for (const [method, path] of [
      ['GET', 'docs/plan'],
      ['GET', 'docs'],
      ['DELETE', 'docs/plan'],
    ] as const) {
      expect(await call(at, method, path)).toMatchObject({ status: 503, json: { code: 'POLICY_UNAVAILABLE' } })
    }
    client.send(subscribe('other', 2))
    const refused = await client.next('refused')
    expect(refused).toMatchObject({ handle: 2, code: 'unavailable' })
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    client.send(changes(client.handle, 1, authored('anna', 'title')))
    expect(await client.next('refused')).toMatchObject({ batch: 1, code: 'unavailable' })
    await at.server.review()
    client.send({ kind: 'ping', nonce: 1 })
    await client.next('pong')
    expect(
      client.heard.filter(({ kind }) => kind === 'closed'),
      'who was let in stays',
    ).toEqual([])
    expect(at.warnings).toContain('the policy failed')
    client.socket.close()
  })

  it.each([undefined, false, null, '', 1, {}, { allow: true }])('nothing but true allows: %j', async (verdict) => {
    const at = await start()
    at.decide(() => verdict as unknown as PolicyVerdict)
    expect(await call(at, 'GET', 'docs/plan')).toMatchObject({ status: 403, json: { code: 'PERMISSION_DENIED' } })
  })

  it('a reason of any length fits where it goes', async () => {
    const at = await start()
    at.decide(() => 'x'.repeat(100_000))
    expect((await call(at, 'GET', 'docs/plan')).json.detail).toHaveLength(500)
    const client = await openRaw(at.wsUrl)
    client.send(hello('anna'), subscribe('plan'))
    expect((await client.next('refused')).message.length).toBeLessThanOrEqual(160)
    client.socket.close()
  })
})

it('review ends what is not allowed any more, over every door that stays open, and nothing else', async () => {
  const at = await start()
  await put(at, 'plan')
  await put(at, 'other')
  const client = await openRaw(at.wsUrl)
  client.send(hello('anna'), subscribe('plan', 1), subscribe('other', 2))
  const [{ handle }] = [await client.next('subscribed'), await client.next('subscribed')]
  const [plan, other] = await Promise.all(
    ['plan', 'other'].map((id) => fetch(`${at.server.url}/v1/docs/${id}/events`, { headers })),
  )
  at.decide((request) => request.action !== 'read' || request.document !== 'plan' || 'taken back')
  await at.server.review()
  expect(await client.next('closed')).toMatchObject({ handle, code: 'permission_denied', message: 'taken back' })
  expect(await plan!.text()).toMatch(/event: end\ndata: \{"code":"permission_denied"\}\n\n$/)
  await put(at, 'other', { title: { type: 'lww', value: 'z' } })
  expect(await client.next('update')).toBeDefined()
  expect(at.service.live.size).toBe(1)
  await other!.body!.cancel()
  client.socket.close()
})
