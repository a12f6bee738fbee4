import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { StoreEvent } from '@joinery/sync'
import { afterAll, describe, expect, test } from 'vitest'
import { migrations } from '../src/postgres/migrations.ts'
import { decodeNews, encodeNews } from '../src/postgres/news.ts'
import { postgresStore } from '../src/postgres.ts'
import { startPostgres } from '../src/testing/postgres.ts'
import { requireBuild } from './crash/writer-process.ts'
import { sql } from './postgres-helpers.ts'
import { change, doc, write } from './store-helpers.ts'

const server = await startPostgres()
afterAll(() => server.remove())
const { url } = server
requireBuild()

interface Raced {
  readonly seat: string
  readonly conflicts: number
  readonly acknowledged: readonly { readonly id: string; readonly change: string; readonly version: number }[]
  readonly told: readonly StoreEvent[]
}

interface Racer {
  /** It has read the documents, and waits. */
  readonly ready: Promise<unknown>
  go(): void
  readonly done: Promise<Raced>
}

function racer(schema: string, name: string, commits: number): Racer {
  const script = fileURLToPath(new URL('crash/racer.mjs', import.meta.url))
  const args = [script, JSON.stringify({ url, schema }), name, `${commits}`]
  const running = promisify(execFile)(process.execPath, args, { maxBuffer: 1e8 })
  const done = running.then(({ stdout }): Raced => JSON.parse(stdout.slice(stdout.indexOf('\n'))))
  return {
    ready: Promise.race([once(running.child.stdout!, 'data'), done]),
    go: () => running.child.stdin!.write('go\n'),
    done,
  }
}

describe('processes on one database', () => {
  test('that race on the same documents: no gap, no repeat, everything acknowledged is there, and news arrive', async () => {
    const store = await postgresStore({ url, schema: 'race' })
    const told: StoreEvent[] = []
    store.watch!((event) => told.push(event))
    const ids = ['a', 'b', 'c']
    for (const id of ids) await store.commit(change({ tenant: 'tenant', id }, 0))
    const commits = process.env.JOINERY_SOAK ? 500 : 40
    const running = ['one', 'two'].map((name) => racer('race', name, commits))
    await Promise.all(running.map(({ ready }) => ready))
    for (const { go } of running) go()
    const racers = await Promise.all(running.map(({ done }) => done))
    expect(new Set(racers.map(({ seat }) => seat)).size).toBe(2)
    // Both had read each document before either wrote: of each one of them was refused at least once.
    expect(racers.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThanOrEqual(ids.length)
    const acknowledged = racers.flatMap((racer) => racer.acknowledged)
    expect(acknowledged.length).toBe(2 * ids.length * commits)
    for (const id of ids) {
      const log = await store.log({ tenant: 'tenant', id }, { after: 1, limit: 1e6 })
      const found = log.map((entry) => ({ version: entry.version, change: new TextDecoder().decode(entry.change) }))
      const expected = acknowledged.filter((one) => one.id === id).sort((a, b) => a.version - b.version)
      expect(found).toEqual(expected.map((one) => ({ version: one.version, change: one.change })))
      expect(found.map(({ version }) => version)).toEqual(found.map((_, i) => i + 2))
    }
    const positions = (await store.tenantLog('tenant', { after: 0, limit: 1e6 })).map(({ position }) => position)
    expect(positions).toEqual(positions.map((_, i) => i + 1))
    await expect.poll(() => told.filter(({ type }) => type === 'commit').length).toBe(acknowledged.length)
    const written = racers.map((raced) => raced.acknowledged.map(({ id, version }) => `${id} ${version}`).sort())
    const heard = racers.map((raced) =>
      raced.told.flatMap((event) => (event.type === 'commit' ? [`${event.key.id} ${event.version}`] : [])).sort(),
    )
    expect(heard).toEqual(written.toReversed())
    await store.close()
  })
})

describe('identity', () => {
  test('data in another place has a new identity, for every seat once', async () => {
    const options = { url, schema: 'moved' }
    const [first, second] = [await postgresStore(options), await postgresStore(options)]
    await write(first, 3)
    const { storeId } = first.identity
    // As after a dump was read back, or a replica promoted: the data says that it was elsewhere.
    await sql(url, "UPDATE moved.store SET place = 'elsewhere'")
    const third = await postgresStore(options)
    expect(third.identity).toMatchObject({ continuous: false, seat: '3' })
    expect(third.identity.storeId).not.toBe(storeId)
    expect((await third.head(doc))?.version).toBe(3)
    // Who had the data under its old name is out.
    await expect(first.commit(change(doc, 3))).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    for (const store of [first, second, third]) await store.close()
    const again = [await postgresStore(options), await postgresStore(options), await postgresStore(options)]
    expect(again.map(({ identity }) => identity.storeId)).toEqual(Array(3).fill(third.identity.storeId))
    // Only the third seat was there when the name was given; the others continue nothing.
    expect(again.map(({ identity }) => identity.continuous)).toEqual([false, false, true])
    for (const store of again) await store.close()
    const later = await postgresStore(options)
    expect(later.identity.continuous).toBe(true)
    await later.close()
  })

  test('a copied database has a new identity, the original keeps its own', async () => {
    await sql(url, 'CREATE DATABASE original')
    const original = new URL(url)
    original.pathname = '/original'
    const store = await postgresStore({ url: original.href })
    await write(store, 2)
    await store.close()
    // Both databases have a store in a schema of the same name.
    await sql(url, 'CREATE DATABASE copied TEMPLATE original')
    const copied = new URL(url)
    copied.pathname = '/copied'
    const copy = await postgresStore({ url: copied.href })
    expect(copy.identity.continuous).toBe(false)
    expect(copy.identity.storeId).not.toBe(store.identity.storeId)
    expect((await copy.head(doc))?.version).toBe(2)
    await copy.close()
    const again = await postgresStore({ url: original.href })
    expect(again.identity).toEqual({ ...store.identity, continuous: true })
    await again.close()
  })
})

describe('the schema', () => {
  test('is that of migration 1: a change of it is a new migration', () => {
    const digest = createHash('sha256').update(migrations.join('\n').replace(/\s+/g, ' ').trim()).digest('hex')
    expect({ migrations: migrations.length, digest }).toEqual({
      migrations: 1,
      digest: '878b265315fe793246caf1ecb9423dc1fa8367add58bb884a48253de80eae93d',
    })
  })

  test('of something else, or of a newer version, is STORE_FORMAT and left as it is', async () => {
    await sql(url, 'CREATE SCHEMA other; CREATE TABLE other.letters (a int)')
    await expect(postgresStore({ url, schema: 'other' })).rejects.toMatchObject({ code: 'STORE_FORMAT' })
    expect(await sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'other'")).toEqual([
      { tablename: 'letters' },
    ])
    await (await postgresStore({ url, schema: 'newer' })).close()
    await sql(url, 'INSERT INTO newer.migrations (version) VALUES (1000)')
    await expect(postgresStore({ url, schema: 'newer' })).rejects.toMatchObject({ code: 'STORE_FORMAT' })
  })

  test('many that open it at once make it once', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => postgresStore({ url, schema: 'at_once' })))
    expect(new Set(stores.map(({ identity }) => identity.seat)).size).toBe(6)
    expect(new Set(stores.map(({ identity }) => identity.storeId)).size).toBe(1)
    await Promise.all(stores.map((store) => store.close()))
  })

  test('is reached with no more rights than it needs', async () => {
    await sql(url, 'CREATE ROLE plain LOGIN; CREATE SCHEMA for_plain AUTHORIZATION plain')
    const plain = new URL(url)
    plain.username = 'plain'
    const store = await postgresStore({ url: plain.href, schema: 'for_plain' })
    await write(store, 1)
    await store.close()
    const refused = postgresStore({ url: plain.href, schema: 'not_there' })
    await expect(refused).rejects.toMatchObject({ code: 'STORE_IO', cause: { code: '42501' } })
  })

  test('where commits are not durable is refused', async () => {
    await sql(url, 'CREATE ROLE hasty LOGIN SUPERUSER; ALTER ROLE hasty SET synchronous_commit = off')
    const hasty = new URL(url)
    hasty.username = 'hasty'
    await expect(postgresStore({ url: hasty.href, schema: 'hasty' })).rejects.toMatchObject({
      code: 'STORE_IO',
      message: expect.stringContaining('synchronous_commit'),
    })
  })

  test('that is no name, or an address that is none, is STORE_ARGUMENT and quotes no password', async () => {
    for (const options of [
      { url, schema: 'Upper' },
      { url, schema: 'a"; DROP TABLE b' },
      { url, schema: 'x'.repeat(51) },
      { url: 'postgres://u:hunter2@h:port/d' },
      { url: 'mysql://u:hunter2@h/d' },
      { url: 'postgres://u:hunter2@h/d?options=-c%20fsync=off' },
    ]) {
      const failure = await postgresStore(options).catch((error) => error)
      expect(failure).toMatchObject({ name: 'StoreError', code: 'STORE_ARGUMENT' })
      expect(`${failure.message} ${failure.cause}`).not.toContain('hunter2')
    }
  })
})

describe('news', () => {
  const commits = Array.from({ length: 100 }, (_, i) => ({
    key: { tenant: 't\u{1f600}', id: `doc ${i}` },
    version: i + 1,
  }))

  test('arrive as they were sent, in as many notifications as it takes', () => {
    const payloads = encodeNews('1.1', commits, 500)
    expect(payloads.length).toBeGreaterThan(1)
    expect(payloads.every((payload) => payload.length <= 500 && /^[\x20-\x7e]+$/.test(payload))).toBe(true)
    const events = payloads.flatMap((payload) => decodeNews('2.1', payload))
    expect(events).toEqual(commits.map((commit) => ({ type: 'commit', ...commit })))
    expect(payloads.flatMap((payload) => decodeNews('1.1', payload))).toEqual([])
    expect(encodeNews('1.1', [], 500)).toEqual([])
  })

  test('newsBytesMax: what fits nowhere is a gap', () => {
    const long = { key: { tenant: 't', id: 'x'.repeat(600) }, version: 1 }
    const payloads = encodeNews('1.1', [commits[0]!, long], 500)
    expect(payloads.flatMap((payload) => decodeNews('2.1', payload))).toEqual([{ type: 'gap' }])
  })

  test('that nobody here has sent are a gap', () => {
    for (const payload of [undefined, '', 'hello', '{}', '["3.1",7]', '["3.1",["t",1,1]]', '["3.1",["t","d","1"]]']) {
      expect(decodeNews('1.1', payload)).toEqual([{ type: 'gap' }])
    }
  })
})
