import { join } from 'node:path'
import { levelStore } from '@joinery/storage/leveldb'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import type { Store } from '@joinery/sync'
import { replicationLimits } from '@joinery/sync/replication'
import { describe, expect, test } from 'vitest'
import type { JoineryNode } from '../src/index.ts'
import {
  closing,
  confirmed,
  converged,
  increment,
  set,
  temporaryDirectory,
  testNetwork,
  until,
  value,
  write,
} from './nodes.ts'

function code(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => undefined,
    (error: { readonly code?: string }) => error.code,
  )
}

describe('nodes', () => {
  test('have what each of them wrote, without a server', async () => {
    const network = testNetwork()
    const nodes = [
      await network.start({ node: 'a' }),
      await network.start({ node: 'b' }),
      await network.start({ node: 'c' }),
    ]
    const [a, b, c] = nodes as [JoineryNode, JoineryNode, JoineryNode]
    b.join(a.status().address)
    c.join(a.status().address)
    await Promise.all(
      nodes.map((node, i) => set(node, 'page', increment('visits', i + 1), write(`by ${i}`, 'was here'))),
    )
    await until(async () => ((await value(a, 'page')) as { visits: number }).visits === 6, 'all of it is there')
    await converged(nodes, 'page')
    const shown = (await value(c, 'page')) as Record<string, unknown>
    expect([shown.visits, Object.keys(shown).toSorted()]).toEqual([6, ['by 0', 'by 1', 'by 2', 'visits']])
  })

  test('that begin a document apart from each other begin the same one', async () => {
    const network = testNetwork()
    const [a, b] = [await network.start({ node: 'a' }), await network.start({ node: 'b' })]
    await Promise.all([set(a, 'page', increment('visits', 10)), set(b, 'page', increment('visits', 5))])
    a.join(b.status().address)
    await converged([a, b], 'page')
    expect(await value(b, 'page')).toEqual({ visits: 15 })
  })

  test('delete documents everywhere, and begin them anew', async () => {
    const network = testNetwork()
    const [a, b] = [await network.start({ node: 'a' }), await network.start({ node: 'b' })]
    a.join(b.status().address)
    await set(a, 'page', increment('visits', 3))
    await converged([a, b], 'page')
    await b.delete('page')
    await until(() => a.documents().length === 0, 'it is gone everywhere')
    expect([await code(a.delete('page')), await code(a.read('page', () => {}))]).toEqual([
      'NODE_DOCUMENT_MISSING',
      'NODE_DOCUMENT_MISSING',
    ])
    await set(a, 'page', increment('visits', 1))
    await converged([a, b], 'page')
    expect([await value(b, 'page'), a.documents(), b.documents()]).toEqual([{ visits: 1 }, ['page'], ['page']])
  })

  test('tell who listens, of their own changes and those of others', async () => {
    const network = testNetwork()
    const [a, b] = [await network.start({ node: 'a' }), await network.start({ node: 'b' })]
    const told: string[] = []
    const stop = b.subscribe(({ document, origin }) => void told.push(`${origin} ${document}`))
    a.join(b.status().address)
    await set(a, 'page', increment('visits'))
    await until(() => told.includes('remote page'), 'the change of the other one is told')
    await set(b, 'mine', increment('visits'))
    expect(told).toContain('local mine')
    told.length = 0
    await a.delete('page')
    await until(() => told.includes('remote page'), 'its end is told')
    expect(b.documents()).toEqual(['mine'])
    stop()
    const before = told.length
    await set(b, 'mine', increment('visits'))
    expect(told).toHaveLength(before)
  })

  test('say when another one has it', async () => {
    const network = testNetwork()
    const a = await network.start({ node: 'a', limits: { replicationMsMax: 2_000 } })
    expect(await a.edit('page', () => {}, { acknowledge: 'replicated' }), 'nothing was changed').toEqual([])
    const count = () => confirmed(a, 'page', increment('visits'))
    expect(await code(count())).toBe('NODE_NOT_REPLICATED')
    expect(await value(a, 'page'), 'it is stored here all the same').toEqual({ visits: 1 })
    const b = await network.start({ node: 'b' })
    a.join(b.status().address)
    await until(() => a.status().peers.length === 1, 'they are connected')
    await count()
    await converged([a, b], 'page')
  })

  test('refuse names that are none, edits that throw, and everything once they stopped', async () => {
    const network = testNetwork()
    const a = await network.start({ node: 'a' })
    for (const name of ['', 'a\nb', 'x'.repeat(257), '\ud800']) {
      expect(await code(set(a, name, increment('n'))), JSON.stringify(name)).toBe('NODE_DOCUMENT_INVALID')
    }
    await set(a, 'x'.repeat(256), increment('n'))
    await expect(
      a.edit('page', () => {
        throw new Error('not like this')
      }),
    ).rejects.toThrow('not like this')
    expect(a.documents()).toEqual(['x'.repeat(256)])
    await a.stop()
    await a.stop()
    expect(await code(set(a, 'page', increment('n')))).toBe('NODE_STOPPED')
    expect(() => a.status()).toThrow('not running')
  })

  test('refuse a store that others own, too', async () => {
    const store = closing(memoryStore())
    const shared: Store = Object.create(store, { identity: { value: { ...store.identity, seat: 'seat-1' } } })
    expect(await code(testNetwork().start({ node: 'a', store: shared }))).toBe('NODE_STORE_SHARED')
  })

  test('fold what has become long, and have all of it after a restart', async () => {
    const network = testNetwork()
    const directory = temporaryDirectory()
    const path = join(directory, 'a.sqlite')
    const first = await sqliteStore({ path })
    const a = await network.start({ node: 'a', store: first, replication: { foldBytesMin: 2_000 } })
    for (let i = 0; i < 200; i += 1) await set(a, 'page', increment('visits'), write('last', `visit ${i}`))
    const head = await first.documents('node', { limit: 10 })
    expect(head.items[0]!.snapshotVersion).toBeGreaterThan(0)
    const { digest } = a.status().replication
    await a.stop()
    await first.close()
    const again = await network.start({ node: 'a', store: closing(await sqliteStore({ path })) })
    expect(again.status().replication.digest).toBe(digest)
    expect(await value(again, 'page')).toEqual({ last: 'visit 199', visits: 200 })
    expect(replicationLimits.foldBytesMin).toBeGreaterThan(2_000)
  })
})

describe.each([
  ['memory', () => memoryPlace()],
  ['sqlite', () => filePlace((path) => sqliteStore({ path }))],
  ['leveldb', () => filePlace((path) => levelStore({ path }))],
] as const)('a node on %s', (_, newPlace) => {
  test('keeps documents, deletions and its actor over restarts', async () => {
    const network = testNetwork()
    const open = newPlace()
    const b = await network.start({ node: 'b' })
    let store = await open()
    let a = await network.start({ node: 'a', store })
    a.join(b.status().address)
    const { actor, storeId } = a.status()
    await set(a, 'page', increment('visits', 1))
    await set(a, 'gone', increment('visits', 1))
    await a.delete('gone')
    await converged([a, b], 'page')
    for (let restart = 0; restart < 2; restart += 1) {
      await a.stop()
      await store.close()
      await set(b, 'page', increment('visits', 10))
      store = await open()
      a = await network.start({ node: 'a', store })
      expect([a.status().actor, a.status().storeId]).toEqual([actor, storeId])
      expect(a.documents()).toEqual(['page'])
      a.join(b.status().address)
      await set(a, 'page', increment('visits', 1))
      await until(
        async () => JSON.stringify(await value(a, 'page')) === JSON.stringify({ visits: 12 + restart * 11 }),
        'both',
      )
      await converged([a, b], 'page')
    }
    await set(a, 'gone', increment('visits', 5))
    await converged([a, b], 'gone')
    expect(await value(b, 'gone')).toEqual({ visits: 5 })
    await a.stop()
    await store.close()
  })
})

function memoryPlace(): () => Promise<Store> {
  const medium = memoryMedium()
  return async () => memoryStore({ medium })
}

function filePlace(open: (path: string) => Promise<Store>): () => Promise<Store> {
  const path = join(temporaryDirectory(), 'store')
  return () => open(path)
}
