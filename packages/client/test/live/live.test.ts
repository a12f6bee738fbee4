/** The SDK against a real server: documents that change at once, follow, and survive what happens to connections and processes. */
import { join } from 'node:path'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import { Packer } from '@joinery/sync'
import { nodeCompression } from '@joinery/transport/deflate'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../src/index.ts'
import { compression } from '../../src/node.ts'
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
  it('of which one deflates what it sends and is sent', async () => {
    let deflated = 0
    let inflated = 0
    const counting = new Packer({
      deflate: (bytes) => {
        deflated += 1
        return nodeCompression.deflate(bytes)
      },
      inflate: (bytes, length) => {
        inflated += 1
        return nodeCompression.inflate(bytes, length)
      },
    })
    const a = client(server.url, 'anna', { compression: counting }).open('deflated', schema)
    await a.ready
    a.change((root) => root.title.set('a '.repeat(5_000)))
    await a.saved()
    const b = client(server.url, 'ben').open('deflated', schema)
    await b.ready
    await until(() => b.root.title.value === a.root.title.value, 'seen')
    b.change((root) => root.title.set('b '.repeat(5_000)))
    const c = client(server.url, 'cleo', { compression }).open('deflated', schema)
    await until(() => c.root.title.value?.startsWith('b') === true, 'with what Node has')
    await until(() => a.root.title.value?.startsWith('b') === true, 'the other way')
    expect([deflated > 0, inflated > 0]).toEqual([true, true])
  })

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

  it('see at once what the other begins', async () => {
    // Whoever waited before asking again would not see it in time.
    const limits = { connectRetryMsMin: 3_600_000, connectRetryMsMax: 3_600_000 }
    const [a, b] = ['anna', 'ben'].map((name) => client(server.url, name, { limits }).open('begun here', schema))
    await until(() => [a, b].every((doc) => doc?.status.connection === 'live'), 'both follow what is not there')
    a?.change((root) => root.title.set('hello'))
    await until(() => b?.root.title.value === 'hello', 'seen')
  })
})

describe('a document that is there already', () => {
  it.each(['kept', 'in memory'])(
    'and is edited before it arrived, %s: both are in it, also after a restart',
    async (how) => {
      const id = `early ${how}`
      const writer = client(server.url, 'anna').open(id, schema)
      await writer.ready
      writer.change((root) => root.items.push('there before'))
      await writer.saved()
      const medium = memoryMedium()
      const storage = () => (how === 'kept' ? { storage: memoryStore({ medium }) } : {})
      const one = client(server.url, 'ben', storage())
      const doc = one.open(id, schema)
      await doc.ready
      for (let i = 0; i < 3; i += 1) doc.change((root) => root.items.push(`early ${i}`))
      expect(doc.toJSON()).toEqual({ items: ['early 0', 'early 1', 'early 2'] })
      await doc.saved()
      await until(() => writer.root.items.length === 4 && doc.root.items.length === 4, 'both')
      expect(Buffer.from(doc.snapshot())).toEqual(Buffer.from(writer.snapshot()))
      expect(doc.status).toMatchObject({ pending: 0, durable: 0, refused: 0 })
      if (how !== 'kept') return
      await one.close()
      const again = client(server.url, 'ben', storage()).open(id, schema)
      await again.ready
      expect(Buffer.from(again.snapshot())).toEqual(Buffer.from(writer.snapshot()))
      again.change((root) => root.items.push('later'))
      await again.saved()
      await until(() => writer.root.items.length === 5, 'later')
    },
  )

  it('is opened by many in one connection, and closed ones are no longer followed', async () => {
    const one = client(server.url, 'anna')
    const docs = Array.from({ length: 30 }, (_, i) => one.open(`many ${i}`, schema))
    await Promise.all(docs.map((doc) => doc.ready))
    for (const [i, doc] of docs.entries()) doc.change((root) => root.title.set(`${i}`))
    await Promise.all(docs.map((doc) => doc.saved()))
    expect(one.status).toMatchObject({ online: true, pending: 0, lastError: undefined })
    await docs[3]?.close()
    const again = one.open('many 3', schema)
    await until(() => again.status.connection === 'live', 'live again')
    expect(again.root.title.value).toBe('3')
    // As a framework does that mounts everything twice: closed before the server has answered.
    for (let i = 0; i < 5; i += 1) {
      const passing = one.open('many 4 more', schema)
      await passing.ready
      void passing.close()
    }
    const last = one.open('many 4 more', schema)
    await until(() => last.status.connection === 'live', 'live in the end')
    expect(last.status.lastError).toBeUndefined()
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
