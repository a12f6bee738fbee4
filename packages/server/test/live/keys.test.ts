/** Keys that are created and revoked while clients are there: over every door that stays open, here and in other processes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresStore } from '@joinery/storage/postgres'
import { type PostgresServer, startPostgres } from '@joinery/storage/testing/postgres'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectControl, serveControl } from '../../src/index.ts'
import { startServer, type TestServer, until } from './harness.ts'
import { hello, openRaw, type RawClient, subscribe } from './raw-client.ts'

const running: TestServer[] = []
afterEach(async () => {
  for (const { server, store } of running.splice(0)) {
    await server.close()
    await store.close()
  }
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

const headersOf = (key?: string) => ({
  'X-Tenant-ID': 'acme',
  'X-Node-ID': 'curl',
  'Content-Type': 'application/json',
  ...(key !== undefined && { 'X-API-Key': key }),
})

let visitors = 0

/** One who follows a document, stays in a stream, and waits in a poll. */
interface Visitor {
  readonly socket: RawClient
  readonly stream: Promise<string>
  readonly poll: Promise<Response>
}

async function visit({ server, wsUrl }: TestServer, key?: string): Promise<Visitor> {
  const socket = await openRaw(wsUrl)
  socket.send({ ...hello('n'), credential: key ?? '' } as ReturnType<typeof hello>, subscribe('plan'))
  await socket.next('subscribed')
  visitors += 1
  const url = `${server.url}/v1/docs/n${visitors}`
  const headers = headersOf(key)
  await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ type: 'lww', value: 1 }) })
  const stream = await fetch(`${url}/events`, { headers })
  expect(stream.status).toBe(200)
  const state = (await (await fetch(url, { headers })).json()) as { readonly version: number }
  const poll = fetch(`${url}/ops?since=${state.version}&wait=40`, { headers })
  return { socket, stream: stream.text(), poll }
}

/** That each door was closed, and said why. */
async function expectEnded({ socket, stream, poll }: Visitor): Promise<void> {
  expect(await socket.end()).toBe(1008)
  expect(socket.heard.at(-1)).toMatchObject({ kind: 'goodbye', code: 'unauthenticated', retryAfterMs: 0 })
  expect(await stream).toMatch(/event: end\ndata: \{"code":"unauthenticated"\}\n\n$/)
  const answer = await poll
  expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'UNAUTHENTICATED' }])
}

describe('in one process', () => {
  it('who was let in by a revoked key goes at once, and nobody else', async () => {
    const at = await start()
    const [mine, theirs] = [
      await at.keys.create({ tenant: 'acme', name: 'mine' }),
      await at.keys.create({ tenant: 'acme', name: 'theirs' }),
    ]
    const gone = await visit(at, mine.key)
    const stays = await visit(at, theirs.key)
    await at.keys.revoke(mine.id)
    await expectEnded(gone)
    stays.socket.send({ kind: 'ping', nonce: 1 })
    await stays.socket.next('pong')
    await until(() => at.service.live.size === 2, 'what the other followed')
    expect(await at.server.close()).toBe(true)
    expect((await stays.poll).status).toBe(200)
    expect(await stays.stream).not.toContain('unauthenticated')
  })

  it('the first key ends what was open to everybody', async () => {
    const at = await start()
    const visitor = await visit(at)
    const { key } = await at.keys.create({ tenant: 'acme', name: '' })
    await expectEnded(visitor)
    expect((await fetch(`${at.server.url}/v1/docs`, { headers: headersOf() })).status).toBe(401)
    expect((await fetch(`${at.server.url}/v1/docs`, { headers: headersOf(key) })).status).toBe(200)
  })

  it('through the socket beside the store', async () => {
    const at = await start()
    const directory = mkdtempSync(join(tmpdir(), 'joinery-keys-'))
    const path = join(directory, 'k')
    const { keys, service, store } = at
    const logger = pino({ level: 'silent' })
    const socket = await serveControl(path, { keys, store, service, logger, now: Date.now })
    try {
      const admin = (await connectControl(path))?.keys
      const created = await admin?.create({ tenant: 'acme', name: 'a' })
      const visitor = await visit(at, created?.key)
      await admin?.revoke(created?.id as string)
      await expectEnded(visitor)
    } finally {
      await socket.close()
      rmSync(directory, { recursive: true })
    }
  })
})

describe('in several processes on one PostgreSQL', () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.remove())

  /** Well above the time between two looks, and well below what a visitor waits by itself. */
  const WITHIN_MS = 5_000

  async function pair(): Promise<readonly [TestServer, TestServer]> {
    const open = async (): Promise<TestServer> =>
      start({ store: await postgresStore({ url: postgres.url }), limits: { keysRefreshMs: 200 } })
    return [await open(), await open()]
  }

  it('a key that one creates the other takes, and who came by one that is revoked elsewhere goes', async () => {
    const [here, there] = await pair()
    const before = await visit(there)
    const { key, id } = await here.keys.create({ tenant: 'acme', name: '' })
    await expectEnded(before)
    await until(() => there.keys.admits(id), 'the other process knows', WITHIN_MS)
    const visitor = await visit(there, key)
    await here.keys.revoke(id)
    await expectEnded(visitor)
    expect((await fetch(`${there.server.url}/v1/docs`, { headers: headersOf(key) })).status).toBe(401)
    expect(there.keys.required(), 'the last key closes, it does not open').toBe(true)
  })

  it('while the database is away keys stay as they were, and are brought up to date after', async () => {
    const [here, there] = await pair()
    const { key, id } = await here.keys.create({ tenant: 'acme', name: '' })
    await until(() => there.keys.admits(id), 'known', WITHIN_MS)
    await postgres.crash()
    await until(() => there.warnings.some((line) => `${line}`.includes('keys could not be read')), 'a warning', 20_000)
    expect(there.keys.check(key, 'acme')).toMatchObject({ verdict: 'granted' })
    await postgres.start()
    await expect
      .poll(
        () =>
          here.keys.revoke(id).then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true)
    await until(() => !there.keys.admits(id), 'revoked', 20_000)
    expect(there.warnings.filter((line) => `${line}`.includes('keys could not be read'))).toHaveLength(1)
  }, 60_000)
})
