/** What happens at the other end: keys that expire, servers that stop, are put back, or begin anew; and storages that are copied. */
import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { defineSchema, gCounter, list } from '@joinery/core'
import { sqliteStore } from '@joinery/storage/sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import type { Client, ClientOptions, LiveDoc } from '../../src/index.ts'
import { startProxy } from '../support/proxy.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { open, until } from './support.ts'

const schema = defineSchema({ visits: gCounter(), items: list<string>() })
const directory = temporaryDirectory()
const cli = fileURLToPath(new URL('../../../cli/dist/main.js', import.meta.url))
const NOWHERE = 'http://127.0.0.1:9'
const clients: Client[] = []
const servers: ServerProcess[] = []

function client(url: string, node: string, options: Partial<ClientOptions> = {}): Client {
  const made = open(url, node, options)
  clients.push(made)
  return made
}

async function start(...args: Parameters<typeof startServer>): Promise<ServerProcess> {
  const server = await startServer(...args)
  servers.push(server)
  return server
}

function edit(doc: LiveDoc<(typeof schema)['fields']>, label: string): void {
  doc.change((root) => {
    root.visits.increment(1)
    root.items.push(label)
  })
}

afterEach(async () => {
  for (const each of clients.splice(0)) await each.close()
  for (const each of servers.splice(0)) await each.kill()
})

describe('keys', () => {
  it('are asked for again when the server takes the one before no longer', async () => {
    const store = `sqlite:${join(directory, 'keys.sqlite')}`
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, [
      cli,
      'keys',
      'create',
      '--store',
      store,
      '--tenant',
      'acme',
      '--name',
      't',
    ])
    const key = /jk_\S+/.exec(stdout)?.[0] as string
    const server = await start(store)
    let asked = 0
    const one = client(server.url, 'anna', {
      auth: async () => {
        asked += 1
        if (asked === 2) throw new Error('the issuer is away')
        return asked < 4 ? 'jk_expired' : key
      },
    })
    const doc = one.open('doc', schema)
    await doc.ready
    edit(doc, 'a')
    await doc.saved()
    expect(asked).toBe(4)
    const wrong = client(server.url, 'anna', { auth: 'jk_wrong' })
    await until(() => wrong.status.lastError?.code === 'CLIENT_UNAUTHENTICATED', 'told')
    expect(wrong.status.online).toBe(false)
  })
})

describe('a server that stops', () => {
  it('is left in peace until its window, and what was edited meanwhile is sent', async () => {
    const store = `sqlite:${join(directory, 'drain.sqlite')}`
    const first = await start(store)
    const line = await startProxy(first.port)
    const one = client(line.url, 'anna')
    const doc = one.open('doc', schema)
    await doc.ready
    edit(doc, 'before')
    await doc.saved()
    await first.stop()
    await until(() => doc.status.connection === 'offline', 'offline')
    expect(one.status.lastError?.message).toContain('stops')
    edit(doc, 'meanwhile')
    const second = await start(store)
    line.redirect(second.port)
    await doc.saved()
    expect(doc.status.pending).toBe(0)
    await line.close()
  })
})

describe('a server that was put back to an earlier state', () => {
  it('gets again what it had acknowledged since', async () => {
    const path = join(directory, 'restored.sqlite')
    const first = await start(`sqlite:${path}`)
    const line = await startProxy(first.port)
    const doc = client(line.url, 'anna', {
      storage: sqliteStore({ path: join(directory, 'restored-client.sqlite') }),
    }).open('doc', schema)
    await doc.ready
    edit(doc, '0')
    await doc.saved()
    line.cut()
    await first.stop()
    copyFileSync(path, `${path}.backup`)
    const second = await start(`sqlite:${path}`)
    line.redirect(second.port)
    line.restore()
    for (let i = 1; i < 5; i += 1) edit(doc, `${i}`)
    await doc.saved()
    line.cut()
    await second.kill()
    for (const end of ['-wal', '-shm', '.fence']) rmSync(`${path}${end}`, { force: true })
    copyFileSync(`${path}.backup`, path)
    const third = await start(`sqlite:${path}`)
    line.redirect(third.port)
    line.restore()
    edit(doc, '5')
    await doc.saved()
    const reader = client(third.url, 'ben').open('doc', schema)
    await until(() => reader.root.visits.value === 6, 'all of it')
    expect(reader.root.items.toJSON()).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(doc.refused.list).toEqual([])
    await line.close()
  })
})

describe('a storage that was copied', () => {
  it('both copies go on, under actors of their own, and what was pending in both arrives once', async () => {
    const server = await start()
    const paths = [join(directory, 'copied-1'), join(directory, 'copied-2')]
    const storage = (i: number) => sqliteStore({ path: join(paths[i] as string, 'client.sqlite') })
    const first = client(server.url, 'anna', { storage: storage(0) }).open('doc', schema)
    await first.ready
    edit(first, 'stored')
    await first.saved()
    await clients.pop()?.close()
    const offline = client(NOWHERE, 'anna', { storage: storage(0) }).open('doc', schema)
    await offline.ready
    edit(offline, 'pending')
    await clients.pop()?.close()
    cpSync(paths[0] as string, paths[1] as string, { recursive: true })
    const both = [0, 1].map((i) => client(server.url, 'anna', { storage: storage(i) }).open('doc', schema))
    await Promise.all(both.map((doc) => doc.ready))
    for (const [i, doc] of both.entries()) edit(doc, `by copy ${i}`)
    await Promise.all(both.map((doc) => doc.saved()))
    const reader = client(server.url, 'ben').open('doc', schema)
    await until(() => reader.root.visits.value === 4, 'all of it')
    expect((reader.root.items.toJSON() as string[]).toSorted()).toEqual(['by copy 0', 'by copy 1', 'pending', 'stored'])
    expect(both.flatMap((doc) => doc.refused.list)).toEqual([])
  })
})
