/** `joinery migrate`: what one store has, another has; interrupted and gone on with. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startPostgres } from '@joinery/storage/testing/postgres'
import type { Store } from '@joinery/sync'
import { afterAll, describe, expect, test } from 'vitest'
import { fill, withStore } from './data-helpers.ts'
import { joinery, joineryHere, serve, spawnJoinery, temporaryDirectory } from './joinery.ts'

const postgres = await startPostgres()
afterAll(() => postgres.remove())

const soak = process.env.JOINERY_SOAK !== undefined
const DOCUMENTS = soak ? 100_000 : 300

function migrating(from: string, to: string): string[] {
  return ['migrate', '--from', from, '--to', to, '--json', '--hashes']
}

interface Totals {
  readonly documents: number
  readonly hash: string
}

/** The last line of what it printed. */
function totalsOf(stdout: string): Totals {
  return JSON.parse(stdout.trim().split('\n').at(-1)!)
}

/** Runs the command to its end, as a process of its own. */
async function migrated(from: string, to: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const finished = await joinery(migrating(from, to))
  expect(finished.code, finished.stderr).toBe(0)
  return finished
}

/** Sends a signal in the middle of the copying. Answers the exit status, null where the signal itself ended it. */
async function stoppedMidway(from: string, to: string, signal: NodeJS.Signals): Promise<number | null> {
  const running = spawnJoinery(migrating(from, to))
  // With so many that lines come in between, a third of them; else soon after it has begun. It ends with comparing everything, so
  // that is well before its end.
  await running.says(soak ? /copying {2}(3|4|5)\d%/ : /copying {2}0%/)
  // A store of several owners can be looked into meanwhile.
  if (to.startsWith('postgres:')) await withStore(to, someAreThere)
  else await delay(60)
  running.child.kill(signal)
  return (await running.exited).code
}

async function someAreThere(store: Store): Promise<void> {
  while ((await documentsIn(store)) === 0) await delay(5)
}

async function documentsIn(store: Store): Promise<number> {
  let documents = 0
  for (const tenant of (await store.tenants({ limit: 10 })).items) {
    documents += (await store.documents(tenant, { limit: 1_000_000, deleted: true })).items.length
  }
  return documents
}

/** The store knows that it is not finished, and is not served. Answers how many documents it has. */
async function expectUnfinished(to: string): Promise<number> {
  const refused = await joineryHere(['serve', '--addr', '127.0.0.1:0', '--store', to])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('STORE_UNFINISHED') })
  return withStore(to, documentsIn)
}

async function storeIdOf(url: string): Promise<string> {
  return withStore(url, async (store) => store.identity.storeId)
}

test(
  `${DOCUMENTS} documents from SQLite to PostgreSQL to LevelDB to SQLite, killed twice on the way`,
  async () => {
    const directory = temporaryDirectory()
    const first = `sqlite:${join(directory, 'first.sqlite')}`
    const stores = [
      first,
      `${postgres.url}?schema=chain`,
      `leveldb:${join(directory, 'third')}`,
      `sqlite:${join(directory, 'last.sqlite')}`,
    ]
    const key = await fill(first, DOCUMENTS)
    const printed: string[] = []
    for (const [i, to] of stores.slice(1).entries()) {
      const from = stores[i]!
      const started = Date.now()
      if (i < 2) {
        expect(await stoppedMidway(from, to, 'SIGKILL')).toBeNull()
        const there = await expectUnfinished(to)
        console.log(`killed with ${there} documents there, after ${Date.now() - started} ms`)
        expect(there).toBeLessThanOrEqual(DOCUMENTS)
      }
      const { stdout, stderr } = await migrated(from, to)
      expect(stderr.includes('had been interrupted')).toBe(i < 2)
      printed.push(stdout)
      console.log(
        `${from.split(':')[0]} -> ${to.split(':')[0]}: ${Date.now() - started} ms, ${JSON.stringify(totalsOf(stdout))}`,
      )
    }
    expect(totalsOf(printed[0]!)).toMatchObject({ documents: DOCUMENTS, receipts: (DOCUMENTS * 2) / 5, values: 2 })
    // A line per document, each with the same hash, and the hash of all.
    expect(printed[0]!.split('\n').length).toBe(DOCUMENTS + 2)
    expect(printed[1]).toBe(printed[0])
    expect(printed[2]).toBe(printed[0])
    expect(new Set(await Promise.all(stores.map(storeIdOf))).size).toBe(stores.length)
    await expectServed(stores.at(-1)!, key)
  },
  process.env.JOINERY_SOAK ? 3_600_000 : 240_000,
)

/** The copy lives: its documents are there, its keys hold, its actor is its own, and what is written has the next version. */
async function expectServed(url: string, key: string): Promise<void> {
  const server = await serve(['--store', url])
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone', 'Content-Type': 'application/json' }
  const ask = async (target: string, more: RequestInit = {}, with_: object = { 'X-API-Key': key }) =>
    fetch(`${server.url}/v1/docs/${target}`, { ...more, headers: { ...headers, ...with_ } })
  expect((await ask('doc%200', {}, {})).status).toBe(401)
  const read = (await (await ask('doc%200')).json()) as { value: string[]; version: number }
  expect(read.value.toSorted()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9].map((n) => `0.${n}`))
  expect((await ask('doc%203')).status).toBe(410)
  const body = JSON.stringify({ since: 0, type: 'orset', ops: [{ type: 'add', elem: 'after' }] })
  const written = (await (await ask('doc%200/ops', { method: 'POST', body })).json()) as { version: number }
  expect(written.version).toBe(read.version + 1)
  expect(await server.stop()).toBe(0)
}

describe('interruptions and refusals', () => {
  async function filled(): Promise<{ readonly from: string; readonly directory: string }> {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fill(from, 40)
    return { from, directory }
  }

  test('SIGINT stops in order with 130, and the same command goes on', async () => {
    const directory = temporaryDirectory()
    const from = `sqlite:${join(directory, 'from.sqlite')}`
    await fill(from, 150)
    const to = `leveldb:${join(directory, 'to')}`
    expect(await stoppedMidway(from, to, 'SIGINT')).toBe(130)
    await expectUnfinished(to)
    const finished = await migrated(from, to)
    expect(totalsOf(finished.stdout).documents).toBe(150)
    // It is finished now, and holds data: a second migration into it is refused.
    const second = await joineryHere(migrating(from, to))
    expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining('DATA_TARGET_NOT_EMPTY') })
  })

  test('a target that another source has begun to fill, or that has data of its own', async () => {
    const { from, directory } = await filled()
    const to = `leveldb:${join(directory, 'to')}`
    const other = `sqlite:${join(directory, 'other.sqlite')}`
    await fill(other, 5)
    expect((await joineryHere(migrating(from, other))).stderr).toContain('DATA_TARGET_NOT_EMPTY')
    await withStore(to, (store) => store.setValue('own/unfinished', 'store of somebody else'))
    const refused = await joineryHere(migrating(from, to))
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('another source') })
    expect(await expectUnfinished(to)).toBe(0)
  })

  test('a source that is not there, is in use, is unfinished, is the target', async () => {
    const { from, directory } = await filled()
    const to = `leveldb:${join(directory, 'to')}`
    const missing = join(directory, 'missing.sqlite')
    expect((await joineryHere(migrating(`sqlite:${missing}`, to))).code).toBe(2)
    expect(existsSync(missing)).toBe(false)
    const server = await serve(['--store', from])
    expect(await joineryHere(migrating(from, to))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('STORE_LOCKED'),
    })
    expect(await server.stop()).toBe(0)
    const shared = `${postgres.url}?schema=same`
    await fill(shared, 5)
    expect(await joineryHere(migrating(shared, shared))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('DATA_TARGET_IS_SOURCE'),
    })
    await withStore(from, (store) => store.setValue('own/unfinished', 'something'))
    expect((await joineryHere(migrating(from, to))).stderr).toContain('STORE_UNFINISHED')
    expect((await joineryHere(migrating('memory:', to))).code).toBe(2)
    expect((await joineryHere(['migrate', '--from', from])).code).toBe(2)
  })

  test('keys are not made in a store that is not finished', async () => {
    const { from } = await filled()
    await withStore(from, (store) => store.setValue('own/unfinished', 'something'))
    const refused = await joineryHere(['keys', 'create', '--store', from, '--tenant', 'a'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('STORE_UNFINISHED') })
  })

  test('for people: totals on stdout, a bar on a terminal', async () => {
    const { from, directory } = await filled()
    const plain = await joineryHere(['migrate', '--from', from, '--to', `sqlite:${join(directory, 'plain.sqlite')}`])
    expect(plain.stdout).toMatch(/^40 documents, 16 receipts, 2 values\nhash [0-9a-f]{64}\n$/)
    expect(plain.stderr).toMatch(/^copying {2}0% .*\n(.*\n)*checking {2}100% {2}80\/80 documents/)
    const terminal = await joineryHere(
      ['migrate', '--from', from, '--to', `leveldb:${join(directory, 'bar')}`],
      {},
      true,
    )
    expect(terminal.stderr).toContain('\rcopying  [------------------------]   0%  0/40 documents')
    expect(terminal.stderr).toContain('\rcopying  [########################] 100%  40/40 documents')
    expect(terminal.stdout).toBe(plain.stdout)
  })
})
