/** Clients against a real server process, over lines that are cut and answers that are lost. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { fileQueue } from '../src/file-queue.ts'
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  memoryQueue,
  memoryQueueMedium,
} from '../src/http.ts'
import { everyType, randomOperation } from './support/operations.ts'
import { type CuttableLine, startProxy } from './support/proxy.ts'
import { type Random, seeded } from './support/random.ts'
import { type ServerProcess, startServer } from './support/server-process.ts'

const ends: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const soak = process.env.JOINERY_SOAK !== undefined
let shared: ServerProcess
let tenants = 0

beforeAll(async () => {
  shared = await startServer()
})

afterAll(() => shared.stop())

/** A tenant of its own on the server that all share. */
function newTenant(): string {
  tenants += 1
  return `home-${tenants}`
}

async function ownServer(): Promise<ServerProcess> {
  const server = await startServer()
  ends.push(() => server.stop())
  return server
}

async function proxyOf(server: ServerProcess): Promise<CuttableLine> {
  const proxy = await startProxy(server.port)
  ends.push(() => proxy.close())
  return proxy
}

async function clientOf(
  url: string,
  nodeId: string,
  options: Partial<HttpClientOptions> & Pick<HttpClientOptions, 'tenant'>,
): Promise<HttpClient> {
  const limits = { backoffMsMin: 5, backoffMsMax: 50, ...options.limits }
  const client = await createHttpClient({ url, nodeId, ...options, limits })
  ends.push(() => client.close())
  return client
}

function directoryOf(): string {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-client-'))
  ends.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Pushes random operations made from the view. */
async function edit(
  client: HttpClient,
  id: string,
  type: (typeof everyType)[number],
  random: Random,
  count: number,
): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await client.pushOps(id, type, [randomOperation(type, client.view(id)?.value, random)])
  }
}

describe.each(everyType)('%s', (type) => {
  test.each(soak ? Array.from({ length: 50 }, (_, i) => i + 1) : [1])(
    'two clients that edited offline end equal, seed %i',
    async (seed) => {
      const random = seeded(seed)
      const tenant = newTenant()
      const lines = [await proxyOf(shared), await proxyOf(shared)]
      const [a, b] = [await clientOf(lines[0]!.url, 'a', { tenant }), await clientOf(lines[1]!.url, 'b', { tenant })]
      await edit(a, 'd', type, random, 5)
      await a.saved()
      await b.pull('d')
      for (let round = 0; round < 3; round += 1) {
        for (const line of lines) line.cut()
        await edit(a, 'd', type, random, 6)
        await edit(b, 'd', type, random, 6)
        for (const line of random.below(2) === 0 ? lines : [...lines].reverse()) line.restore()
        await edit(a, 'd', type, random, 3)
        await edit(b, 'd', type, random, 3)
        await Promise.all([a.saved(), b.saved()])
        const [atA, atB] = [await a.pull('d'), await b.pull('d')]
        expect(atA.value).toEqual(atB.value)
        expect(a.view('d')?.value).toEqual(atA.value)
        expect(b.view('d')?.value).toEqual(atA.value)
      }
      expect(a.refused.list()).toEqual([])
      expect(b.refused.list()).toEqual([])
    },
  )
})

test('a lone client ends with what it saw, whatever was lost on the way', async () => {
  const tenant = newTenant()
  const proxy = await proxyOf(shared)
  const random = seeded(7)
  const client = await clientOf(proxy.url, 'a', { tenant })
  for (const type of everyType) {
    for (let i = 0; i < 20; i += 1) {
      if (random.below(4) === 0) proxy.loseAnswers(1)
      await client.pushOps(`of-${type}`, type, [randomOperation(type, client.view(`of-${type}`)?.value, random)])
      if (random.below(3) === 0) await client.flush()
    }
    const shown = client.view(`of-${type}`)?.value
    proxy.loseAnswers(0)
    await client.saved()
    const { value } = await client.get(`of-${type}`)
    if (Array.isArray(value) && type !== 'rga') {
      const sorted = (list: unknown): string[] => (list as unknown[]).map((one) => JSON.stringify(one)).sort()
      expect([type, sorted(shown)]).toEqual([type, sorted(value)])
    } else expect([type, shown]).toEqual([type, value])
  }
  expect(proxy.lost).toBeGreaterThan(10)
  expect(client.refused.list()).toEqual([])
})

test('answers lost after the server committed are not applied twice', async () => {
  const tenant = newTenant()
  const proxy = await proxyOf(shared)
  const client = await clientOf(proxy.url, 'a', { tenant })
  for (let i = 0; i < 20; i += 1) {
    proxy.loseAnswers(1)
    const pushed = await client.pushOps('n', 'gcounter', [{ type: 'increment' }])
    expect((await pushed.saved()).version).toBe(i + 1)
  }
  expect(proxy.lost).toBe(20)
  expect((await client.get('n')).value).toBe(20)
})

test('a restarted client shows its data offline and delivers each edit once', async () => {
  const tenant = newTenant()
  const proxy = await proxyOf(shared)
  const directory = directoryOf()
  const first = await clientOf(proxy.url, 'a', { tenant, queue: fileQueue({ directory }) })
  await first.pushOps('t', 'text', [{ type: 'insert', index: 0, text: 'shopping' }])
  await first.saved()
  proxy.cut()
  await first.pushOps('t', 'text', [{ type: 'insert', index: 8, text: ' list' }])
  await first.pushOps('t', 'text', [{ type: 'insert', index: 13, text: '!' }])
  await first.close()
  const second = await clientOf(proxy.url, 'a', { tenant, queue: fileQueue({ directory }) })
  expect(second.view('t')).toMatchObject({ value: 'shopping list!', pending: 2 })
  await second.pushOps('t', 'text', [{ type: 'delete', index: 0, count: 1 }])
  await second.pushOps('t', 'text', [{ type: 'insert', index: 0, text: 'S' }])
  proxy.restore()
  await second.saved()
  expect((await second.get('t')).value).toBe('Shopping list!')
  expect(second.status.pending).toBe(0)
})

test('500 edits made offline survive a restart and arrive once', async () => {
  const tenant = newTenant()
  const proxy = await proxyOf(shared)
  const medium = memoryQueueMedium()
  proxy.cut()
  const first = await clientOf(proxy.url, 'a', { tenant, queue: memoryQueue(medium) })
  for (let i = 0; i < 500; i += 1) await first.pushOps('n', 'pncounter', [{ type: 'increment' }])
  await first.close()
  const second = await clientOf(proxy.url, 'a', { tenant, queue: memoryQueue(medium) })
  expect(second.view('n')).toMatchObject({ value: 500, pending: 500 })
  proxy.restore()
  await second.saved()
  expect((await second.get('n')).value).toBe(500)
})

test('a server that is killed and started again loses nothing and doubles nothing', async () => {
  const tenant = newTenant()
  const directory = directoryOf()
  const store = `sqlite:${join(directory, 'server.sqlite')}`
  let server = await startServer(store)
  ends.push(() => server.stop())
  const proxy = await proxyOf(server)
  const client = await clientOf(proxy.url, 'a', { tenant })
  for (let round = 0; round < 5; round += 1) {
    for (let i = 0; i < 10; i += 1) {
      await client.pushOps('n', 'gcounter', [{ type: 'increment' }])
      if (i === 4) await server.kill()
    }
    server = await startServer(store)
    proxy.redirect(server.port)
    await client.saved()
  }
  expect((await client.get('n')).value).toBe(50)
})

test('a server whose store was replaced gets what names elements, the rest is set aside', async () => {
  const tenant = newTenant()
  const first = await ownServer()
  const proxy = await proxyOf(first)
  const client = await clientOf(proxy.url, 'a', { tenant, limits: { readAttemptsMax: 1 } })
  const other = await ownServer()
  const stranger = await clientOf(other.url, 'b', { tenant })
  await stranger.put('s', 'orset', ['old'])
  await stranger.put('t', 'text', 'elsewhere')
  await stranger.saved()
  await client.put('s', 'orset', ['milk'])
  await client.put('t', 'text', 'hello')
  await client.saved()
  await client.pull('t')
  proxy.cut()
  await client.pushOps('s', 'orset', [{ type: 'add', elem: 'bread' }])
  await client.pushOps('t', 'text', [{ type: 'insert', index: 5, text: '!' }])
  proxy.redirect(other.port)
  proxy.restore()
  await client.flush()
  await client.saved('s')
  expect((await client.get('s')).value).toEqual(expect.arrayContaining(['old', 'bread']))
  expect(client.refused.list().map(({ problem }) => problem.code)).toEqual(['POSITION_INVALID'])
  expect(client.view('t')?.value).toBe('elsewhere')
})

test('edits for a deleted document are set aside and can be made on the next one', async () => {
  const tenant = newTenant()
  const proxy = await proxyOf(shared)
  const a = await clientOf(proxy.url, 'a', { tenant })
  const b = await clientOf(shared.url, 'b', { tenant })
  await a.put('s', 'orset', ['milk'])
  await a.saved()
  proxy.cut()
  await a.pushOps('s', 'orset', [{ type: 'add', elem: 'bread' }])
  await b.remove('s')
  await b.put('s', 'orset', ['new'])
  await b.saved()
  proxy.restore()
  await expect(a.saved()).rejects.toMatchObject({ code: 'CLIENT_REFUSED', problem: { code: 'INCARNATION_MISMATCH' } })
  expect(a.view('s')?.value).toEqual(['new'])
  const again = await a.refused.retry(a.refused.list()[0]!.handle)
  await again.saved()
  expect((await b.get('s')).value).toEqual(expect.arrayContaining(['new', 'bread']))
  expect(a.refused.list()).toEqual([])
})

test('a removal spares what others added meanwhile, and takes what the same client had added', async () => {
  const tenant = newTenant()
  const proxy = await proxyOf(shared)
  const a = await clientOf(proxy.url, 'a', { tenant })
  const b = await clientOf(shared.url, 'b', { tenant })
  await a.put('s', 'orset', ['milk'])
  await a.saved()
  proxy.cut()
  await a.pushOps('s', 'orset', [{ type: 'remove', elem: 'milk' }])
  await a.pushOps('s', 'orset', [{ type: 'add', elem: 'tea' }])
  await a.pushOps('s', 'orset', [{ type: 'remove', elem: 'tea' }])
  await b.pushOps('s', 'orset', [{ type: 'add', elem: 'milk' }])
  await b.saved()
  proxy.restore()
  await a.saved()
  expect((await a.get('s')).value).toEqual(['milk'])
})

test('pull tells what others did, once', async () => {
  const tenant = newTenant()
  const a = await clientOf(shared.url, 'a', { tenant })
  const b = await clientOf(shared.url, 'b', { tenant })
  await a.pushOps('s', 'orset', [{ type: 'add', elem: 'milk' }])
  await a.saved()
  await b.pull('s')
  await a.pushOps('s', 'orset', [{ type: 'add', elem: 'bread' }])
  await a.saved()
  await b.pushOps('s', 'orset', [{ type: 'add', elem: 'tea' }])
  const news = await b.pull('s')
  expect(news).toMatchObject({ version: 3, truncated: false, ops: [{ version: 2, node: 'a', op: { elem: 'bread' } }] })
  expect(news.view).toEqual(news.value)
  expect(await b.pull('s')).toMatchObject({ ops: [], truncated: false })
  expect((await b.log('s', { since: 1, limit: 1 })).next).toBe(2)
  expect((await b.list({ prefix: 's' })).documents).toMatchObject([{ id: 's', type: 'orset' }])
})
