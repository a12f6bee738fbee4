/** `joinery compact`, and the policy of `joinery serve`. */
import { join } from 'node:path'
import type { DocumentHead } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { withStore } from './data-helpers.ts'
import { joineryHere, type Serving, serve, temporaryDirectory } from './joinery.ts'

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone', 'Content-Type': 'application/json' }

async function write(server: Serving, id: string, changes: number, tenant = 'acme'): Promise<void> {
  const ops = Array.from({ length: changes }, (_, i) => ({ type: 'add', elem: i }))
  for (let from = 0; from < changes; from += 500) {
    const body = JSON.stringify({ type: 'gset', ops: ops.slice(from, from + 500) })
    const options = { method: 'POST', headers: { ...headers, 'X-Tenant-ID': tenant }, body }
    expect((await fetch(`${server.url}/v1/docs/${id}/ops?snapshot=false`, options)).status).toBe(200)
  }
}

async function elementsOf(server: Serving, id: string, tenant = 'acme'): Promise<number[]> {
  const answer = await fetch(`${server.url}/v1/docs/${id}`, { headers: { ...headers, 'X-Tenant-ID': tenant } })
  const { value } = (await answer.json()) as { value: number[] }
  return value.toSorted((a, b) => a - b)
}

function headOf(url: string, id: string, tenant = 'acme'): Promise<DocumentHead> {
  return withStore(url, async (store) => (await store.head({ tenant, id }))!)
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

/** A server with two documents of one tenant and one of another, 40 versions each. */
async function filled(kind: string): Promise<{ readonly url: string; readonly server: Serving }> {
  const url = `${kind}:${join(temporaryDirectory(), 'store')}`
  const server = await serve(['--store', url])
  await write(server, 'a', 40)
  await write(server, 'b', 40)
  await write(server, 'c', 40, 'other')
  return { url, server }
}

async function compact(url: string, ...args: readonly string[]): Promise<string> {
  const finished = await joineryHere(['compact', '--store', url, ...args])
  expect(finished.code, finished.stderr).toBe(0)
  return finished.stdout
}

describe.each(['sqlite', 'leveldb'])('joinery compact: %s', (kind) => {
  test('one document, one tenant, all, of a store at rest; nothing is lost', async () => {
    const { url, server } = await filled(kind)
    expect(await server.stop()).toBe(0)
    expect(await compact(url, '--keep', '10', '--tenant', 'acme', '--id', 'a')).toBe('1 of 1 documents compacted\n')
    expect(await headOf(url, 'a')).toMatchObject({ version: 40, compactedVersion: 30, snapshotVersion: 30 })
    expect(await headOf(url, 'b')).toMatchObject({ compactedVersion: 0 })
    expect(await compact(url, '--keep', '10', '--tenant', 'acme')).toBe('1 of 2 documents compacted\n')
    expect(await headOf(url, 'c', 'other')).toMatchObject({ compactedVersion: 0 })
    expect(JSON.parse(await compact(url, '--keep', '0', '--json'))).toEqual({ documents: 3, folded: 3 })
    expect(await headOf(url, 'c', 'other')).toMatchObject({ version: 40, compactedVersion: 40 })
    expect(await compact(url)).toBe('0 of 3 documents compacted\n')
    const again = await serve(['--store', url])
    expect(await elementsOf(again, 'a')).toEqual(upTo(40))
    expect(await elementsOf(again, 'c', 'other')).toEqual(upTo(40))
    expect(await again.stop()).toBe(0)
  })

  test('by the running server, beside its writers', async () => {
    const { url, server } = await filled(kind)
    const writing = Promise.all([write(server, 'a', 3000), write(server, 'b', 3000)])
    expect(await compact(url, '--keep', '5')).toBe('3 of 3 documents compacted\n')
    await writing
    expect(await compact(url, '--keep', '0', '--tenant', 'other', '--id', 'c')).toBe('1 of 1 documents compacted\n')
    expect(await elementsOf(server, 'a')).toEqual(upTo(3000))
    expect(await elementsOf(server, 'c', 'other')).toEqual(upTo(40))
    await write(server, 'c', 50, 'other')
    expect(await elementsOf(server, 'c', 'other')).toEqual(upTo(50))
    expect(await server.stop()).toBe(0)
    expect((await headOf(url, 'c', 'other')).compactedVersion).toBe(40)
    expect((await headOf(url, 'a')).compactedVersion).toBeGreaterThan(0)
  })
})

test('what is asked wrongly is refused', async () => {
  const url = `sqlite:${join(temporaryDirectory(), 'store.sqlite')}`
  expect((await joineryHere(['compact', '--store', url])).code).toBe(2)
  expect((await joineryHere(['compact', '--store', 'memory:'])).code).toBe(2)
  await withStore(url, (store) => store.setValue('own/unfinished', 'something'))
  for (const keep of ['-1', 'some', '1.5', ''])
    expect((await joineryHere(['compact', '--store', url, '--keep', keep])).code).toBe(2)
  expect((await joineryHere(['compact', '--store', url, '--id', 'a'])).code).toBe(2)
  expect((await joineryHere(['compact', '--store', url])).stderr).toContain('STORE_UNFINISHED')
})

describe('the policy of joinery serve', () => {
  test('--keep-history: so many versions stay, and all where all are wanted', async () => {
    const directory = temporaryDirectory()
    for (const [i, [keep, versions]] of [
      ['10', 10],
      ['0', 0],
      ['all', 150],
    ].entries()) {
      const url = `sqlite:${join(directory, `${i}.sqlite`)}`
      const server = await serve(['--store', url, '--keep-history', `${keep}`, '--compact-every', '0'])
      await write(server, 'a', 50)
      await write(server, 'a', 100)
      expect(await elementsOf(server, 'a')).toEqual(upTo(100))
      expect(await server.stop()).toBe(0)
      const { version, compactedVersion } = await headOf(url, 'a')
      expect({ keep, kept: version - compactedVersion, version }).toEqual({ keep, kept: versions, version: 150 })
    }
  })

  test('--compact-every: not more often than so many seconds, but for what is left when the server stops', async () => {
    const url = `sqlite:${join(temporaryDirectory(), 'store.sqlite')}`
    const open = () => serve(['--store', url, '--keep-history', '10'], { COMPACT_EVERY: '3600' })
    const killed = await open()
    await write(killed, 'a', 50)
    await write(killed, 'a', 90)
    killed.signal('SIGKILL')
    await killed.exited
    // The second time came too soon.
    expect((await headOf(url, 'a')).compactedVersion).toBe(40)
    const stopped = await open()
    await write(stopped, 'b', 50)
    await write(stopped, 'b', 90)
    expect(await stopped.stop()).toBe(0)
    expect((await headOf(url, 'b')).compactedVersion).toBe(130)
  })

  test('is refused where it is none', async () => {
    for (const flags of [
      ['--keep-history', 'some'],
      ['--keep-history', '-1'],
      ['--compact-every', 'never'],
      ['--compact-every', '1.5'],
    ]) {
      const refused = await joineryHere(['serve', '--store', 'memory:', '--addr', '127.0.0.1:0', ...flags])
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(flags[0]!) })
    }
    expect((await joineryHere(['serve', '--store', 'memory:'], { KEEP_HISTORY: 'x' })).stderr).toContain('KEEP_HISTORY')
  })
})
