/** Sending, failing and deciding, against a scripted server and a clock that the test moves. */
import { afterEach, describe, expect, test } from 'vitest'
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  memoryQueue,
  memoryQueueMedium,
} from '../src/http.ts'
import { type FakeHost, fakeHost, settle } from './support/fake-host.ts'
import { type Asked, type FakeServer, fakeServer, problem, stateOf } from './support/fake-server.ts'

const clients: HttpClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
})

interface Scene {
  readonly client: HttpClient
  readonly server: FakeServer
  readonly host: FakeHost
}

async function scene(options: Partial<HttpClientOptions> = {}): Promise<Scene> {
  const server = fakeServer()
  const host = (options.host as FakeHost | undefined) ?? fakeHost()
  const client = await open({ fetch: server.fetch, host, ...options })
  return { client, server, host }
}

async function open(options: Partial<HttpClientOptions>): Promise<HttpClient> {
  const client = await createHttpClient({ url: 'http://server/', tenant: 'home', nodeId: 'phone', ...options })
  clients.push(client)
  return client
}

const add = (elem: string) => ({ type: 'add', elem })
const seqOf = ({ key }: Asked): number => Number(key?.split(':')[1])

describe('sending', () => {
  test('a push is shown at once, durable when it resolves, and saved when the server says so', async () => {
    const { client, server } = await scene()
    server.next.push(({ path }) => ({ status: 200, body: stateOf(path, { version: 4, snapshot: ['milk', 'bread'] }) }))
    const pushing = client.pushOps('s', 'orset', [add('milk')])
    expect(client.view('s')).toEqual({ id: 's', type: 'orset', value: ['milk'], version: 0, pending: 1 })
    const pushed = await pushing
    expect(await pushed.saved()).toEqual({ id: 's', type: 'orset', version: 4, incarnation: 'i1', storeId: 's1' })
    expect(client.view('s')).toEqual({ id: 's', type: 'orset', value: ['milk', 'bread'], version: 4, pending: 0 })
    expect(client.status).toEqual({ pending: 0, refused: 0, online: true, lastError: undefined })
  })

  test('requests carry tenant, node, API key and a key of the growing sequence', async () => {
    const { client, server, host } = await scene({ nodeId: 'Büro', apiKey: 'secret' })
    await (await client.pushOps('a b/c', 'orset', [add('milk'), add('tea')])).saved()
    await (await client.put('p', 'lww', 1)).saved()
    await (await client.remove('p')).saved()
    const [first, second, third] = server.asked
    expect(first?.path).toBe('/v1/docs/a%20b%2Fc/ops')
    expect(first?.headers).toMatchObject({ 'X-Tenant-ID': 'home', 'X-API-Key': 'secret' })
    expect(Buffer.from(first?.headers['X-Node-ID'] ?? '', 'latin1').toString()).toBe('Büro')
    expect([seqOf(first!), seqOf(second!), seqOf(third!)]).toEqual([host.time + 1, host.time + 2, host.time + 3])
    expect(server.asked.map(({ method }) => method)).toEqual(['POST', 'PUT', 'DELETE'])
  })

  test('what is pushed for one document in a row shares a request; order over documents is kept', async () => {
    const { client, server } = await scene({ autoSend: false })
    for (const id of ['a', 'a', 'b', 'a']) await client.pushOps(id, 'orset', [add(`${id}!`)])
    await client.flush()
    expect(server.asked.map(({ path, body }) => [path, (body.ops as unknown[]).length])).toEqual([
      ['/v1/docs/a/ops', 2],
      ['/v1/docs/b/ops', 1],
      ['/v1/docs/a/ops', 1],
    ])
    expect(server.asked.map(seqOf)).toEqual([...server.asked.map(seqOf)].sort())
  })

  test('a large push is cut into requests of the size that the server takes', async () => {
    const { client, server } = await scene({ autoSend: false, limits: { requestOpsMax: 4 } })
    const pushed = await client.pushOps(
      's',
      'gset',
      Array.from({ length: 10 }, (_, i) => add(`e${i}`)),
    )
    await client.flush()
    expect(server.asked.map(({ body }) => (body.ops as unknown[]).length)).toEqual([4, 4, 2])
    await pushed.saved()
  })

  test('with autoSend off nothing is sent until flush', async () => {
    const { client, server } = await scene({ autoSend: false })
    await client.pushOps('s', 'orset', [add('milk')])
    await settle()
    expect(server.asked).toEqual([])
    expect((await client.flush()).pending).toBe(0)
  })
})

describe('failing', () => {
  test('it tries again after a random part of a doubling time, without end', async () => {
    const { client, server, host } = await scene({ limits: { backoffMsMin: 100, backoffMsMax: 1000 } })
    host.fraction = 0.999
    server.otherwise = () => 'drop'
    await client.pushOps('s', 'orset', [add('milk')])
    const waits: number[] = []
    for (let i = 0; i < 6; i += 1) {
      await settle()
      const [wait] = host.timers()
      waits.push(wait!)
      await host.advance(wait!)
    }
    expect(waits).toEqual([99, 199, 399, 799, 999, 999])
    expect(client.status).toMatchObject({ pending: 1, online: false, lastError: { code: 'CLIENT_OFFLINE' } })
    host.fraction = 0
    await settle()
    expect(new Set(server.asked.map(({ key, text }) => `${key} ${text}`)).size).toBe(1)
  })

  test('Retry-After is obeyed, in seconds or as a date, up to a bound', async () => {
    const { client, server, host } = await scene({ limits: { retryAfterMsMax: 60_000 } })
    host.fraction = 0
    const busy = (header: string) => ({ ...problem(503, 'OVERLOADED'), headers: { 'Retry-After': header } })
    server.next.push(busy('7'), busy(new Date(host.time + 7000 + 20_000).toUTCString()), busy('86400'))
    await client.pushOps('s', 'orset', [add('milk')])
    await settle()
    expect(host.timers()).toEqual([7000])
    expect(client.status).toMatchObject({ online: true, lastError: { problem: { code: 'OVERLOADED' } } })
    await host.advance(7000)
    expect(host.timers()).toEqual([20_000])
    await host.advance(20_000)
    expect(host.timers()).toEqual([60_000])
    await host.advance(60_000)
    expect(client.status.pending).toBe(0)
  })

  test('flush tries at once although a wait is under way', async () => {
    const { client, server, host } = await scene()
    server.next.push('drop')
    await client.pushOps('s', 'orset', [add('milk')])
    await settle()
    expect(host.timers()).toHaveLength(1)
    expect(await client.flush()).toMatchObject({ pending: 0, lastError: undefined })
    expect(host.timers()).toEqual([])
  })

  test('an answer that does not come is given up after the time limit', async () => {
    const { client, server, host } = await scene({ limits: { requestTimeoutMs: 5000 } })
    server.next.push('hang')
    await client.pushOps('s', 'orset', [add('milk')])
    await host.advance(4999)
    expect(client.status.lastError).toBeUndefined()
    await host.advance(1)
    expect(client.status.lastError?.message).toBe('the server did not answer in time')
    await host.advance(1000)
    expect(client.status.pending).toBe(0)
  })

  test.each([
    ['a page of a captive portal', { status: 200, body: '<html>Welcome</html>' }],
    ['JSON of another server', { status: 200, body: { ok: true } }],
    ['a 404 of a proxy', { status: 404, body: 'not found' }],
    ['a wrong key', problem(401, 'UNAUTHENTICATED')],
    ['a url that leads elsewhere', problem(404, 'ROUTE_UNKNOWN')],
    ['too many requests', problem(429, 'SLOW_DOWN')],
  ])('%s is no refusal: the request stays in line', async (_, answer) => {
    const { client, server } = await scene()
    server.next.push(answer)
    await client.pushOps('s', 'orset', [add('milk')])
    await settle()
    expect(client.status).toMatchObject({ pending: 1, refused: 0 })
    expect(client.status.lastError).toBeDefined()
    expect(await client.flush()).toMatchObject({ pending: 0, lastError: undefined })
  })

  test('reads give up after a few attempts', async () => {
    const { client, server, host } = await scene({ limits: { readAttemptsMax: 3 } })
    server.otherwise = () => 'drop'
    const reading = client.get('s')
    const failed = expect(reading).rejects.toMatchObject({ code: 'CLIENT_OFFLINE' })
    await host.advance(10_000)
    await failed
    expect(server.asked).toHaveLength(3)
  })
})

describe('refusals', () => {
  test('the refused request leaves the line with its problem, the others go on', async () => {
    const { client, server } = await scene({ autoSend: false })
    const pushes = []
    for (const elem of ['a', 'bad', 'c']) pushes.push(await client.pushOps('s', 'orset', [add(elem)]))
    const plain = server.otherwise
    server.otherwise = (asked) => (asked.text?.includes('bad') ? problem(422, 'VALUE_INVALID') : plain(asked))
    await client.flush()
    await expect(pushes[1]!.saved()).rejects.toMatchObject({
      code: 'CLIENT_REFUSED',
      problem: { code: 'VALUE_INVALID' },
    })
    await Promise.all([pushes[0]!.saved(), pushes[2]!.saved()])
    expect(client.refused.list()).toMatchObject([
      { handle: pushes[1]!.handle, id: 's', kind: 'ops', type: 'orset', ops: [add('bad')], problem: { status: 422 } },
    ])
    expect(server.asked.slice(1).map(seqOf)).toEqual([...server.asked.slice(1).map(seqOf)].sort())
    expect(JSON.parse(client.refused.export())).toHaveLength(1)
  })

  test('a refused request survives a restart, can be retried, and discarded', async () => {
    const medium = memoryQueueMedium()
    const { client, server, host } = await scene({ autoSend: false, queue: memoryQueue(medium) })
    server.next.push(problem(409, 'PRECONDITION_FAILED'))
    await client.pushOps('s', 'orset', [add('milk')])
    await client.flush()
    await client.close()
    const later = await open({ fetch: server.fetch, host, autoSend: false, queue: memoryQueue(medium) })
    const [refused] = later.refused.list()
    const again = await later.refused.retry(refused!.handle)
    expect(later.status).toMatchObject({ pending: 1, refused: 0 })
    server.next.push(problem(409, 'PRECONDITION_FAILED'))
    await later.flush()
    expect(seqOf(server.ask(1))).toBeGreaterThan(seqOf(server.ask(0)))
    await later.refused.discard(again.handle)
    await expect(later.refused.discard(again.handle)).rejects.toMatchObject({ code: 'CLIENT_NOT_REFUSED' })
    expect(later.status).toMatchObject({ pending: 0, refused: 0 })
  })

  test('reads report what the server refused', async () => {
    const { client, server } = await scene()
    server.next.push(problem(404, 'NOT_FOUND'))
    await expect(client.get('s')).rejects.toMatchObject({ code: 'CLIENT_REFUSED', problem: { code: 'NOT_FOUND' } })
    await (await client.pushOps('s', 'orset', [add('milk')])).saved()
    server.next.push(problem(410, 'GONE'))
    await expect(client.get('s')).rejects.toMatchObject({ advice: 'do' })
    expect(client.view('s')).toBeUndefined()
  })

  test('a wrong clock is corrected by the server and the writes are stamped again, in order', async () => {
    const { client, server, host } = await scene({ autoSend: false })
    const right = host.time
    host.time += 3_600_000
    await client.pushOps('r', 'lww', [{ set: 1 }])
    await client.pushOps('r', 'lww', [{ set: 2 }])
    server.next.push(problem(422, 'CLOCK_SKEW', { serverTime: new Date(right).toISOString() }))
    await client.flush()
    const [before, after] = server.asked.map(({ body }) =>
      (body.ops as { ts_unix_ns: string }[]).map((op) => op.ts_unix_ns),
    )
    expect(BigInt(before![0]!)).toBe(BigInt(right + 3_600_000) * 1_000_000n)
    expect(BigInt(after![1]!) <= BigInt(right) * 1_000_000n).toBe(true)
    expect(BigInt(after![0]!) <= BigInt(after![1]!)).toBe(true)
    expect(server.ask(1).key).toBe(server.ask(0).key)
    await client.pushOps('r', 'lww', [{ set: 3 }])
    await client.flush()
    const [third] = server.ask(2).body.ops as { ts_unix_ns: string }[]
    expect(BigInt(third!.ts_unix_ns) - BigInt(right) * 1_000_000n < 1_000_000_000n).toBe(true)
  })

  test('a time that the application itself gave is refused when it is too far ahead', async () => {
    const { client, server, host } = await scene({ autoSend: false })
    server.otherwise = () => problem(422, 'CLOCK_SKEW', { serverTime: new Date(host.time).toISOString() })
    await client.pushOps('r', 'lww', [{ set: 1, ts_unix_ns: '9000000000000000000' }])
    await client.flush()
    expect(client.refused.list()).toMatchObject([{ problem: { code: 'CLOCK_SKEW' } }])
    expect(server.asked).toHaveLength(2)
  })

  test('a sequence that the server has seen further of goes on behind it', async () => {
    const { client, server, host } = await scene({ autoSend: false })
    server.next.push(problem(409, 'IDEMPOTENCY_STALE', { highest: host.time + 5000 }))
    await client.pushOps('s', 'orset', [add('milk')])
    await client.flush()
    expect(server.asked.map(seqOf)).toEqual([host.time, host.time + 5001])
    await client.pushOps('s', 'orset', [add('tea')])
    await client.flush()
    expect(seqOf(server.ask(2))).toBe(host.time + 5002)
  })

  test('a request that was perhaps stored is not sent under another number unasked', async () => {
    const { client, server } = await scene({ autoSend: false })
    server.next.push('drop', problem(409, 'IDEMPOTENCY_STALE', { highest: 9_999_999_999_999 }))
    await client.pushOps('s', 'orset', [add('milk')])
    await client.pushOps('s', 'orset', [add('tea')])
    await client.flush()
    await client.flush()
    expect(client.refused.list().map(({ problem: { code } }) => code)).toEqual([
      'IDEMPOTENCY_STALE',
      'IDEMPOTENCY_STALE',
    ])
    expect(server.asked).toHaveLength(2)
  })
})

describe('restarting', () => {
  test('what was sent without an answer is sent again with the same key and body, and nothing is added to it', async () => {
    const medium = memoryQueueMedium()
    const { client, server, host } = await scene({ autoSend: false, queue: memoryQueue(medium) })
    server.next.push('drop')
    await client.pushOps('s', 'orset', [add('milk')])
    await client.flush()
    await client.pushOps('s', 'orset', [add('tea')])
    await client.close()
    const later = await open({ fetch: server.fetch, host, queue: memoryQueue(medium) })
    await later.saved()
    expect(server.asked.map(({ key, text }) => [key, text])).toEqual([
      [server.ask(0).key, server.ask(0).text],
      [server.ask(0).key, server.ask(0).text],
      [expect.any(String), expect.stringContaining('tea')],
    ])
  })

  test('numbers go on after a restart with an empty queue', async () => {
    const medium = memoryQueueMedium()
    const { client, server, host } = await scene({ queue: memoryQueue(medium) })
    await (await client.pushOps('s', 'orset', [add('milk')])).saved()
    await client.close()
    host.time -= 1_000_000
    const later = await open({ fetch: server.fetch, host, queue: memoryQueue(medium) })
    expect(later.view('s')).toMatchObject({ version: 1, pending: 0 })
    await (await later.pushOps('s', 'orset', [add('tea')])).saved()
    expect(seqOf(server.ask(1))).toBe(seqOf(server.ask(0)) + 1)
  })

  test('a queue opens for its own node and tenant only', async () => {
    const medium = memoryQueueMedium()
    const { client } = await scene({ queue: memoryQueue(medium) })
    await client.pushOps('s', 'orset', [add('milk')])
    expect(() => memoryQueue(medium)).toThrow(expect.objectContaining({ code: 'CLIENT_QUEUE_LOCKED' }))
    await client.close()
    await expect(open({ nodeId: 'laptop', queue: memoryQueue(medium) })).rejects.toMatchObject({
      code: 'CLIENT_QUEUE_FOREIGN',
    })
    await expect(open({ tenant: 'work', queue: memoryQueue(medium) })).rejects.toMatchObject({
      code: 'CLIENT_QUEUE_FOREIGN',
    })
    // A refused open has let go of the queue.
    expect((await open({ queue: memoryQueue(medium), autoSend: false })).status.pending).toBe(1)
  })

  test('closing ends requests and timers, and says so to whoever waits', async () => {
    const { client, server, host } = await scene()
    server.next.push('hang')
    const pushed = await client.pushOps('s', 'orset', [add('milk')])
    await settle()
    expect(host.timers()).toHaveLength(1)
    const waiting = expect(pushed.saved()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    await client.close()
    await client.close()
    await waiting
    expect(host.timers()).toEqual([])
    await expect(client.pushOps('s', 'orset', [add('tea')])).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    await expect(client.get('s')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
  })

  test('closing while waiting for the server leaves no timer', async () => {
    const { client, server, host } = await scene()
    server.otherwise = () => 'drop'
    await client.pushOps('s', 'orset', [add('milk')])
    await settle()
    expect(host.timers()).toHaveLength(1)
    const reading = expect(client.get('s')).rejects.toMatchObject({ name: 'ClientError' })
    await settle()
    await client.close()
    await reading
    expect(host.timers()).toEqual([])
  })
})

describe('starting over', () => {
  const reset = (code: string, members: Record<string, unknown>) => (asked: Asked) =>
    problem(409, code, { ...stateOf(asked.path, members), value: undefined, type: `urn:joinery:error:${code}` })

  test('SINCE_COMPACTED: operations that name elements are sent again on the version of the answer', async () => {
    const { client, server } = await scene({ autoSend: false })
    const ids = ['1@a~AAAAAAAAAAAAAAAA', '2@a~AAAAAAAAAAAAAAAA']
    const text = (version: number) => ({ type: 'text', version, value: 'ab', snapshot: 'ab', ids })
    server.next.push(({ path }) => ({ status: 200, body: stateOf(path, text(3)) }))
    await client.get('t')
    await client.pushOps('t', 'text', [{ type: 'insert', index: 1, text: 'X' }])
    await client.pushOps('t', 'text', [{ type: 'insert', index: 0, text: 'Y' }])
    await client.pushOps('t', 'text', [{ type: 'insert', index: 1, text: 'Z' }])
    expect(client.view('t')?.value).toBe('YZaXb')
    server.next.push(reset('SINCE_COMPACTED', text(9)))
    await client.flush()
    const [, refused, again] = server.asked
    expect(refused?.body).toMatchObject({
      since: 3,
      ops: [
        { after: ids[0], text: 'X' },
        { after: null, text: 'YZ' },
      ],
    })
    expect(again?.body).toMatchObject({ since: 9, storeId: 's1', incarnation: 'i1', ops: refused?.body.ops })
    expect(again?.key).toBe(refused?.key)
    expect(client.refused.list()).toEqual([])
  })

  test('positions that could not be translated mean nothing there and are set aside', async () => {
    const { client, server } = await scene({ autoSend: false })
    const shape = (version: number) => ({ type: 'doc', version, value: { t: 'ab' }, snapshot: { t: 'ab' } })
    server.next.push(({ path }) => ({ status: 200, body: stateOf(path, shape(3)) }))
    await client.get('d')
    await client.pushOps('d', 'doc', [{ path: ['t'], of: 'text', type: 'insert', index: 1, text: 'X' }])
    await client.pushOps('d', 'doc', [{ path: ['m', 'k'], of: ['ormap', 'lww'], set: 1 }])
    expect(client.view('d')?.value).toEqual({ t: 'aXb', m: { k: 1 } })
    server.next.push(reset('STORE_MISMATCH', { ...shape(5), storeId: 's2' }))
    await client.flush()
    expect(client.refused.list()).toMatchObject([{ ops: [{ index: 1 }], problem: { code: 'STORE_MISMATCH' } }])
    expect(server.ask(-1).body).toMatchObject({ since: 5, storeId: 's2', ops: [{ set: 1 }] })
  })

  test('a store that is behind is believed', async () => {
    const { client, server } = await scene({ autoSend: false })
    server.next.push(({ path }) => ({ status: 200, body: stateOf(path, { version: 30, value: ['a'] }) }))
    await client.get('s')
    await client.pushOps('s', 'orset', [add('milk')])
    server.next.push(reset('SINCE_UNKNOWN', { version: 12, snapshot: ['b'] }))
    server.next.push('drop')
    await client.flush()
    expect(server.ask(-1).body.since).toBe(12)
    expect(client.view('s')).toMatchObject({ version: 12, value: ['b', 'milk'] })
  })

  test('a server that never accepts a base does not keep the client busy for ever', async () => {
    const { client, server } = await scene({ autoSend: false, limits: { reissuesMax: 3 } })
    server.next.push(({ path }) => ({ status: 200, body: stateOf(path, { version: 3 }) }))
    await client.get('s')
    await client.pushOps('s', 'orset', [add('milk')])
    server.otherwise = reset('STORE_MISMATCH', { version: 5 })
    await client.flush()
    expect(client.refused.list()).toMatchObject([{ problem: { code: 'STORE_MISMATCH' } }])
  })
})

describe('bounds and arguments', () => {
  test('at its bound the queue refuses, and refused requests count', async () => {
    const { client, server } = await scene({ autoSend: false, limits: { queuedOpsMax: 3 } })
    await client.pushOps('s', 'orset', [add('a'), add('b')])
    await expect(client.pushOps('s', 'orset', [add('c'), add('d')])).rejects.toMatchObject({
      code: 'CLIENT_QUEUE_FULL',
    })
    expect(client.view('s')?.value).toEqual(['a', 'b'])
    await client.pushOps('s', 'orset', [add('c')])
    await expect(client.put('p', 'lww', 1)).rejects.toMatchObject({ code: 'CLIENT_QUEUE_FULL' })
    server.otherwise = () => problem(422, 'VALUE_INVALID')
    await client.flush()
    expect(client.status).toMatchObject({ pending: 0, refused: 2 })
    await expect(client.pushOps('s', 'orset', [add('e')])).rejects.toMatchObject({ code: 'CLIENT_QUEUE_FULL' })
    // Retrying needs no room of its own.
    await client.refused.retry(client.refused.list()[0]!.handle)
    await client.refused.discard(client.refused.list()[0]!.handle)
    await client.put('p', 'lww', 1)
  })

  test('bytes are bounded, too', async () => {
    const { client } = await scene({ autoSend: false, limits: { queuedBytesMax: 1000 } })
    await expect(client.put('p', 'lww', 'x'.repeat(1000))).rejects.toMatchObject({ code: 'CLIENT_QUEUE_FULL' })
  })

  test.each([
    ['lww', { set: Number.NaN }],
    ['orset', { type: 'add' }],
    ['orset', { type: 'ad', elem: 1 }],
    ['gset', { type: 'remove', elem: 1 }],
    ['pncounter', { type: 'increment', by: 1.5 }],
    ['ormap', { type: 'set', key: 'k' }],
    ['ormap', { type: 'update', key: 'k', of: 'sets', op: {} }],
    ['text', { type: 'insert', index: 0, values: ['a'] }],
    ['text', { type: 'insert', index: -1, text: 'a' }],
    ['rga', { type: 'push', values: [1] }],
    ['doc', { set: 1 }],
    ['doc', { path: ['f'], of: 'orset', type: 'ad', elem: 1 }],
  ] as const)('%s refuses %j before it is queued', async (type, op) => {
    const { client } = await scene({ autoSend: false })
    await expect(client.pushOps('d', type, [op])).rejects.toMatchObject({ code: 'CLIENT_OP_INVALID' })
    expect(client.status.pending).toBe(0)
    expect(client.view('d')).toBeUndefined()
  })

  test('other arguments are checked as well', async () => {
    const { client } = await scene({ autoSend: false })
    await expect(client.pushOps('', 'orset', [add('a')])).rejects.toMatchObject({ code: 'CLIENT_ARGUMENT' })
    await expect(client.pushOps('s', 'orset', [])).rejects.toMatchObject({ code: 'CLIENT_ARGUMENT' })
    await expect(client.pushOps('s', 'set' as 'orset', [add('a')])).rejects.toMatchObject({ code: 'CLIENT_ARGUMENT' })
    await expect(client.put('s', 'gcounter', 'many')).rejects.toMatchObject({ code: 'CLIENT_ARGUMENT' })
    await client.put('s', 'gcounter', 1)
    await expect(client.pushOps('s', 'orset', [add('a')])).rejects.toMatchObject({ code: 'CLIENT_OP_INVALID' })
    for (const options of [
      { url: 'server' },
      { nodeId: '' },
      { nodeId: ' a' },
      { tenant: 'x'.repeat(129) },
      { tenant: 'a\nb' },
    ]) {
      await expect(open(options)).rejects.toMatchObject({ code: 'CLIENT_ARGUMENT' })
    }
  })

  test('values of documents not used for long are forgotten, unless something is queued for them', async () => {
    const { client } = await scene({ autoSend: false, limits: { documentsMax: 2 } })
    await client.get('a')
    await client.pushOps('a', 'orset', [add('x')])
    for (const id of ['b', 'c', 'd']) await client.get(id)
    expect(['a', 'b', 'c', 'd'].map((id) => client.view(id)?.version ?? 0)).toEqual([1, 0, 0, 4])
  })

  test('subscribers hear of pushes, answers and failures until they leave', async () => {
    const { client, server } = await scene()
    const heard: string[] = []
    const leave = client.subscribe(() => heard.push(`${client.status.pending} ${client.status.online}`))
    server.next.push('drop')
    await client.pushOps('s', 'orset', [add('milk')])
    await settle()
    await client.flush()
    expect(heard[0]).toBe('1 undefined')
    expect(heard).toContain('1 false')
    expect(heard.at(-1)).toBe('0 true')
    leave()
    const before = heard.length
    await client.pushOps('s', 'orset', [add('tea')])
    expect(heard).toHaveLength(before)
  })
})
