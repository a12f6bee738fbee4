/** The SDK against a real server: documents that change at once, follow, and survive what happens to connections and processes. */
import { join } from 'node:path'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../src/index.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { schema } from './edits.mjs'
import { open, until } from './support.ts'

const directory = temporaryDirectory()
let server: ServerProcess
const clients: Client[] = []

function client(...args: Parameters<typeof open>): Client {
  const made = open(...args)
  clients.push(made)
  return made
}

beforeAll(async () => {
  server = await startServer()
})
afterEach(async () => {
  for (const each of clients.splice(0)) await each.close()
})
afterAll(() => server.stop())

describe('two clients', () => {
  it('see what the other changes', async () => {
    const [a, b] = [client(server.url, 'anna').open('two', schema), client(server.url, 'ben').open('two', schema)]
    await Promise.all([a.ready, b.ready])
    a.change((root) => root.title.set('hello'))
    expect(a.root.title.value).toBe('hello')
    await a.saved()
    await until(() => b.root.title.value === 'hello', 'seen')
    b.change((root) => root.tags.add('x'))
    await b.saved()
    await until(() => a.root.tags.has('x'), 'seen the other way')
    expect(a.toJSON()).toEqual(b.toJSON())
    expect(a.status).toMatchObject({ connection: 'live', pending: 0, durable: 0, lastError: undefined })
  })
})

describe('offline', () => {
  it('works before the first connection ever, and two devices that begin one document merge', async () => {
    const mediums = [memoryMedium(), memoryMedium()]
    const nowhere = 'http://127.0.0.1:9'
    for (const [i, medium] of mediums.entries()) {
      const doc = client(nowhere, `device-${i}`, { storage: memoryStore({ medium }) }).open('begun', schema)
      await doc.ready
      doc.change((root) => {
        root.votes.increment(1)
        root.items.push(`item ${i}`)
      })
      expect(doc.status).toMatchObject({ pending: 1 })
      await doc.durable()
      expect(doc.status.durable).toBe(0)
      await clients.pop()?.close()
    }
    const docs = mediums.map((medium, i) =>
      client(server.url, `device-${i}`, { storage: memoryStore({ medium }) }).open('begun', schema),
    )
    await Promise.all(docs.map((doc) => doc.ready))
    expect(docs.map((doc) => doc.status.pending)).toEqual([1, 1])
    await Promise.all(docs.map((doc) => doc.saved()))
    await until(() => docs.every((doc) => doc.root.votes.value === 2), 'merged')
    const items = docs.map((doc) => doc.root.items.toJSON() as string[])
    expect(items[0]?.toSorted()).toEqual(['item 0', 'item 1'])
    expect(items[1]).toEqual(items[0])
    expect(docs.flatMap((doc) => doc.refused.list)).toEqual([])
  })

  it('500 edits survive a restart, and each arrives once', async () => {
    const path = join(directory, 'pending.sqlite')
    const first = client('http://127.0.0.1:9', 'pat', { storage: sqliteStore({ path }) })
    const doc = first.open('pending', schema)
    await doc.ready
    for (let i = 0; i < 500; i += 1) {
      doc.change((root) => {
        root.visits.increment(1)
        root.items.push(`${i}`)
      })
    }
    await first.close()
    const again = client(server.url, 'pat', { storage: sqliteStore({ path }) }).open('pending', schema)
    await again.ready
    expect(again.status.pending).toBe(500)
    await again.saved()
    const other = client(server.url, 'quinn').open('pending', schema)
    await until(() => other.status.connection === 'live', 'live')
    expect(other.root.visits.value).toBe(500)
    expect(other.root.items.toJSON()).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`))
  })
})
