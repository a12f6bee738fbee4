/** What becomes of messages. */
import { codeOf, equal, type TransportCase, until } from './suite-node.ts'

/** So many bytes, no two stretches of them alike. */
function manyBytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + seed) % 251)
}

export const messageCases: readonly TransportCase[] = [
  {
    name: 'messages of every size arrive whole, both ways, and say who sent them',
    async run(bench) {
      const messageBytesMax = 100_000
      const [a, b] = await bench.pair({ limits: { messageBytesMax } })
      const sizes = [0, 1, 2, 127, 128, 16_383, 16_384, 16_385, 65_535, 65_536, messageBytesMax]
      for (const [i, size] of sizes.entries()) {
        equal(a.transport.send('b', manyBytes(size, i)), true, `${size} bytes are sent`)
        equal(b.transport.send('a', manyBytes(size, i + 7)), true, `${size} bytes are sent back`)
      }
      await until(() => a.received.length === sizes.length && b.received.length === sizes.length, 'all have arrived')
      for (const [i, size] of sizes.entries()) {
        equal(b.received[i]?.from, 'a', 'the name')
        equal(Buffer.compare(b.received[i]?.bytes ?? new Uint8Array(), manyBytes(size, i)), 0, `${size} bytes`)
        equal(Buffer.compare(a.received[i]?.bytes ?? new Uint8Array(), manyBytes(size, i + 7)), 0, `${size} bytes back`)
      }
    },
  },
  {
    name: 'a message that is too long is refused, and harms no other',
    async run(bench) {
      const [a, b] = await bench.pair({ limits: { messageBytesMax: 1_000 } })
      equal(
        codeOf(() => a.transport.send('b', new Uint8Array(1_001))),
        'TRANSPORT_TOO_LARGE',
        'one byte too long',
      )
      equal(a.transport.send('b', new Uint8Array(1_000)), true, 'as long as it may be')
      await until(() => b.received.length === 1, 'the one that fits has arrived')
      equal(b.received[0]?.bytes.length, 1_000, 'its length')
      equal(b.told, ['+a'], 'the connection stays')
    },
  },
  {
    name: 'many messages of one turn arrive, once each',
    async run(bench) {
      const [a, b] = await bench.pair()
      const texts = Array.from({ length: 3_000 }, (_, i) => `message ${i}`)
      for (const text of texts) equal(a.say('b', text), true, text)
      await until(() => b.received.length >= texts.length, 'all have arrived')
      equal(b.texts().toSorted(), texts.map((text) => `a: ${text}`).toSorted(), 'what has arrived')
      const { sentMessages, droppedMessages } = a.transport.figures()
      equal([sentMessages, droppedMessages, b.transport.figures().receivedMessages], [3_000, 0, 3_000], 'the figures')
    },
  },
  {
    name: 'what nobody takes is dropped at a bound, and what was taken on arrives',
    async run(bench) {
      const [a, b] = await bench.pair({ limits: { waitingBytesMax: 300_000 } })
      const message = new Uint8Array(10_000)
      let taken = 0
      for (let i = 0; i < 200; i += 1) if (a.transport.send('b', message)) taken += 1
      equal(taken >= 20 && taken < 200, true, `${taken} of 200 were taken on`)
      equal(a.transport.figures().droppedMessages, 200 - taken, 'the others are counted')
      await until(() => b.received.length >= taken, 'those taken on have arrived')
      await until(() => a.transport.figures().waitingBytes === 0, 'nothing waits')
      equal(a.say('b', 'there is room again'), true, 'there is room again')
      await until(() => b.received.length > taken, 'the next one has arrived')
    },
  },
  {
    name: 'what goes to somebody whom nobody knows is dropped',
    async run(bench) {
      const [a, b] = await bench.pair()
      equal(a.say('nobody', 'hello'), false, 'not sent')
      equal(a.say('a', 'hello'), false, 'nor to itself')
      equal(a.transport.figures().droppedMessages, 2, 'counted')
      equal(b.received, [], 'nor does it reach others')
    },
  },
  {
    name: 'a node whose place is known is dialled when there is something to say',
    async run(bench) {
      const [a, b] = [await bench.node('a'), await bench.node('b')]
      a.transport.locate('b', b.address)
      equal(a.knows('b'), false, 'not before')
      equal(a.say('b', 'one'), true, 'taken on')
      equal(a.say('b', 'two'), true, 'taken on')
      await until(() => b.received.length === 2, 'both have arrived')
      equal(b.texts(), ['a: one', 'a: two'], 'what has arrived')
    },
  },
]
