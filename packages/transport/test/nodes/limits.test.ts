/** Bounds of connections at their value and one beyond, where no other test has them. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { NodeTransportLimits } from '../../src/nodes/limits.ts'
import { SuiteNode, until } from '../../src/testing/suite-node.ts'
import { Keys, wireTransport } from './networks.ts'
import { helloOf, RawPeer, rawStream } from './raw-peer.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

const keys = new Keys()

async function open(node: string, limits: Partial<NodeTransportLimits> = {}): Promise<SuiteNode> {
  const transport = wireTransport('tcp', keys.authentication(node), { node, region: 'r', limits })
  closing.push(() => transport.close())
  return await new SuiteNode(node, transport).open()
}

/** Somebody who accepts connections and says nothing. */
async function silence(): Promise<string> {
  const server = createServer((socket) => closing.push(() => socket.destroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('as many connections as there may be, and one more', async () => {
  const a = await open('a', { connectionsMax: 2 })
  const members = [keys.authentication('m1'), keys.authentication('m2'), keys.authentication('m3')]
  const peers: RawPeer[] = []
  for (const [i, member] of members.entries()) {
    const peer = await RawPeer.over('tcp', a.address, member).greet(helloOf(`m${i + 1}`))
    peers.push(peer)
    closing.push(() => peer.close())
  }
  expect([a.knows('m1'), a.knows('m2'), a.knows('m3')]).toEqual([true, true, false])
  expect([a.refused, await peers[2]?.goodbye()]).toEqual([['TRANSPORT_FULL'], 'TRANSPORT_FULL'])
  a.transport.locate('b', await silence())
  expect(a.say('b', 'hello'), 'nor is anybody dialled').toBe(false)
})

test('as many strangers as there may be: the one that waits longest makes room', async () => {
  const a = await open('a', { handshakesMax: 2 })
  const strangers = [rawStream('tcp', a.address)]
  const isClosed = [false, false, false]
  const note = (i: number): unknown => strangers[i]?.on('close', () => (isClosed[i] = true)).resume()
  note(0)
  await once(strangers[0]!, 'connect')
  strangers.push(rawStream('tcp', a.address))
  note(1)
  await once(strangers[1]!, 'connect')
  expect(a.refused).toEqual([])
  strangers.push(rawStream('tcp', a.address))
  note(2)
  await until(() => isClosed.includes(true), 'one is cut')
  expect([isClosed, a.refused]).toEqual([[true, false, false], ['TRANSPORT_FULL']])
  const member = await RawPeer.over('tcp', a.address, keys.authentication('m')).greet(helloOf('m'))
  expect(a.knows('m')).toBe(true)
  for (const stream of strangers) stream.destroy()
  member.close()
})

test('what waits for a node that is being dialled is bounded', async () => {
  const a = await open('a', { dialledBytesMax: 1_000 })
  a.transport.locate('b', await silence())
  expect(a.transport.send('b', new Uint8Array(600))).toBe(true)
  expect(a.transport.send('b', new Uint8Array(401))).toBe(false)
  expect(a.transport.send('b', new Uint8Array(400))).toBe(true)
  expect(a.transport.send('b', new Uint8Array(1))).toBe(false)
  expect(a.transport.figures().droppedMessages).toBe(2)
})

test('so many addresses are remembered, the last ones', async () => {
  const a = await open('a', { addressesMax: 2 })
  const there = await silence()
  for (const node of ['b', 'c', 'b', 'd']) a.transport.locate(node, there)
  expect(['b', 'c', 'd'].map((node) => a.say(node, 'hello'))).toEqual([true, false, true])
})

test('a connection that nobody uses is closed, and opened by the next message', async () => {
  const idle = { idleMsMax: 1_000 }
  const [a, b] = [await open('a', idle), await open('b', idle)]
  a.transport.locate('b', b.address)
  expect(a.say('b', 'one')).toBe(true)
  await until(() => b.received.length === 1, 'it has arrived')
  await until(() => !a.knows('b') && !b.knows('a'), 'it is closed')
  await until(() => a.say('b', 'two'), 'there is a way again')
  await until(() => b.texts().includes('a: two'), 'it has arrived')
  expect([a.refused, b.refused]).toEqual([[], []])
})

test('who is not there is dialled again, less and less often', async () => {
  const a = await open('a', { redialMsMin: 50, redialMsMax: 400 })
  const startMs = performance.now()
  a.transport.join('tcp://127.0.0.1:1')
  await until(() => a.refused.length >= 6, 'it is tried six times')
  // At least half of 50, 100, 200, 400 and 400 lies between them.
  expect(performance.now() - startMs).toBeGreaterThan(570)
  expect(new Set(a.refused)).toEqual(new Set(['TRANSPORT_UNREACHABLE']))
})
