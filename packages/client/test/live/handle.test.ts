/** The handle of a document: what it tells whom, presence, undo, keys, limits. */
import { defineSchema, list, lww, orMap, orSet, text } from '@joinery/core'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, createClient, defaultLiveLimits, type LiveDoc } from '../../src/index.ts'
import { openSocket } from '../../src/node.ts'
import { startProxy } from '../support/proxy.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { open, until } from './support.ts'

const schema = defineSchema({
  title: lww<string>(),
  tags: orSet<string>(),
  map: orMap(),
  body: text(),
  items: list<string>(),
})
type Doc = LiveDoc<(typeof schema)['fields']>
const NOWHERE = 'http://127.0.0.1:9'

let server: ServerProcess
const clients: Client[] = []

function client(url: string, node: string, options: Partial<ClientOptions> = {}): Client {
  const made = open(url, node, options)
  clients.push(made)
  return made
}

async function offline(options: Partial<ClientOptions> = {}): Promise<Doc> {
  const doc = client(NOWHERE, 'anna', options).open('doc', schema)
  await doc.ready
  return doc
}

beforeAll(async () => {
  server = await startServer()
})
afterEach(async () => {
  for (const each of clients.splice(0)) await each.close()
})
afterAll(() => server.stop())

describe('a handle', () => {
  it('is there at once, reads as empty and is not written to before it is ready', async () => {
    const doc = client(NOWHERE, 'anna', { storage: Promise.resolve(memoryStore()) }).open('doc', schema)
    expect([doc.isReady, doc.root.title.value, doc.toJSON()]).toEqual([false, undefined, {}])
    expect(() => doc.change((root) => root.title.set('x'))).toThrow(
      expect.objectContaining({ code: 'CLIENT_NOT_READY' }),
    )
    await doc.ready
    expect(doc.isReady).toBe(true)
    expect(doc.change((root) => root.title.set('x'))).toBe(true)
    expect(doc.change((root) => root.title.value)).toBe(false)
  })

  it('is one per id, and closed when it was closed as often as opened', async () => {
    const one = client(NOWHERE, 'anna')
    const doc = one.open('doc', schema)
    expect(one.open('doc', schema)).toBe(doc)
    expect(() => one.open('doc', defineSchema({}))).toThrow(expect.objectContaining({ code: 'CLIENT_ARGUMENT' }))
    await doc.ready
    await doc.close()
    doc.change((root) => root.title.set('still open'))
    const saved = doc.saved()
    const closed = doc.close()
    await expect(saved).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    await closed
    expect(() => doc.change((root) => root.title.set('x'))).toThrow(expect.objectContaining({ code: 'CLIENT_CLOSED' }))
    expect(one.open('doc', schema)).not.toBe(doc)
    await one.close()
    expect(() => one.open('doc', schema)).toThrow(expect.objectContaining({ code: 'CLIENT_CLOSED' }))
  })

  it('closed and opened again at once goes on where it was, though the first is still writing', async () => {
    const one = client(NOWHERE, 'anna', { storage: memoryStore() })
    const first = one.open('doc', schema)
    await first.ready
    for (let i = 0; i < 100; i += 1) first.change((root) => root.items.push(`${i}`))
    void first.close()
    const again = one.open('doc', schema)
    expect(again).not.toBe(first)
    await again.ready
    expect([again.root.items.length, again.status.pending]).toEqual([100, 100])
    again.change((root) => root.items.push('100'))
    await again.durable()
    // A handle that was closed already closes nothing of the next.
    await first.close()
    again.change((root) => root.items.push('101'))
  })

  it('has a status that stays the same object until something in it changes', async () => {
    const doc = await offline({ storage: memoryStore() })
    await until(() => doc.status.connection === 'offline', 'offline')
    const { status } = doc
    expect(doc.status).toBe(status)
    let told = 0
    doc.onStatus(() => {
      told += 1
    })
    doc.change((root) => root.title.set('x'))
    expect(doc.status).toMatchObject({ pending: 1, durable: 1, connection: 'offline' })
    await doc.durable()
    expect(doc.status).toMatchObject({ pending: 1, durable: 0 })
    await until(() => told === 2, 'told of both')
    expect(doc.status).toBe(doc.status)
  })

  it('what a listener throws concerns nobody else', async () => {
    const doc = await offline()
    const unhandled: unknown[] = []
    const caught = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', caught)
    let told = 0
    doc.subscribe(() => {
      throw new Error('mine')
    })
    doc.subscribe(() => {
      told += 1
    })
    doc.change((root) => root.title.set('x'))
    await until(() => unhandled.length === 1, 'reported')
    process.off('unhandledRejection', caught)
    expect(told).toBe(1)
  })
})

describe('select', () => {
  it('by path is told of what changes there, above or below, and of nothing else', async () => {
    const doc = await offline()
    const seen: unknown[] = []
    const end = doc.select(['map', 'a'], (value) => seen.push(value))
    doc.change((root) => root.map.setLww('a', 1))
    doc.change((root) => root.map.setLww('b', 2))
    doc.change((root) => root.title.set('x'))
    doc.change((root) => root.map.remove('a'))
    end()
    doc.change((root) => root.map.setLww('a', 3))
    expect(seen).toEqual([1, undefined])
    const items: unknown[] = []
    doc.select(['items'], (value) => items.push(value))
    doc.change((root) => root.items.push('x', 'y'))
    expect(items).toEqual([['x', 'y']])
  })

  it('by function is called when what it reads is another, and runs only when a field it read changed', async () => {
    const doc = await offline()
    const seen: unknown[] = []
    let runs = 0
    doc.select(
      (root) => {
        runs += 1
        return { count: root.tags.size, long: root.body.length > 3 }
      },
      (value) => seen.push(value),
    )
    expect(runs).toBe(1)
    doc.change((root) => root.title.set('x'))
    expect(runs).toBe(1)
    doc.change((root) => root.body.insert(0, 'ab'))
    expect([runs, seen]).toEqual([2, []])
    doc.change((root) => root.body.insert(0, 'cd'))
    doc.change((root) => root.tags.add('t'))
    expect(seen).toEqual([
      { count: 0, long: true },
      { count: 1, long: true },
    ])
  })
})

describe('undo', () => {
  it('takes back what was changed here, not what others did', async () => {
    const [a, b] = [client(server.url, 'anna').open('undo', schema), client(server.url, 'ben').open('undo', schema)]
    await Promise.all([a.ready, b.ready])
    expect(a.undo.canUndo).toBe(false)
    a.change((root) => root.tags.add('mine'))
    a.undo.stopGrouping()
    a.change((root) => root.title.set('mine'))
    await a.saved()
    await until(() => b.root.title.value === 'mine', 'seen')
    b.change((root) => root.tags.add('theirs'))
    await until(() => a.root.tags.has('theirs'), 'seen')
    expect([a.undo.undo(), a.undo.undo()]).toEqual([true, true])
    expect(a.toJSON()).toEqual({ tags: ['theirs'], title: null })
    expect(a.undo.redo()).toBe(true)
    await a.saved()
    await until(() => b.root.tags.has('mine'), 'redone')
  })
})

describe('presence', () => {
  it('is told to others at most so often, the latest always, and ends with the connection', async () => {
    const line = await startProxy(server.port)
    const limits = { presenceMsMin: 100 }
    const a = client(line.url, 'anna', { limits }).open('here', schema)
    const b = client(server.url, 'ben').open('here', schema)
    await until(() => a.status.connection === 'live' && b.status.connection === 'live', 'live')
    const heard: unknown[] = []
    b.presence.subscribe(() => heard.push([...b.presence.others.values()].map(({ node, state }) => [node, state])))
    for (let i = 0; i < 50; i += 1) a.presence.set({ at: i })
    await until(
      () => [...b.presence.others.values()].some(({ state }) => (state as { at: number }).at === 49),
      'latest',
    )
    expect(heard.length).toBeLessThanOrEqual(2)
    expect(b.presence.others).toBe(b.presence.others)
    line.cut()
    await until(() => b.presence.others.size === 0, 'gone')
    line.restore()
    await until(() => b.presence.others.size === 1, 'back without being set again')
    a.presence.set(undefined)
    await until(() => b.presence.others.size === 0, 'gone by itself')
    await line.close()
  })

  it('is refused one byte past its limit', () => {
    const doc = client(NOWHERE, 'anna').open('doc', schema)
    const { presenceBytesMax } = defaultLiveLimits
    doc.presence.set('x'.repeat(presenceBytesMax - 2))
    expect(() => doc.presence.set('x'.repeat(presenceBytesMax - 1))).toThrow(
      expect.objectContaining({ code: 'CLIENT_ARGUMENT' }),
    )
  })
})

describe('limits', () => {
  it('so many changes wait for the server, and one more is refused', async () => {
    const doc = await offline({ limits: { pendingChangesMax: 3 } })
    for (let i = 0; i < 3; i += 1) doc.change((root) => root.title.set(`${i}`))
    expect(() => doc.change((root) => root.title.set('3'))).toThrow(
      expect.objectContaining({ code: 'CLIENT_QUEUE_FULL' }),
    )
    expect([doc.root.title.value, doc.status.pending]).toEqual(['2', 3])
  })

  it('a log of so many entries is folded when one more comes, and nothing is lost', async () => {
    const medium = memoryMedium()
    const key = { tenant: 'acme', id: '0/folded' }
    const limits = { journalEntriesMax: 10 }
    const first = client(server.url, 'anna', { storage: memoryStore({ medium }), limits }).open('folded', schema)
    await first.ready
    for (let i = 0; i < 11; i += 1) {
      first.change((root) => root.items.push(`${i}`))
      await first.saved()
      await first.durable()
    }
    await clients.pop()?.close()
    const store = memoryStore({ medium })
    expect((await store.head(key))?.compactedVersion).toBe(11)
    await store.close()
    const again = client(NOWHERE, 'anna', { storage: memoryStore({ medium }) }).open('folded', schema)
    await again.ready
    expect([again.root.items.length, again.status.pending]).toEqual([11, 0])
  })
})

describe('a client', () => {
  it.each([{ url: 'ftp://x' }, { url: 'http://x', nodeId: '' }, { url: 'http://x', tenant: 'a\nb' }])(
    'is refused with %o',
    (wrong) => {
      const options = { tenant: 'acme', nodeId: 'anna', openSocket, ...wrong }
      expect(() => createClient(options)).toThrow(expect.objectContaining({ code: 'CLIENT_ARGUMENT' }))
    },
  )

  it('warns where nothing is kept', () => {
    expect(client(NOWHERE, 'anna').status.storage).toMatchObject({ durable: false, warning: expect.any(String) })
    const kept = client(NOWHERE, 'anna', { storage: memoryStore() })
    expect(kept.status.storage).toEqual({ durable: true, warning: undefined })
  })

  it('takes no storage of another node', async () => {
    const medium = memoryMedium()
    await client(NOWHERE, 'anna', { storage: memoryStore({ medium }) }).open('doc', schema).ready
    await clients.pop()?.close()
    const other = client(NOWHERE, 'ben', { storage: memoryStore({ medium }) })
    const doc = other.open('doc', schema)
    await expect(doc.ready).rejects.toMatchObject({ code: 'CLIENT_STORAGE_FOREIGN' })
    expect(other.status.lastError?.code).toBe('CLIENT_STORAGE_FOREIGN')
    expect(doc.status).toMatchObject({ connection: 'refused', lastError: { code: 'CLIENT_STORAGE_FOREIGN' } })
  })

  it('goes on when the storage fails for a while, and sends nothing that is not kept', async () => {
    let failing = true
    const store = memoryStore()
    const flaky: Store = new Proxy(store, {
      get(target, name) {
        if (name === 'commit' && failing) return () => Promise.reject(new Error('disk full'))
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const limits = { storageRetryMsMin: 10, storageRetryMsMax: 40 }
    const one = client(server.url, 'anna', { storage: flaky, limits })
    const doc = one.open('flaky', schema)
    await until(() => doc.status.connection === 'live', 'live')
    doc.change((root) => root.title.set('x'))
    await until(() => one.status.lastError?.code === 'CLIENT_STORAGE', 'told')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(doc.status).toMatchObject({ pending: 1, durable: 1 })
    failing = false
    await doc.saved()
    expect(doc.status).toMatchObject({ pending: 0, durable: 0 })
    expect(one.status.lastError).toBeUndefined()
  })
})
