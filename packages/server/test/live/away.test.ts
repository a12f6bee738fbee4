/** A client that was away for longer than the log reaches: it is brought up to date, and what it wrote meanwhile counts. */
import { defineSchema, list, lww, orSet, pnCounter, text } from '@joinery/core'
import { migrate } from '@joinery/storage/archive'
import { memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { connectWebSocket } from '@joinery/transport/websocket'
import { afterEach, expect, test } from 'vitest'
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

const key = { tenant: 'acme', id: 'plan' }

/** Two clients that see the same document; the second then goes away, and both write on. */
async function apart(server: TestServer) {
  const here = client(server.wsUrl, 'here')
  const one = here.follow('plan', schema)
  const docHere = await one.opened()
  docHere.change(({ title, tags, body, items }) => {
    title.set('before')
    tags.add('kept')
    tags.add('removed away')
    tags.add('removed away, added again here')
    body.insert(0, 'The plan.')
    items.push('a', 'b', 'c')
  })
  await one.saved()
  const away = client(server.wsUrl, 'away')
  const two = away.follow('plan', schema)
  const docAway = await two.opened()
  await until(() => docAway.versionHash() === docHere.versionHash(), 'both have it')
  const seen = (await server.store.head(key))!.version
  away.connection.close()
  await until(() => !away.session.online, 'away')

  docAway.change(({ tags }) => tags.remove('removed away'))
  docAway.change(({ tags }) => tags.remove('removed away, added again here'))
  docAway.change(({ title }) => title.set('written away'))
  docAway.change(({ body }) => body.insert(body.length, ' And what came to mind on the way.'))
  docAway.change(({ items }) => items.move(2, 0))
  for (let i = 0; i < 20; i += 1) docAway.change(({ votes }) => votes.increment(1))
  expect(two.pending).toBe(25)
  return { here, one, docHere, away, two, docAway, seen }
}

/** Writes so much here that the log no longer reaches back. */
async function writeOn({ one, docHere }: Awaited<ReturnType<typeof apart>>): Promise<void> {
  docHere.change(({ tags }) => tags.add('removed away, added again here'))
  for (let i = 0; i < 200; i += 1) {
    docHere.change(({ votes, body }) => {
      votes.increment(10)
      body.insert(0, `${i % 10}`)
    })
    if (i % 20 === 0) await one.saved()
  }
  await one.saved()
}

function comeBack({ away }: Pick<Awaited<ReturnType<typeof apart>>, 'away'>, wsUrl: string): void {
  const scheduler = nodeScheduler(() => Date.now())
  const connection = connectWebSocket({ url: wsUrl, session: away.session, scheduler, open: openSocket })
  clients.push({ ...away, connection })
}

async function expectJoined(both: Awaited<ReturnType<typeof apart>>, store: Store): Promise<void> {
  const { two, docHere, docAway, away, here } = both
  await two.saved()
  await until(() => docAway.versionHash() === docHere.versionHash(), 'equal')
  expect(docAway.snapshot()).toEqual(docHere.snapshot())
  expect(docHere.toJSON()).toMatchObject({
    votes: 2_020,
    items: ['c', 'a', 'b'],
    tags: expect.arrayContaining(['kept', 'removed away, added again here']),
  })
  expect(docHere.root.tags.has('removed away')).toBe(false)
  expect(docHere.root.body.toString()).toMatch(/^\d{200}The plan\. And what came to mind on the way\.$/)
  expect([two.pending, two.state]).toEqual([0, 'live'])
  expect([...away.faults, ...here.faults]).toEqual([])
  // Whoever comes now has the same.
  const third = client(running.at(-1)!.wsUrl, 'third').follow('plan', schema)
  expect((await third.opened()).snapshot()).toEqual(docHere.snapshot())
  expect((await store.head(key))!.deleted).toBe(false)
}

async function expectFolded(store: Store, seen: number): Promise<void> {
  const { compactedVersion } = (await store.head(key))!
  expect(compactedVersion).toBeGreaterThan(seen)
  expect((await store.log(key, { after: seen, limit: 1 }))[0]?.version).not.toBe(seen + 1)
}

test('the server folds by its policy', async () => {
  const server = await start({ serviceLimits: { historyVersionsMin: 10, compactionMsMin: 0 } })
  const both = await apart(server)
  await writeOn(both)
  await expectFolded(server.store, both.seen)
  comeBack(both, server.wsUrl)
  await expectJoined(both, server.store)
  expect(server.warnings).toEqual([])
})

test('all history is folded by hand, and again while it comes back', async () => {
  const server = await start()
  const both = await apart(server)
  await writeOn(both)
  expect(await server.service.compact({ scope: {}, keepVersions: 0 })).toEqual({ documents: 1, folded: 1 })
  await expectFolded(server.store, both.seen)
  comeBack(both, server.wsUrl)
  await server.service.compact({ scope: key, keepVersions: 0 })
  await expectJoined(both, server.store)
  expect(server.warnings).toEqual([])
})

test('the store was moved to another one meanwhile, with another id and another actor', async () => {
  const first = await start({ serviceLimits: { historyVersionsMin: 10, compactionMsMin: 0 } })
  const both = await apart(first)
  await writeOn(both)
  await expectFolded(first.store, both.seen)
  const { port } = first.server
  await first.server.close()
  running.splice(0)
  const to = memoryStore()
  await migrate({ from: first.store, to, nowMs: Date.now() })
  expect(to.identity.storeId).not.toBe(first.store.identity.storeId)
  const second = await start({ store: to, address: `127.0.0.1:${port}` })
  comeBack(both, second.wsUrl)
  await expectJoined(both, to)
})
