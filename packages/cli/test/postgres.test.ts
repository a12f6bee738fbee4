/** `joinery serve` on PostgreSQL: several servers on one database, and a password that nobody sees. */
import { postgresStore } from '@joinery/storage/postgres'
import { startPostgres } from '@joinery/storage/testing/postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { formatStoreUrl, parseStoreUrl } from '../src/store-url.ts'
import { joineryHere, type Serving, serve } from './joinery.ts'

const postgres = await startPostgres()
afterAll(() => postgres.remove())

/** The server trusts whoever comes from this machine, so any password will do. */
const secret = 'hunter2-hunter2'
const withPassword = postgres.url.replace('postgres@', `postgres:${secret}@`)

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone', 'Content-Type': 'application/json' }

async function add(server: Serving, document: string, elem: string): Promise<void> {
  const body = JSON.stringify({ type: 'gset', ops: [{ type: 'add', elem }] })
  const answer = await fetch(`${server.url}/v1/docs/${document}/ops`, { method: 'POST', headers, body })
  expect(answer.status).toBe(200)
}

async function contentOf(server: Serving, document: string): Promise<unknown> {
  const answer = await fetch(`${server.url}/v1/docs/${document}`, { headers })
  return ((await answer.json()) as { value: unknown }).value
}

describe('servers on one database', () => {
  test('what one has stored another reads, each has an actor of its own, and a restart keeps it', async () => {
    const store = `${withPassword}?schema=shared`
    const one = await serve(['--store', store])
    const two = await serve(['--store', store])
    await add(one, 'a', 'from one')
    await add(two, 'b', 'from two')
    expect(await contentOf(two, 'a')).toEqual(['from one'])
    expect(await one.stop()).toBe(0)
    expect(await two.stop()).toBe(0)
    const actors = async () => {
      const opened = await postgresStore({ url: postgres.url, schema: 'shared' })
      const values = await opened.values('own/server/actor')
      await opened.close()
      return values
    }
    const before = await actors()
    expect(before.map(({ name }) => name)).toEqual(['own/server/actor/1', 'own/server/actor/2'])
    expect(before[0]!.value).not.toBe(before[1]!.value)
    const again = await serve(['--store', store])
    expect(await contentOf(again, 'a')).toEqual(['from one'])
    await add(again, 'a', 'later')
    expect(await again.stop()).toBe(0)
    expect(await actors()).toEqual(before)
    for (const printed of [one.stdout(), one.stderr(), again.stdout(), again.stderr()]) {
      expect(printed).not.toContain(secret)
    }
    expect(one.stdout()).toContain(`store   ${postgres.url}?schema=shared\n`)
  })

  test('keys are managed beside a running server, which learns of it soon', async () => {
    const store = `${postgres.url}?schema=keyed`
    const server = await serve(['--store', store])
    const created = await joineryHere(['keys', 'create', '--store', store, '--tenant', 'acme'])
    expect(created).toMatchObject({ code: 0, stderr: expect.stringContaining('within 2 seconds') })
    const key = created.stdout.trim()
    const ask = async (more: Record<string, string>): Promise<number> =>
      (await fetch(`${server.url}/v1/docs`, { headers: { ...headers, ...more } })).status
    await expect.poll(() => ask({}), { timeout: 10_000 }).toBe(401)
    expect(await ask({ 'X-API-Key': key })).toBe(200)
    await joineryHere(['keys', 'revoke', '--store', store, key.slice(3, 19)])
    await expect.poll(() => ask({ 'X-API-Key': key }), { timeout: 10_000 }).toBe(401)
    expect(await server.stop()).toBe(0)
  })
})

describe('the address', () => {
  test('is shown without its password, wherever that stands', () => {
    for (const [text, shown] of [
      ['postgres://u:hunter2@h:5/d', 'postgres://u@h:5/d'],
      ['postgresql://u:hunter2@h/d?schema=s&sslmode=require', 'postgresql://u@h/d?schema=s'],
      ['postgres://h/d?password=hunter2', 'postgres://h/d'],
      ['postgres:///d', 'postgres:///d'],
    ] as const) {
      expect(formatStoreUrl(parseStoreUrl(text))).toBe(shown)
    }
    expect(parseStoreUrl('postgres://u:hunter2@h/d?schema=s&sslmode=require')).toMatchObject({
      address: 'postgres://u:hunter2@h/d?sslmode=require',
      schema: 's',
    })
  })

  test.each([
    ['postgres:host', 2, 'cannot be read'],
    [`postgres://u:${secret}@host:port/d`, 2, 'cannot be read'],
    [`postgres://u:${secret}@127.0.0.1:1/d`, 1, 'STORE_IO'],
    [`${withPassword}?schema=Not%20One`, 1, 'STORE_ARGUMENT'],
    [withPassword.replace(/\/postgres$/, '/nowhere'), 1, 'database "nowhere" does not exist'],
  ])('that does not work is refused without its password (%#)', async (store, code, message) => {
    const finished = await joineryHere(['serve', '--addr', '127.0.0.1:0', '--store', store])
    expect(finished.stderr).toContain(message)
    expect(finished.stderr).not.toContain(secret)
    expect(finished.code).toBe(code)
  })

  test('leaves out what the variables of libpq say', async () => {
    const { hostname, port } = new URL(postgres.url)
    const server = await serve(['--store', 'postgres:///postgres?schema=variables'], {
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: 'postgres',
      PGPASSWORD: secret,
    })
    await add(server, 'a', 'there')
    expect(await server.stop()).toBe(0)
    expect(server.stdout() + server.stderr()).not.toContain(secret)
  })
})
