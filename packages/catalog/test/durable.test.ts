/** What is not on the disk yet is neither told to others nor confirmed; what is, is there after a restart. */
import { memoryStore } from '@joinery/storage/memory'
import { type Store, StoreError } from '@joinery/sync'
import { memoryNetwork } from '@joinery/transport/memory'
import { expect, test } from 'vitest'
import { documentOf, shardOf } from '../src/model/shards.ts'
import { bytesOf, catalog, closing, contentOf, everyDelta, scheduler, until, wired } from './catalogs.ts'

/** A store, closed at the end of the test, with some of its members in another way. */
function changed(inner: Store, members: Partial<Store>): Store {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(name in members ? members : target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** A store whose commits wait until they are let through. */
function held(): { readonly store: Store; readonly release: () => void; readonly commits: () => number } {
  const inner = closing(memoryStore())
  let commits = 0
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const commit: Store['commit'] = async (step) => {
    commits += 1
    await gate
    return await inner.commit(step)
  }
  return { store: changed(inner, { commit }), release: () => release(), commits: () => commits }
}

test('deltas of its own leave a node when they are durable', async () => {
  const { store, release, commits } = held()
  const a = await catalog('a', { store })
  const entry = { kind: 'images', id: 'i' } as const
  const adding = a.add(entry, { size: 1 })
  await until(() => commits() > 0)
  expect(a.get(entry)?.metadata, 'shown at once').toEqual({ size: 1 })
  expect(everyDelta(a, 'x')).toEqual([])
  release()
  await adding
  expect(everyDelta(a, 'x')).toHaveLength(2)
})

test('a delta is confirmed when it is durable, also by who brings it second', async () => {
  const source = await catalog('source')
  await source.add({ kind: 'images', id: 'i' })
  const deltas = wired(everyDelta(source, 'x'))
  const { store, release, commits } = held()
  const a = await catalog('a', { store })
  const confirmed: string[] = []
  const first = a.apply(deltas).then(({ applied }) => confirmed.push(`applied ${applied}`))
  await until(() => commits() > 0)
  const second = a.apply(deltas).then(({ stale }) => confirmed.push(`stale ${stale}`))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(confirmed).toEqual([])
  release()
  await Promise.all([first, second])
  expect(confirmed.sort()).toEqual(['applied 1', 'stale 1'])
})

test('everything is there after a restart, and its own deltas are told again', async () => {
  const store = closing(memoryStore())
  const a = await catalog('a', { store })
  for (let i = 0; i < 40; i += 1)
    await a.add({ kind: i % 2 ? 'images' : 'snapshots', id: `e${i}` }, { status: `s${i % 3}`, i })
  for (let i = 0; i < 40; i += 4) await a.remove({ kind: 'snapshots', id: `e${i}` })
  const [bytes, content, versions] = [await bytesOf(a), contentOf(a), a.versions()]
  await a.stop()
  const again = await catalog('a', { store })
  expect([await bytesOf(again), contentOf(again), again.versions()]).toEqual([bytes, content, versions])
  expect(again.query({ q: 'status:s1' }).items).toEqual(a.query({ q: 'status:s1' }).items)
  const other = await catalog('b')
  await other.apply(wired(everyDelta(again, 'x')))
  expect(other.versions()).toEqual(versions)
})

test('a part that cannot be read is fetched from the others, and the rest is there meanwhile', async () => {
  const network = memoryNetwork({ scheduler })
  const on = (node: string) => ({ transports: [network.transport({ node, region: 'r' })] })
  const inner = closing(memoryStore())
  const a = await catalog('a', on('a'))
  const b = await catalog('b', { ...on('b'), store: inner })
  b.node.join(a.node.status().address)
  for (let i = 0; i < 30; i += 1) await a.add({ kind: 'images', id: `i${i}` }, { x: i })
  await until(() => JSON.stringify(b.versions()) === JSON.stringify(a.versions()))
  const before = contentOf(b)
  await b.stop()
  const lost = documentOf(shardOf({ kind: 'images', id: 'i7' }))
  const log: Store['log'] = async (key, options) => {
    if (key.id.startsWith(lost)) throw new StoreError('STORE_IO', 'not readable')
    return await inner.log(key, options)
  }
  const alone = await catalog('b', { store: changed(inner, { log }) })
  expect(alone.get({ kind: 'images', id: 'i7' })).toBeUndefined()
  expect((contentOf(alone) as unknown[]).length).toBeGreaterThan(20)
  await alone.stop()
  const again = await catalog('b', { ...on('b'), store: changed(inner, { log }) })
  again.node.join(a.node.status().address)
  await until(() => again.get({ kind: 'images', id: 'i7' }) !== undefined)
  await until(() => JSON.stringify(again.versions()) === JSON.stringify(a.versions()))
  expect(contentOf(again)).toEqual(before)
  await again.update({ kind: 'images', id: 'i7' }, { x: 'again' })
  await until(() => a.get({ kind: 'images', id: 'i7' })?.metadata.x === 'again')
})
