/** Nodes that sign, with real keys: what they refuse, what they remember, and who they do not speak to. */
import { randomBytes } from 'node:crypto'
import { memoryStore } from '@joinery/storage/memory'
import { type AllowList, generateIdentity, type NodeIdentity } from '@joinery/transport/nodes'
import { expect, test } from 'vitest'
import { clusterKeys, type NodeObserver, nodeMetrics } from '../src/index.ts'
import { closing, converged, increment, set, testNetwork, until, value } from './nodes.ts'

/** Keys of nodes, and a list of all that were made. */
class Keys {
  readonly #identities = new Map<string, NodeIdentity>()
  #list: AllowList = new Map()

  of(node: string) {
    const identity = this.#identities.get(node) ?? generateIdentity()
    this.#identities.set(node, identity)
    this.#list = new Map([...this.#list, [identity.publicKey, node]])
    return { identity, signers: () => this.#list }
  }
}

function counting(): NodeObserver & { readonly codes: string[] } {
  const codes: string[] = []
  return {
    codes,
    output(output) {
      if (output.type === 'peer-refused') codes.push(output.code)
    },
  }
}

test('changes of nodes that sign are believed, and those of one that does not are refused and counted', async () => {
  const network = testNetwork()
  const keys = new Keys()
  const observer = counting()
  const metrics = nodeMetrics()
  const a = await network.start({
    node: 'a',
    signing: keys.of('a'),
    observer: { output: (output) => [observer, metrics].forEach((each) => void each.output?.(output)) },
  })
  const b = await network.start({ node: 'b', signing: keys.of('b') })
  a.join(b.status().address)
  await set(a, 'd', increment('n'))
  await set(b, 'd', increment('n', 2))
  await converged([a, b], 'd')
  expect(await value(a, 'd')).toEqual({ n: 3 })
  expect(a.status()).toMatchObject({ isSigned: true, forks: [] })

  const c = await network.start({ node: 'c' })
  c.join(a.status().address)
  await set(c, 'd', increment('n', 10))
  await until(() => observer.codes.includes('REPLICATION_UNSIGNED'), 'the change is refused')
  expect(await value(a, 'd')).toEqual({ n: 3 })
  expect(await metrics.text()).toContain('joinery_node_peer_refusals_total{code="REPLICATION_UNSIGNED"}')
})

test('a node that signs with a key that is not its own convinces nobody', async () => {
  const network = testNetwork()
  const keys = new Keys()
  const observer = counting()
  const a = await network.start({ node: 'a', signing: keys.of('a'), observer })
  const { signers } = keys.of('b')
  const b = await network.start({ node: 'b', signing: { identity: generateIdentity(), signers } })
  const stranger = await network.start({ node: 's', signing: { identity: generateIdentity(), signers } })
  for (const node of [b, stranger]) {
    node.join(a.status().address)
    await set(node, 'd', increment('n'))
  }
  await until(
    () => ['REPLICATION_SIGNATURE', 'REPLICATION_SIGNER'].every((code) => observer.codes.includes(code)),
    'both are refused',
  )
  expect(await value(a, 'd')).toBeUndefined()
})

test('two histories of one actor are found, shown, and remembered', async () => {
  const network = testNetwork()
  const keys = new Keys()
  const store = closing(memoryStore())
  const start = () => network.start({ node: 'b', signing: keys.of('b'), store })
  let b = await start()
  await set(b, 'd', increment('n', 100))
  // As if the second one ran on a copy of the disk that the first one began with, and neither store had noticed.
  for (const by of [1, 10]) {
    const a = await network.start({ node: 'a', signing: keys.of('a'), randomBytes: sameActor() })
    await set(a, 'd', increment('n', by))
    a.join(b.status().address)
    await converged([a, b], 'd')
    if (by === 10) await until(() => a.status().forks.length === 1, 'it knows of itself')
    await a.stop()
  }
  expect(await value(b, 'd')).toEqual({ n: 100 })
  const [fork] = b.status().forks
  expect(fork).toMatchObject({ life: { document: 'd' }, from: 1 })
  expect(fork?.actor).toMatch(/^a~/)
  await b.stop()
  b = await start()
  await until(() => b.status().forks.length === 1, 'it is remembered')
  expect(b.status().forks).toEqual([fork])
})

/** What a node draws for the actor that it begins with, which is twice, is always the same. */
function sameActor(): (count: number) => Uint8Array {
  const EPOCH_BYTES = 12
  let drawn = 0
  return (count) => {
    drawn += count === EPOCH_BYTES ? 1 : 0
    return count === EPOCH_BYTES && drawn <= 2 ? new Uint8Array(count).fill(7) : new Uint8Array(randomBytes(count))
  }
}

test('stores with and without signatures are told apart, and so are clusters', async () => {
  const network = testNetwork()
  const keys = new Keys()
  for (const isFirstSigned of [true, false]) {
    const store = closing(memoryStore())
    const signing = (isSigned: boolean) => (isSigned ? { signing: keys.of('a') } : {})
    const first = await network.start({ node: 'a', store, ...signing(isFirstSigned) })
    await set(first, 'd', increment('n'))
    await first.stop()
    await expect(network.start({ node: 'a', store, ...signing(!isFirstSigned) })).rejects.toMatchObject({
      code: 'NODE_STORE_SIGNING',
    })
    const again = await network.start({ node: 'a', store, ...signing(isFirstSigned) })
    expect(await value(again, 'd')).toEqual({ n: 1 })
    await again.stop()
  }
  expect(clusterKeys('x', undefined, true).cluster).not.toBe(clusterKeys('x').cluster)
  expect(clusterKeys('x', undefined, true).digestKey).toEqual(clusterKeys('x').digestKey)
})
