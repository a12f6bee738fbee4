/** What a host on top of a node admits of others. */
import { actorId, Doc, HybridClock, orMap, replicaId } from '@joinery/core'
import { memoryStore } from '@joinery/storage/memory'
import { describe, expect, test } from 'vitest'
import type { JoineryNode } from '../src/index.ts'
import { closing, testNetwork, until } from './nodes.ts'

/** Somebody who is no node. */
function author(name: string): { readonly doc: Doc; write(key: string, value: number): Uint8Array } {
  const actor = { id: actorId(replicaId(name), new Uint8Array(12)), clock: new HybridClock(() => 1_000) }
  const doc = new Doc({ actor, incarnation: '1', copies: true })
  return { doc, write: (key, value) => doc.change(() => doc.field('map', orMap()).setLww(key, value)) as Uint8Array }
}

const shown = (node: JoineryNode): Promise<unknown> => node.read('page', (doc) => doc.toJSON())

describe('submit', () => {
  test('takes changes of others in, once, and tells the nodes of them', async () => {
    const network = testNetwork()
    const [a, b] = [await network.start({ node: 'a' }), await network.start({ node: 'b' })]
    b.join(a.status().address)
    const { write } = author('someone')
    const [first, second] = [write('k', 1), write('k', 2)]
    await a.submit('page', [first, second])
    await a.submit('page', [first])
    expect(await shown(a)).toEqual({ map: { k: 2 } })
    await until(() => b.documents().includes('page'), 'the other one hears of it')
    await until(() => b.status().replication.digest === a.status().replication.digest, 'and has all of it')
  })

  test('keeps what comes early until the rest is there', async () => {
    const a = await testNetwork().start({ node: 'a' })
    const { write } = author('someone')
    const [first, second] = [write('k', 1), write('k', 2)]
    await a.submit('page', [second])
    expect(a.documents()).toEqual([])
    await a.submit('page', [first])
    expect(await shown(a)).toEqual({ map: { k: 2 } })
  })

  test('resolves for what is known when that is durable', async () => {
    const store = closing(memoryStore())
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const commit: typeof store.commit = async (step) => {
      await held
      return await store.commit(step)
    }
    const slow = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        return name === 'commit' ? commit : typeof member === 'function' ? member.bind(target) : member
      },
    })
    const a = await testNetwork().start({ node: 'a', store: slow })
    const change = author('someone').write('k', 1)
    const resolved: string[] = []
    const both = ['first', 'again'].map((name) => a.submit('page', [change]).then(() => resolved.push(name)))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(resolved).toEqual([])
    release()
    await Promise.all(both)
    expect(resolved).toHaveLength(2)
  })

  test('refuses what is none, and what contradicts what is known', async () => {
    const a = await testNetwork().start({ node: 'a' })
    await a.submit('page', [author('someone').write('k', 1)])
    const forked = author('someone').write('k', 2)
    await expect(a.submit('page', [forked])).rejects.toMatchObject({ code: 'REPLICATION_MALFORMED' })
    await expect(a.submit('page', [Uint8Array.of(0x13, 0xff)])).rejects.toMatchObject({ code: 'REPLICATION_MALFORMED' })
    expect(await shown(a)).toEqual({ map: { k: 1 } })
  })
})
