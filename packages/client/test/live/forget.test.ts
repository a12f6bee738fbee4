/** Documents that leave the device: on demand, and when nobody opened them for long. */
import { defineSchema, orSet } from '@joinery/core'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Client, type ClientOptions, defaultLiveLimits, systemHost } from '../../src/index.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { open, until } from './support.ts'

const schema = defineSchema({ tags: orSet<string>() })
const NOWHERE = 'http://127.0.0.1:9'
let server: ServerProcess
const clients: Client[] = []

beforeAll(async () => {
  server = await startServer()
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((each) => each.close()))
})
afterAll(() => server.stop())

function client(url: string, options: Partial<ClientOptions>): Client {
  const made = open(url, 'anna', options)
  clients.push(made)
  return made
}

async function edited(one: Client, id: string, tag: string) {
  const doc = one.open(id, schema)
  await doc.ready
  doc.change((root) => root.tags.add(tag))
  return doc
}

it('forgets what the server has, and comes back with it under another actor', async () => {
  const storage = memoryStore()
  const one = client(server.url, { storage })
  const doc = await edited(one, 'known', 'a')
  await doc.saved()
  await expect(one.forget('known')).rejects.toMatchObject({ code: 'CLIENT_DOCUMENT_OPEN' })
  await doc.close()
  await one.forget('known')
  expect(await storage.values('client/doc/')).toEqual([])
  const { items } = await storage.documents('acme', { limit: 10 })
  expect(items).toEqual([])
  const again = await edited(one, 'known', 'b')
  await again.saved()
  await until(() => again.root.tags.size === 2, 'both')
  await again.close()
  const offline = one.open('known', schema)
  await offline.ready
  expect([...offline.root.tags.values()].toSorted()).toEqual(['a', 'b'])
})

it('refuses while edits are not at the server, unless they may be dropped', async () => {
  const medium = memoryMedium()
  const one = client(NOWHERE, { storage: memoryStore({ medium }) })
  await (await edited(one, 'unsent', 'a')).close()
  await expect(one.forget('unsent')).rejects.toMatchObject({ code: 'CLIENT_UNSENT' })
  const doc = one.open('unsent', schema)
  await doc.ready
  expect(doc.root.tags.has('a')).toBe(true)
  await doc.close()
  await one.forget('unsent', { unsent: 'drop' })
  const empty = one.open('unsent', schema)
  await empty.ready
  expect(empty.toJSON()).toEqual({})
})

it('forgets on its own what was not opened for idleDocumentMsMax, at it not yet, and nothing that waits', async () => {
  const medium = memoryMedium()
  const records = async () => {
    const store = memoryStore({ medium })
    const found = await store.values('client/doc/')
    await store.close()
    return found
  }
  const first = open(server.url, 'anna', { storage: memoryStore({ medium }) })
  for (const id of ['idle', 'waits']) {
    const doc = await edited(first, id, 'a')
    await doc.saved()
    await doc.close()
  }
  await first.close()
  const away = open(NOWHERE, 'anna', { storage: memoryStore({ medium }) })
  await (await edited(away, 'waits', 'b')).close()
  await away.close()
  const { openedAtMs } = JSON.parse((await records()).find(({ name }) => name.includes('idle'))?.value ?? '')
  const startLater = async (ms: number): Promise<void> => {
    const host = { ...systemHost, nowMs: () => openedAtMs + defaultLiveLimits.idleDocumentMsMax + ms }
    const one = open(NOWHERE, 'anna', { host, storage: memoryStore({ medium }) })
    const other = one.open('other', schema)
    await other.ready
    await new Promise((resolve) => setTimeout(resolve, 50))
    await one.close()
  }
  await startLater(0)
  expect(await records()).toHaveLength(2)
  await startLater(60_000)
  expect((await records()).map(({ name }) => name)).toEqual(['client/doc/["acme","waits"]'])
})
