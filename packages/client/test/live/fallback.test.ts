/** Where no WebSocket gets through: the same documents over plain requests, with answers that are lost. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openHttp, openSocketOrHttp } from '../../src/fallback.ts'
import type { Client } from '../../src/index.ts'
import { openSocket } from '../../src/node.ts'
import { type CuttableLine, startProxy } from '../support/proxy.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { anyEdit, countedEdit, schema, seeded } from './edits.mjs'
import { open, until } from './support.ts'

let server: ServerProcess
let line: CuttableLine
const clients: Client[] = []

function client(...args: Parameters<typeof open>): Client {
  const made = open(...args)
  clients.push(made)
  return made
}

beforeAll(async () => {
  server = await startServer()
  line = await startProxy(server.port)
})
afterEach(async () => {
  for (const each of clients.splice(0)) await each.close()
  line.restore()
})
afterAll(async () => {
  await line.close()
  await server.stop()
})

describe('a client over requests', () => {
  it('reads and writes live, beside one with a WebSocket', async () => {
    const a = client(server.url, 'anna', { openSocket: openHttp }).open('both', schema)
    const b = client(server.url, 'ben').open('both', schema)
    await Promise.all([a.ready, b.ready])
    a.change((root) => root.title.set('hello'))
    await a.saved()
    await until(() => b.root.title.value === 'hello', 'seen')
    b.presence.set({ at: 7 })
    await until(() => a.presence.others.size === 1, 'presence')
    b.change((root) => root.body.insert(0, 'x'.repeat(600_000)))
    await until(() => a.root.body.length === 600_000, 'a long text, in parts')
    expect(a.toJSON()).toEqual(b.toJSON())
  })

  it('loses nothing and doubles nothing when answers are lost', async () => {
    const random = seeded(7)
    const a = client(line.url, 'anna', { openSocket: openHttp }).open('lossy', schema)
    const b = client(server.url, 'ben').open('lossy', schema)
    await Promise.all([a.ready, b.ready])
    const lostBefore = line.lost
    for (let i = 0; i < 40; i += 1) {
      countedEdit(a, `a${i}`)
      anyEdit(b, random)
      if (i % 8 === 3) line.loseAnswers(1 + random.below(3))
      await new Promise((resolve) => setTimeout(resolve, random.below(20)))
    }
    await until(() => a.status.pending === 0 && b.status.pending === 0, 'all stored', 30_000)
    await until(() => JSON.stringify(a.toJSON()) === JSON.stringify(b.toJSON()), 'equal')
    expect(line.lost).toBeGreaterThan(lostBefore)
    expect([b.root.visits.value, b.root.items.length]).toEqual([40, 40])
  })
})

it('a client takes to requests by itself where WebSockets are blocked', async () => {
  line.blockWebSockets()
  const a = client(line.url, 'anna', { openSocket: openSocketOrHttp(openSocket) }).open('blocked', schema)
  await a.ready
  a.change((root) => root.title.set('through'))
  await a.saved()
  expect(a.status).toMatchObject({ connection: 'live', pending: 0 })
})
