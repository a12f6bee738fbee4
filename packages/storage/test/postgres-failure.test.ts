import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { StoreEvent } from '@joinery/sync'
import { afterAll, describe, expect, test } from 'vitest'
import { type PostgresStoreOptions, postgresStore } from '../src/postgres.ts'
import { startPostgres } from '../src/testing/postgres.ts'
import { sql } from './postgres-helpers.ts'
import { change, doc, write } from './store-helpers.ts'

const server = await startPostgres()
afterAll(() => server.remove())
const { url } = server
let count = 0

async function open(options: Partial<PostgresStoreOptions> = {}) {
  count += 1
  const schema = `s${count}`
  return { schema, store: await postgresStore({ url, schema, ...options }) }
}

function keyAt(i: number) {
  return { tenant: 'tenant', id: `doc ${i}` }
}

async function codesOf(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((one) => (one.status === 'fulfilled' ? 'stored' : one.reason.code))
}

/** Ends connections of stores, as an administrator or a network would; answers how many. */
async function terminate(where: string): Promise<number> {
  const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'joinery' AND ${where}`
  return (await sql(url, text)).length
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500 && !(await holds()); i += 1) await delay(10)
  expect(await holds()).toBe(true)
}

/** A proxy before the server that breaks all connections when a COMMIT passes, before or after it reaches the server. */
async function commitCutter() {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  const state = { cut: 'never' as 'never' | 'before' | 'after', isOpen: true, silenced: new Set<Socket>() }
  const proxy = createServer((client) => {
    if (!state.isOpen) {
      client.destroy()
      return
    }
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    let isDeaf = false
    client.on('data', (data) => {
      if (state.silenced.has(client)) return
      const isCommit = state.cut !== 'never' && data.includes('COMMIT\0')
      if (isCommit && state.cut === 'before') {
        cutAll()
        return
      }
      isDeaf ||= isCommit
      upstream.write(data)
      // The server has long answered by then.
      if (isCommit) setTimeout(cutAll, 150)
    })
    upstream.on('data', (data) => {
      if (!isDeaf && !state.silenced.has(client)) client.write(data)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  const cutAll = () => {
    state.cut = 'never'
    for (const socket of sockets) socket.destroy()
  }
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const through = new URL(url)
  through.port = String((proxy.address() as { port: number }).port)
  return {
    url: through.href,
    state,
    /** Connections stay, and nothing passes any more; new ones work. */
    silence() {
      for (const socket of sockets) state.silenced.add(socket)
    },
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}

describe('a commit that is not answered', () => {
  test('is acknowledged when it turns out to be stored', async () => {
    const proxy = await commitCutter()
    const { store } = await open({ url: proxy.url })
    await write(store, 1)
    proxy.state.cut = 'after'
    const [second, other] = await Promise.all([store.commit(change(doc, 1)), store.commit(change(keyAt(1), 0))])
    expect([second[0]!.version, other[0]!.version]).toEqual([2, 1])
    expect((await store.head(doc))?.version).toBe(2)
    await write(store, 1)
    await store.close()
    proxy.close()
  })

  test('is refused when it turns out not to be stored, and the store goes on', async () => {
    const proxy = await commitCutter()
    const { store } = await open({ url: proxy.url })
    await write(store, 1)
    proxy.state.cut = 'before'
    expect(await codesOf([store.commit(change(doc, 1)), store.setValue('n', 'v')])).toEqual(['STORE_IO', 'STORE_IO'])
    expect((await store.head(doc))?.version).toBe(1)
    expect(await store.value('n')).toBeUndefined()
    await write(store, 2)
    await store.close()
    proxy.close()
  })

  test('is of unknown outcome when the server cannot be asked, and never acknowledged', async () => {
    const proxy = await commitCutter()
    const { schema, store } = await open({ url: proxy.url, limits: { outcomeAttemptsMax: 3, reconnectWaitMs: 10 } })
    await write(store, 1)
    proxy.state.cut = 'after'
    const committing = codesOf([store.commit(change(doc, 1))])
    await delay(50)
    proxy.state.isOpen = false
    expect(await committing).toEqual(['STORE_UNKNOWN'])
    proxy.state.isOpen = true
    // It was stored, which the caller was told to find out by reading.
    expect((await store.head(doc))?.version).toBe(2)
    await write(store, 1)
    await store.close()
    proxy.close()
    expect(await sql(url, `SELECT version FROM ${schema}.log ORDER BY version`)).toEqual([
      { version: '1' },
      { version: '2' },
      { version: '3' },
    ])
  })
})

describe('a lost connection', () => {
  test('the writer connects again: at most the commit under way is refused', async () => {
    const { store } = await open()
    for (let i = 0; i < 5; i += 1) {
      await write(store, 1)
      await terminate("query NOT LIKE 'LISTEN%'")
      await codesOf([store.commit(change(keyAt(i), 0))])
    }
    await write(store, 1)
    expect((await store.head(doc))?.version).toBe(6)
    await store.close()
  })

  test('watchers are told of the gap, then of commits as before; the seat stays', async () => {
    const { schema, store } = await open()
    const other = await postgresStore({ url, schema })
    const heard: StoreEvent[] = []
    store.watch!((event) => heard.push(event))
    const [holder] = await sql<{ pid: number }>(
      url,
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid::bigint =
        hashtextextended('joinery/${schema}/seat/1', 0) & 4294967295`,
    )
    expect(await terminate(`pid = ${holder!.pid}`)).toBe(1)
    await until(() => heard.length === 1)
    expect(heard).toEqual([{ type: 'gap' }])
    await other.commit(change(doc, 0))
    await until(() => heard.length === 2)
    expect(heard[1]).toEqual({ type: 'commit', key: doc, version: 1 })
    await store.commit(change(doc, 1))
    const third = await postgresStore({ url, schema })
    expect(third.identity.seat).toBe('3')
    for (const one of [store, other, third]) await one.close()
  })

  test('listenCheckMs: a network that falls silent is noticed, and told as a gap', async () => {
    const proxy = await commitCutter()
    const limits = { listenCheckMs: 50, answerWaitMsMax: 1000, reconnectWaitMs: 50 }
    const { schema, store } = await open({ url: proxy.url, limits })
    const other = await postgresStore({ url, schema })
    const heard: StoreEvent[] = []
    store.watch!((event) => heard.push(event))
    proxy.silence()
    await other.commit(change(doc, 0))
    await until(() => heard.length > 0)
    expect(heard[0]).toEqual({ type: 'gap' })
    await other.commit(change(doc, 1))
    await until(() => heard.length > 1)
    expect(heard[1]).toEqual({ type: 'commit', key: doc, version: 2 })
    await store.commit(change(doc, 2))
    await other.close()
    await store.close()
    proxy.close()
  })

  test('who finds its seat taken writes nothing any more', async () => {
    const { schema, store } = await open()
    await write(store, 1)
    // What the next owner of the seat does when the server has given up the connection of this one.
    await sql(url, `UPDATE ${schema}.seats SET fence = fence + 1`)
    const codes = await codesOf([store.commit(change(doc, 1)), store.setValue('n', 'v')])
    expect(codes).toEqual(['STORE_LOCKED', 'STORE_LOCKED'])
    expect((await store.head(doc))?.version).toBe(1)
    await store.close()
  })
})

describe('a failing statement', () => {
  test('takes only the write at fault down', async () => {
    const { schema, store } = await open()
    await write(store, 1)
    await sql(url, `ALTER TABLE ${schema}.log ADD CHECK (octet_length(change) < 100)`)
    const commits = [0, 1, 2, 3].map((i) => change(keyAt(i), 0, i === 2 ? 'x'.repeat(200) : 'short'))
    const codes = await codesOf(commits.map((commit) => store.commit(commit)))
    expect(codes).toEqual(['stored', 'stored', 'STORE_IO', 'stored'])
    expect(await store.head(keyAt(2))).toBeUndefined()
    const failure = await store.commit(commits[2]!).catch((error) => error)
    expect(failure).toMatchObject({ name: 'StoreError', code: 'STORE_IO', cause: { code: '23514' } })
    await store.close()
  })

  test('a failing read is STORE_IO', async () => {
    const { schema, store } = await open()
    await sql(url, `ALTER TABLE ${schema}.documents RENAME TO lost`)
    await expect(store.head(doc)).rejects.toMatchObject({ code: 'STORE_IO', cause: { code: '42P01' } })
    await store.close()
  })
})

describe('what the limits do', () => {
  test('lockWaitMsMax: who waits too long for another owner is refused with STORE_BUSY', async () => {
    const { schema, store } = await open({ limits: { lockWaitMsMax: 200 } })
    await write(store, 1)
    const holding = sql(url, `BEGIN; SELECT FROM ${schema}.tenants FOR UPDATE; SELECT pg_sleep(1)`)
    await delay(200)
    expect(await codesOf([store.commit(change(doc, 1))])).toEqual(['STORE_BUSY'])
    await holding
    await write(store, 1)
    await store.close()
  })

  test('seatsMax: one more owner is STORE_LOCKED, until one leaves', async () => {
    const { schema, store } = await open({ limits: { seatsMax: 2 } })
    const options = { url, schema, limits: { seatsMax: 2 } }
    const second = await postgresStore(options)
    await expect(postgresStore(options)).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await store.close()
    const third = await postgresStore(options)
    expect(third.identity).toEqual({ ...store.identity, continuous: true })
    await second.close()
    await third.close()
  })

  test('queueWritesMax and flushWritesMax: a full queue is STORE_BUSY', async () => {
    const { store } = await open({ limits: { queueWritesMax: 10, flushWritesMax: 4 } })
    const codes = await codesOf(Array.from({ length: 25 }, (_, i) => store.commit(change(keyAt(i), 0))))
    expect(codes).toEqual([...Array(10).fill('stored'), ...Array(15).fill('STORE_BUSY')])
    await store.close()
  })

  test('readConnectionsMax bounds the connections for reading', async () => {
    const { store } = await open({ limits: { readConnectionsMax: 2 } })
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.head(keyAt(i))))
    const connections = "SELECT FROM pg_stat_activity WHERE application_name = 'joinery'"
    // Two read, one holds the seat; nothing was written yet. Those of other tests may just be going.
    await until(async () => (await sql(url, connections)).length === 3)
    await store.close()
  })

  test('connectWaitMsMax: a server that does not answer is STORE_IO', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const opening = postgresStore({ url: `postgres://u@127.0.0.1:${port}/d`, limits: { connectWaitMsMax: 200 } })
    await expect(opening).rejects.toMatchObject({ code: 'STORE_IO' })
    silent.close()
  })

  test('answerWaitMsMax: a query that is not answered is STORE_IO', async () => {
    const { schema, store } = await open({ limits: { answerWaitMsMax: 300, lockWaitMsMax: 5000 } })
    await write(store, 1)
    const holding = sql(url, `BEGIN; LOCK ${schema}.documents; SELECT pg_sleep(2)`)
    const locks = `SELECT 1 FROM pg_locks WHERE relation = '${schema}.documents'::regclass AND mode = 'AccessExclusiveLock' AND granted`
    await until(async () => (await sql(url, locks)).length > 0)
    await expect(store.head(doc)).rejects.toMatchObject({ code: 'STORE_IO' })
    await holding
    await until(async () => (await store.head(doc).catch(() => undefined)) !== undefined)
    await store.close()
  })
})
