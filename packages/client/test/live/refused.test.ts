/** What the server does not take: edits of a wrong field, of another life, of a deleted document, under a wrong clock or key. */
import { join } from 'node:path'
import { defineSchema, list, lww, orSet, pnCounter } from '@joinery/core'
import { type MemoryMedium, memoryMedium, memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, type LiveDoc, systemHost } from '../../src/index.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { open, until } from './support.ts'

const tagged = defineSchema({ value: orSet<string>(), title: lww<string>() })
const plan = defineSchema({ title: lww<string>(), votes: pnCounter(), steps: list<string>() })
const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }
const directory = temporaryDirectory()
const NOWHERE = 'http://127.0.0.1:9'

let server: ServerProcess
const clients: Client[] = []

function client(url: string, node: string, options: Partial<ClientOptions> = {}): Client {
  const made = open(url, node, options)
  clients.push(made)
  return made
}

async function http(method: string, path: string, body?: object): Promise<void> {
  const answer = await fetch(`${server.url}/v1/docs/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(answer.status).toBeLessThan(300)
}

const closeAll = async (): Promise<void> => {
  for (const each of clients.splice(0)) await each.close()
}

beforeAll(async () => {
  server = await startServer()
})
afterEach(closeAll)
afterAll(() => server.stop())

/** A document of one set, into which a field was written that it does not have. */
async function refusedEdit(id: string, medium: MemoryMedium): Promise<LiveDoc<(typeof tagged)['fields']>> {
  await http('PUT', id, { type: 'orset', value: ['x'] })
  const doc = client(server.url, 'anna', { storage: memoryStore({ medium }) }).open(id, tagged, { type: 'orset' })
  await doc.ready
  await until(() => doc.status.connection === 'live', 'live')
  doc.change((root) => root.title.set('not here'))
  await expect(doc.saved()).rejects.toMatchObject({ code: 'CLIENT_REFUSED' })
  return doc
}

describe('an edit that the server refuses', () => {
  it('is listed with what it changed, holds up those behind it, and others are still seen', async () => {
    const doc = await refusedEdit('listed', memoryMedium())
    expect(doc.status).toMatchObject({ connection: 'refused', pending: 1, refused: 1 })
    expect(doc.status.lastError?.code).toBe('CLIENT_REFUSED')
    const before = doc.refused.list
    expect(doc.refused.list).toBe(before)
    expect(before).toMatchObject([
      { code: 'schema_mismatch', patches: [{ type: 'set', path: ['title'], value: 'not here' }] },
    ])
    doc.change((root) => root.value.add('behind'))
    expect(doc.refused.list.map(({ code }) => code)).toEqual(['schema_mismatch', 'behind'])
    await http('POST', 'listed/ops', { type: 'orset', ops: [{ type: 'add', elem: 'y' }] })
    await until(() => doc.root.value.has('y'), 'what others change')
    expect(doc.root.title.value).toBe('not here')
    const exported = doc.refused.export()
    expect(exported).toMatchObject({ id: 'listed', value: { title: 'not here' } })
    expect(JSON.parse(JSON.stringify(exported)).edits[0].change.length).toBeGreaterThan(20)
    await expect(doc.refused.retry()).rejects.toMatchObject({ code: 'CLIENT_REFUSED' })
  })

  it('survives a restart, and once discarded the document is what the server has, also after another', async () => {
    const medium = memoryMedium()
    const first = await refusedEdit('discarded', medium)
    first.change((root) => root.value.add('behind'))
    await closeAll()
    const start = (): LiveDoc<(typeof tagged)['fields']> =>
      client(server.url, 'anna', { storage: memoryStore({ medium }) }).open('discarded', tagged, { type: 'orset' })
    const again = start()
    await again.ready
    expect(again.toJSON()).toEqual({ title: 'not here', value: ['behind', 'x'] })
    await until(() => again.status.refused === 2, 'refused again')
    const events: string[] = []
    again.subscribe(({ origin }) => events.push(origin))
    await again.refused.discard()
    expect(events).toEqual(['reset'])
    expect(again.toJSON()).toEqual({ value: ['x'] })
    expect(again.status).toMatchObject({ pending: 0, refused: 0, lastError: undefined })
    again.change((root) => root.value.add('z'))
    await again.saved()
    await closeAll()
    const last = start()
    await last.ready
    expect(last.toJSON()).toEqual({ value: ['z', 'x'] })
    await until(() => last.status.connection === 'live', 'live')
    expect(last.status.pending).toBe(0)
  })
})

describe('a document that was deleted', () => {
  it('and created again: edits of the earlier life are set aside, the new one is shown', async () => {
    const medium = memoryMedium()
    const start = (url: string): LiveDoc<(typeof plan)['fields']> =>
      client(url, 'anna', { storage: memoryStore({ medium }) }).open('lives', plan)
    const first = start(server.url)
    await first.ready
    first.change((root) => root.title.set('first life'))
    await first.saved()
    await closeAll()
    const offline = start(NOWHERE)
    await offline.ready
    expect(offline.root.title.value).toBe('first life')
    offline.change((root) => root.votes.increment(3))
    await closeAll()
    await http('DELETE', 'lives')
    await http('PUT', 'lives', { type: 'doc', value: { title: { type: 'lww', value: 'second life' } } })
    const again = start(server.url)
    await again.ready
    await until(() => again.status.refused === 1 && again.status.connection === 'live', 'set aside')
    expect(again.toJSON()).toEqual({ title: 'second life' })
    expect(again.refused.list).toMatchObject([
      { code: 'incarnation_mismatch', patches: [{ type: 'set', path: ['votes'], value: 3 }] },
    ])
    await again.durable()
    await closeAll()
    const last = start(server.url)
    await last.ready
    expect(last.refused.list.length).toBe(1)
    await last.refused.discard()
    expect(last.refused.list).toEqual([])
    await until(() => last.status.connection === 'live', 'live')
    expect(last.toJSON()).toEqual({ title: 'second life' })
    await closeAll()
    const clean = start(NOWHERE)
    await clean.ready
    expect([clean.toJSON(), clean.refused.list]).toEqual([{ title: 'second life' }, []])
  })

  it('says so, and keeps what is here', async () => {
    const it = client(server.url, 'anna')
    const doc = it.open('gone', plan)
    await doc.ready
    doc.change((root) => root.title.set('here'))
    await doc.saved()
    await it.delete('gone')
    await until(() => doc.status.connection === 'refused', 'refused')
    expect(doc.status.lastError?.message).toContain('deleted')
    expect(doc.root.title.value).toBe('here')
    await expect(it.delete('never there')).rejects.toMatchObject({ code: 'CLIENT_REFUSED' })
    await expect(client(NOWHERE, 'anna').delete('gone')).rejects.toMatchObject({ code: 'CLIENT_OFFLINE' })
  })
})

describe('a clock that is wrong', () => {
  const hour = 3_600_000
  const shifted = (ms: number): Partial<ClientOptions> => ({ host: { ...systemHost, nowMs: () => Date.now() + ms } })

  it.each([24 * hour, -24 * hour])(
    'by %i ms: edits from before the first connection are kept, later ones win',
    async (ms) => {
      const path = join(directory, `clock${ms}.sqlite`)
      const id = `clock${ms}`
      const first = client(NOWHERE, 'anna', { ...shifted(ms), storage: sqliteStore({ path }) }).open(id, plan)
      await first.ready
      for (let i = 0; i < 20; i += 1) {
        first.change((root) => {
          root.title.set(`offline ${i}`)
          root.votes.increment(1)
          root.steps.push(`${i}`)
        })
      }
      await closeAll()
      const doc = client(server.url, 'anna', { ...shifted(ms), storage: sqliteStore({ path }) }).open(id, plan)
      await doc.ready
      await doc.saved()
      expect(doc.refused.list).toEqual([])
      const right = client(server.url, 'ben').open(id, plan)
      await until(() => right.root.votes.value === 20, 'all of it')
      expect(right.root.steps.toJSON()).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`))
      expect(right.root.title.value).toBe('offline 19')
      right.change((root) => root.title.set('later, by a right clock'))
      await right.saved()
      await until(() => doc.root.title.value?.startsWith('later') === true, 'seen')
      doc.change((root) => root.title.set('last, by a wrong clock'))
      await doc.saved()
      await until(() => right.root.title.value?.startsWith('last') === true, 'last write wins')
      await closeAll()
      // The correction is kept: what is written offline from now on has a time that the server takes.
      const offline = client(NOWHERE, 'anna', { ...shifted(ms), storage: sqliteStore({ path }) }).open(id, plan)
      await offline.ready
      offline.change((root) => root.title.set('offline again'))
      expect(offline.status.pending).toBe(1)
      await closeAll()
      const last = client(server.url, 'anna', { ...shifted(ms), storage: sqliteStore({ path }) }).open(id, plan)
      await last.ready
      await last.saved()
      expect(last.root.title.value).toBe('offline again')
    },
  )
})
