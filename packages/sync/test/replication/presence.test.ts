/** What nodes tell of themselves for now: newest wins, nothing is stored, what is not renewed is forgotten. */
import { presenceBytesMax, replicationLimits } from '@joinery/sync/replication'
import { expect, test } from 'vitest'
import { Nodes } from './nodes.ts'

const PRESENCE = 15
const names = Array.from({ length: 20 }, (_, i) => `n${i}`)

function set(nodes: Nodes, node: string, text: string): void {
  nodes.handle(node, { type: 'presence', state: new TextEncoder().encode(text) })
}

function seen(nodes: Nodes, at: string): Record<string, string> {
  const states = [...(nodes.engines.get(at)?.presence() ?? [])]
  return Object.fromEntries(states.map(([node, state]) => [node, new TextDecoder().decode(state)]))
}

test('comes to everybody, the newest of each node, and to no store', () => {
  const nodes = new Nodes(names)
  for (const [i, node] of names.entries()) set(nodes, node, `first of ${i}`)
  nodes.run(2_000)
  set(nodes, 'n0', 'second of 0')
  nodes.run(10_000)
  const expected = Object.fromEntries(names.map((node, i) => [node, `${i === 0 ? 'second' : 'first'} of ${i}`]))
  for (const node of names) expect(seen(nodes, node), node).toEqual(expected)
  expect([...nodes.stores.values()].flat()).toEqual([])
})

test('comes through loss, with the next state at the latest', () => {
  const nodes = new Nodes(names)
  Object.assign(nodes.network.faults, { loss: 0.3 })
  for (let beat = 0; beat < 6; beat += 1) {
    set(nodes, 'n3', `beat ${beat}`)
    nodes.run(5_000)
  }
  for (const node of names) expect(seen(nodes, node).n3, node).toMatch(/^beat [45]$/)
})

test('is forgotten when it is not told anew, and a late message does not bring it back', () => {
  const nodes = new Nodes(['a', 'b'])
  set(nodes, 'a', 'here')
  nodes.run(5_000)
  expect(seen(nodes, 'b')).toEqual({ a: 'here' })
  const late = nodes.lastSent(PRESENCE)
  nodes.run(replicationLimits.presenceMsMax)
  expect(seen(nodes, 'b')).toEqual({})
  expect(nodes.outputs('presence', 'b').map(({ state }) => state === undefined)).toEqual([false, true])
  nodes.handle('b', { type: 'message', from: 'a', bytes: late })
  expect(seen(nodes, 'b')).toEqual({})
})

test('of a node that was started again goes on behind what it told before', () => {
  const nodes = new Nodes(['a', 'b', 'c'])
  for (let beat = 0; beat < 9; beat += 1) {
    set(nodes, 'a', `before ${beat}`)
    nodes.run(1_000)
  }
  nodes.restart('a', [])
  set(nodes, 'a', 'after')
  nodes.run(10_000)
  expect([seen(nodes, 'b').a, seen(nodes, 'c').a]).toEqual(['after', 'after'])
})

test('stops being told once everybody was', () => {
  const nodes = new Nodes(names)
  set(nodes, 'n0', 'x'.repeat(presenceBytesMax))
  nodes.run(15_000)
  const before = nodes.sent.get(PRESENCE)
  nodes.run(10_000)
  expect(nodes.sent.get(PRESENCE)).toBe(before)
  for (const node of names) expect(seen(nodes, node).n0).toHaveLength(presenceBytesMax)
})

test('ten thousand states of a node are one state in memory, and not a byte of log', () => {
  const nodes = new Nodes(['a', 'b'])
  for (let beat = 1; beat <= 10_000; beat += 1) {
    set(nodes, 'a', `beat ${beat}`)
    nodes.run(100)
  }
  nodes.run(5_000)
  expect([seen(nodes, 'a'), seen(nodes, 'b')]).toEqual([{ a: 'beat 10000' }, { a: 'beat 10000' }])
  expect([...nodes.stores.values()].flat()).toEqual([])
  expect([...nodes.engines.values()].map((engine) => engine.status().lives)).toEqual([0, 0])
})
