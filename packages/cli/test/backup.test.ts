/** `joinery backup` and `joinery restore`: of a store at rest, and of a server at work. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openChange } from '@joinery/core'
import { startPostgres } from '@joinery/storage/testing/postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { fill, fillLarge, withStore } from './data-helpers.ts'
import { joinery, joineryHere, type Serving, serve, spawnJoinery, temporaryDirectory } from './joinery.ts'

const postgres = await startPostgres()
afterAll(() => postgres.remove())

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone', 'Content-Type': 'application/json' }

async function backedUp(store: string, file: string): Promise<string> {
  const finished = await joineryHere(['backup', '--store', store, file, '--json', '--hashes'])
  expect(finished).toMatchObject({ code: 0 })
  return finished.stdout
}

async function restored(file: string, store: string): Promise<string> {
  const finished = await joineryHere(['restore', file, '--store', store, '--json', '--hashes'])
  expect(finished).toMatchObject({ code: 0 })
  return finished.stdout
}

describe('a store at rest', () => {
  test('is the same in every store that it is restored into, hash by hash', async () => {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fill(from, 60)
    const file = join(directory, 'backup.jsonl')
    const printed = await backedUp(from, file)
    expect(JSON.parse(printed.trim().split('\n').at(-1)!)).toMatchObject({ documents: 60, receipts: 24, values: 2 })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const targets = [
      `sqlite:${join(directory, 'to.sqlite')}`,
      `leveldb:${join(directory, 'to')}`,
      `${postgres.url}?schema=restored`,
    ]
    for (const [i, to] of targets.entries()) {
      expect(await restored(file, to)).toBe(printed)
      const again = join(directory, `again-${i}.jsonl.gz`)
      expect(await backedUp(to, again)).toBe(printed)
      expect(statSync(again).size).toBeLessThan(statSync(file).size / 2)
    }
    expect(await restored(join(directory, 'again-2.jsonl.gz'), `leveldb:${join(directory, 'last')}`)).toBe(printed)
    expect(readdirSync(directory).filter((name) => name.includes('partial'))).toEqual([])
  })

  test('is restored into an empty store only, and from a whole backup only', async () => {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fill(from, 10)
    const file = join(directory, 'backup.jsonl')
    await backedUp(from, file)
    expect(await joineryHere(['restore', file, '--store', from])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('DATA_TARGET_NOT_EMPTY'),
    })
    const exported = join(directory, 'export.jsonl')
    expect((await joineryHere(['export', exported, '--store', from])).code).toBe(0)
    const to = `leveldb:${join(directory, 'to')}`
    expect(await joineryHere(['restore', exported, '--store', to])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('DATA_NOT_BACKUP'),
    })
    expect((await joineryHere(['restore', join(directory, 'none'), '--store', to])).code).toBe(2)
    expect((await joineryHere(['backup', '--store', from, file])).stderr).toContain('already')
    expect(
      (await joineryHere(['backup', '--store', `sqlite:${join(directory, 'none.sqlite')}`, `${file}2`])).code,
    ).toBe(2)
    expect((await joineryHere(['backup', '--store', 'memory:', `${file}2`])).code).toBe(2)
    expect(existsSync(`${file}2`)).toBe(false)
  })

  test('a damaged file is refused with its line, and a cut one; nothing is written', async () => {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fill(from, 10)
    const file = join(directory, 'backup.jsonl')
    await backedUp(from, file)
    const lines = readFileSync(file, 'utf8').split('\n')
    const damaged = join(directory, 'damaged.jsonl')
    writeFileSync(damaged, lines.with(6, lines[6]!.replace('"kind"', '"kinD"')).join('\n'))
    const to = `sqlite:${join(directory, 'to.sqlite')}`
    expect(await joineryHere(['restore', damaged, '--store', to])).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/line 7: .* \(DATA_DAMAGED\)/),
    })
    writeFileSync(damaged, lines.slice(0, 9).join('\n'))
    expect(await joineryHere(['restore', damaged, '--store', to])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('DATA_TRUNCATED'),
    })
    writeFileSync(damaged, 'Dear editor,\n')
    expect((await joineryHere(['restore', damaged, '--store', to])).stderr).toContain('DATA_FORMAT')
    await withStore(to, async (store) => expect(await store.tenants({ limit: 1 })).toEqual({ items: [] }))
    expect(await restored(file, to)).toContain('"documents":10')
  })

  test('a killed restore goes on; a stopped backup leaves no file', async () => {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fill(from, 150)
    const file = join(directory, 'backup.jsonl')
    const printed = await backedUp(from, file)
    const to = `leveldb:${join(directory, 'to')}`
    const restoring = spawnJoinery(['restore', file, '--store', to])
    await restoring.says(/writing {2}0%/)
    await delay(30)
    restoring.child.kill('SIGKILL')
    expect((await restoring.exited).signal).toBe('SIGKILL')
    const server = await joineryHere(['serve', '--addr', '127.0.0.1:0', '--store', to])
    expect(server).toMatchObject({ code: 1, stderr: expect.stringContaining('STORE_UNFINISHED') })
    expect((await joineryHere(['backup', '--store', to, join(directory, 'half')])).stderr).toContain('STORE_UNFINISHED')
    const other = join(directory, 'other.jsonl')
    await fill(`sqlite:${join(directory, 'other.sqlite')}`, 3)
    await backedUp(`sqlite:${join(directory, 'other.sqlite')}`, other)
    expect((await joineryHere(['restore', other, '--store', to])).code).toBe(4)
    expect(await restored(file, to)).toBe(printed)

    const stopped = join(directory, 'stopped.jsonl')
    const writing = spawnJoinery(['backup', '--store', from, stopped])
    await writing.says(/writing/)
    writing.child.kill('SIGINT')
    const { code } = await writing.exited
    // It may have been done already.
    expect([0, 130]).toContain(code)
    expect(existsSync(stopped)).toBe(code === 0)
    expect(existsSync(`${stopped}.partial`)).toBe(false)
  })
})

test('to the standard output, with the hashes beside it', async () => {
  const directory = temporaryDirectory()
  const from = `sqlite:${join(directory, 'from.sqlite')}`
  await fill(from, 10)
  const file = join(directory, 'backup.jsonl')
  const printed = await backedUp(from, file)
  const { stdout, stderr } = await joinery(['backup', '--store', from, '-', '--json', '--hashes'])
  const body = (text: string) => text.split('\n').slice(1)
  expect(body(stdout)).toEqual(body(readFileSync(file, 'utf8')))
  const hashes = stderr.split('\n').filter((line) => line.startsWith('{'))
  expect(`${hashes.join('\n')}\n`).toBe(printed)
})

/** Adds numbers to documents of its own, one after the other, until told to stop; notes when each was acknowledged. */
async function writeAlong(server: Serving, writer: number, state: { isOver: boolean }): Promise<readonly number[]> {
  const acknowledged: number[] = []
  for (let i = 0; !state.isOver; i += 1) {
    const body = JSON.stringify({ type: 'gset', ops: [{ type: 'add', elem: i }] })
    const answer = await fetch(`${server.url}/v1/docs/live-${writer}/ops?snapshot=false`, {
      method: 'POST',
      headers,
      body,
    })
    expect(answer.status).toBe(200)
    acknowledged.push(Date.now())
  }
  return acknowledged
}

describe('a server at work', () => {
  const WRITERS = 6

  test.each(['sqlite', 'leveldb'])('is backed up without a pause, and restored elsewhere: %s', async (kind) => {
    const directory = temporaryDirectory()
    const from = `${kind}:${join(directory, 'from')}`
    await fill(from, 200)
    const server = await serve(['--store', from, '--log-level', 'warn'])
    const { key } = JSON.parse(
      (await joineryHere(['keys', 'create', '--store', from, '--tenant', 'acme', '--json'])).stdout,
    )
    Object.assign(headers, { 'X-API-Key': key })
    const state = { isOver: false }
    const writers = Array.from({ length: WRITERS }, (_, writer) => writeAlong(server, writer, state))
    await delay(300)
    const file = join(directory, 'backup.jsonl')
    const beganMs = Date.now()
    const finished = await joinery(['backup', '--store', from, file, '--json', '--hashes'])
    const endedMs = Date.now()
    await delay(100)
    state.isOver = true
    const acknowledged = await Promise.all(writers)
    expect(finished).toMatchObject({ code: 0 })
    const during = acknowledged.flat().filter((ms) => ms >= beganMs && ms <= endedMs)
    expect(during.length).toBeGreaterThan(10)
    const waits = acknowledged.flatMap((all) => all.slice(1).map((ms, i) => ms - all[i]!))
    console.log(
      `${kind}: backup of ${readFileSync(file, 'utf8').split('\n').length} lines in ${endedMs - beganMs} ms, ` +
        `${during.length} writes meanwhile, longest wait ${Math.max(...waits)} ms`,
    )
    expect(await server.stop()).toBe(0)

    const to = `leveldb:${join(directory, 'to')}`
    expect(await restored(file, to)).toBe(finished.stdout)
    const again = await serve(['--store', to])
    for (const [writer, ms] of acknowledged.entries()) {
      const read = await fetch(`${again.url}/v1/docs/live-${writer}`, { headers })
      const { value, version } = (await read.json()) as { value: number[]; version: number }
      // All that was acknowledged before the backup began, nothing that came after its end, and each document at one moment.
      expect(value.toSorted((a, b) => a - b)).toEqual(Array.from({ length: version }, (_, i) => i))
      expect(version).toBeGreaterThanOrEqual(ms.filter((at) => at < beganMs).length)
      expect(version).toBeLessThanOrEqual(ms.filter((at) => at <= endedMs).length + 1)
    }
    expect(await again.stop()).toBe(0)
  })

  test('at rest it gives the same archive as its store', async () => {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fill(from, 50)
    const server = await serve(['--store', from])
    const live = await backedUp(from, join(directory, 'live.jsonl'))
    expect(await server.stop()).toBe(0)
    expect(await backedUp(from, join(directory, 'rest.jsonl'))).toBe(live)
    const body = (name: string) => readFileSync(join(directory, name), 'utf8').split('\n').slice(1)
    expect(body('live.jsonl')).toEqual(body('rest.jsonl'))
  })

  test('a server that is killed in the middle leaves no file', async () => {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fillLarge(from, 30)
    const server = await serve(['--store', from])
    const file = join(directory, 'backup.jsonl')
    const writing = spawnJoinery(['backup', '--store', from, file])
    await writing.says(/writing/)
    server.signal('SIGKILL')
    const { code } = await writing.exited
    if (code !== 0) expect([1, 3]).toContain(code)
    expect(existsSync(file)).toBe(code === 0)
    expect(existsSync(`${file}.partial`)).toBe(false)
  })

  test('stops though somebody is being given a backup and does not take it', async () => {
    const directory = temporaryDirectory()
    const path = join(directory, 'from.sqlite')
    await fillLarge(`sqlite:${path}`, 10)
    const server = await serve(['--store', `sqlite:${path}`])
    const socket = connect(`${path}.control`)
    socket.on('error', () => {})
    socket.write(`${JSON.stringify({ command: 'read', content: 'everything', values: false })}\n`)
    await delay(300)
    expect(await server.stop()).toBe(0)
    socket.destroy()
  })
})

test('a restored store is another store: new id, and its server stamps as another actor', async () => {
  const directory = temporaryDirectory()
  const from = `sqlite:${join(directory, 'from.sqlite')}`
  await fill(from, 10)
  await joineryHere(['keys', 'create', '--store', from, '--tenant', 'acme'])
  const file = join(directory, 'backup.jsonl')
  await backedUp(from, file)
  const to = `sqlite:${join(directory, 'to.sqlite')}`
  await restored(file, to)
  const key = { tenant: 'acme', id: 'doc 0' }
  const own = await joineryHere(['keys', 'create', '--store', to, '--tenant', 'acme'])
  const actors: string[] = []
  for (const store of [from, to, to]) {
    const token =
      store === to
        ? own.stdout.trim()
        : (await joineryHere(['keys', 'create', '--store', from, '--tenant', 'acme'])).stdout.trim()
    const server = await serve(['--store', store])
    const body = JSON.stringify({ type: 'orset', ops: [{ type: 'add', elem: 'one more' }] })
    const options = { method: 'POST', headers: { ...headers, 'X-API-Key': token }, body }
    expect((await fetch(`${server.url}/v1/docs/${encodeURIComponent(key.id)}/ops`, options)).status).toBe(200)
    expect(await server.stop()).toBe(0)
    await withStore(store, async (opened) => {
      const { version } = (await opened.head(key))!
      const [entry] = await opened.log(key, { after: version - 1, limit: 1 })
      actors.push(openChange(entry!.change).header.actor)
    })
  }
  const [before] = actors
  expect(actors[1]).not.toBe(before)
  // And from then on it stays the same.
  expect(actors[2]).toBe(actors[1])
  const ids = await Promise.all([from, to].map((store) => withStore(store, async ({ identity }) => identity.storeId)))
  expect(ids[0]).not.toBe(ids[1])
})
