/** `joinery export` and `joinery import`: documents as lines that people read, and back. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { startPostgres } from '@joinery/storage/testing/postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { fill, withStore } from './data-helpers.ts'
import { joineryHere, serve, temporaryDirectory } from './joinery.ts'

const postgres = await startPostgres()
afterAll(() => postgres.remove())

interface Line {
  readonly kind: string
  readonly tenant?: string
  readonly id?: string
  readonly version?: number
  readonly value?: unknown
  readonly hash?: string
}

function linesOf(text: string): Line[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function documentsIn(text: string): Line[] {
  return linesOf(text).filter(({ kind }) => kind === 'document')
}

async function exported(store: string, ...more: readonly string[]): Promise<string> {
  const finished = await joineryHere(['export', '--store', store, ...more])
  expect(finished.code, finished.stderr).toBe(0)
  return finished.stdout
}

async function filled(documents: number): Promise<{ readonly from: string; readonly directory: string }> {
  const directory = temporaryDirectory()
  const from = `sqlite:${join(directory, 'from.sqlite')}`
  await fill(from, documents)
  return { from, directory }
}

describe('joinery export', () => {
  test('shows the value of each document as JSON, whatever its type', async () => {
    const { from } = await filled(10)
    const text = await exported(from)
    const shown = Object.fromEntries(documentsIn(text).map(({ id, value }) => [id, value]))
    expect(shown).toEqual({
      'doc 0': expect.arrayContaining(['0.0', '0.9']),
      'doc 1': 'Text 1 \u{1f600}',
      'doc 2': { title: 'Title 2', tags: expect.arrayContaining(['a', 'b']) },
      'doc 3': undefined,
      'doc 4': [4],
      'doc 5': expect.arrayContaining(['5.0']),
      'doc 6': 'Text 6 \u{1f600}',
      'doc 7': { title: 'Title 7', tags: expect.anything() },
      'doc 8': undefined,
      'doc 9': [9],
    })
    expect(linesOf(text)[0]).toMatchObject({ kind: 'archive', joinery: 'archive', format: 1, content: 'documents' })
    // An export is of documents: it has no keys and no answers to requests.
    expect(linesOf(text).filter(({ kind }) => kind === 'value' || kind === 'receipt')).toEqual([])
    expect(linesOf(text).at(-1)).toMatchObject({ kind: 'end', documents: 10, receipts: 0, values: 0 })
  })

  test('of one tenant, of one document, into a file, packed', async () => {
    const { from, directory } = await filled(10)
    const all = documentsIn(await exported(from))
    const tenant = documentsIn(await exported(from, '--tenant', 'acme'))
    expect(tenant).toEqual(all.filter((line) => line.tenant === 'acme'))
    const one = documentsIn(await exported(from, '--tenant', 'acme', '--id', 'doc 6'))
    expect(one).toEqual(all.filter(({ id }) => id === 'doc 6'))
    const file = join(directory, 'one.jsonl')
    const packed = join(directory, 'packed')
    const said = await exported(from, '--tenant', 'acme', file, '--hashes')
    expect(said).toContain(one[0]!.hash)
    expect(said).toContain('4 documents, 0 receipts, 0 values')
    await exported(from, '--tenant', 'acme', packed, '--gzip')
    expect(documentsIn(gunzipSync(readFileSync(packed)).toString('utf8'))).toEqual(tenant)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    for (const scope of [
      ['--tenant', 'nobody'],
      ['--tenant', 'acme', '--id', 'none'],
    ]) {
      const refused = await joineryHere(['export', '--store', from, ...scope])
      expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('DATA_NOT_FOUND') })
    }
    expect((await joineryHere(['export', '--store', from, '--id', 'doc 6'])).code).toBe(2)
  })

  test.each(['sqlite', 'leveldb'])('of a running server: what its store would give, refusals too: %s', async (kind) => {
    const directory = temporaryDirectory()
    const from = `${kind}:${join(directory, 'from')}`
    await fill(from, 10)
    const rest = await exported(from)
    const server = await serve(['--store', from])
    const live = await exported(from)
    expect(linesOf(live).slice(1)).toEqual(linesOf(rest).slice(1))
    expect(documentsIn(await exported(from, '--tenant', 'acme', '--id', 'doc 6'))).toHaveLength(1)
    const refused = await joineryHere(['export', '--store', from, '--tenant', 'nobody'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('DATA_NOT_FOUND') })
    expect(await server.stop()).toBe(0)
  })
})

describe('joinery import', () => {
  test('brings documents into a store that has others, byte for byte', async () => {
    const { from, directory } = await filled(20)
    const file = join(directory, 'all.jsonl')
    await exported(from, file)
    const targets = [
      `leveldb:${join(directory, 'to')}`,
      `sqlite:${join(directory, 'to.sqlite')}`,
      `${postgres.url}?schema=imported`,
    ]
    for (const to of targets) {
      await withStore(to, async (store) => {
        const entries = [{ change: new Uint8Array(1), attributes: '' }]
        const key = { tenant: 'other', id: 'here before' }
        await store.commit({
          key,
          kind: 'begin',
          expectedVersion: 0,
          incarnation: 'i',
          attributes: '{"type":"gset","base":0}',
          entries,
        })
      })
      const imported = await joineryHere(['import', file, '--store', to])
      expect(imported).toMatchObject({ code: 0, stdout: '20 documents imported, 0 were there\n' })
      const hashes = (text: string) => documentsIn(text).map(({ tenant, id, hash }) => ({ tenant, id, hash }))
      for (const tenant of ['acme', 'acme\u00e9']) {
        expect(hashes(await exported(to, '--tenant', tenant))).toEqual(hashes(await exported(from, '--tenant', tenant)))
      }
    }
  })

  test('of documents that are there: refused as a whole, or skipped', async () => {
    const { from, directory } = await filled(10)
    const file = join(directory, 'all.jsonl')
    await exported(from, file)
    const to = `leveldb:${join(directory, 'to')}`
    expect((await joineryHere(['import', file, '--store', to, '--tenant', 'acme', '--id', 'doc 3'])).stdout).toContain(
      '1 documents',
    )
    const refused = await joineryHere(['import', file, '--store', to])
    expect(refused).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('"doc 3" of "acme" (DATA_EXISTS)'),
    })
    expect(documentsIn(await exported(to))).toHaveLength(1)
    const skipped = await joineryHere(['import', file, '--store', to, '--existing', 'skip', '--json'])
    expect(JSON.parse(skipped.stdout)).toEqual({ imported: 9, skipped: 1 })
    expect((await joineryHere(['import', file, '--store', to, '--existing', 'replace'])).code).toBe(2)
    expect((await joineryHere(['import', file, '--store', to, '--tenant', 'nobody'])).code).toBe(1)
  })

  test('of a damaged line is refused with its number, and changes nothing', async () => {
    const { from, directory } = await filled(10)
    const file = join(directory, 'all.jsonl')
    await exported(from, file)
    const lines = readFileSync(file, 'utf8').split('\n')
    const at = lines.findIndex((line) => line.includes('Text 6'))
    writeFileSync(file, lines.with(at, lines[at]!.replace('Text 6', 'Text 7')).join('\n'))
    const to = `leveldb:${join(directory, 'to')}`
    const refused = await joineryHere(['import', file, '--store', to])
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining(`line ${at + 1}: `) })
    expect((await joineryHere(['export', '--store', to])).stdout).toContain('"documents":0')
  })

  test('into a PostgreSQL store reaches the servers that run on it', async () => {
    const { from, directory } = await filled(10)
    const file = join(directory, 'all.jsonl')
    await exported(from, file)
    const to = `${postgres.url}?schema=live`
    const server = await serve(['--store', to])
    const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone' }
    expect((await fetch(`${server.url}/v1/docs/doc%206`, { headers })).status).toBe(404)
    expect((await joineryHere(['import', file, '--store', to, '--tenant', 'acme'])).code).toBe(0)
    const read = await fetch(`${server.url}/v1/docs/doc%206`, { headers })
    expect(await read.json()).toMatchObject({ type: 'text', value: 'Text 6 \u{1f600}' })
    const log = (await (await fetch(`${server.url}/v1/ops?since=0`, { headers })).json()) as { ops: { id: string }[] }
    expect(log.ops.map(({ id }) => id)).toContain('doc 6')
    expect(await server.stop()).toBe(0)
  })

  test('into the store of a running server waits for its end', async () => {
    const { from, directory } = await filled(5)
    const file = join(directory, 'all.jsonl')
    await exported(from, file)
    const server = await serve(['--store', from])
    const refused = await joineryHere(['import', file, '--store', from, '--existing', 'skip'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('STORE_LOCKED') })
    expect(await server.stop()).toBe(0)
  })
})
