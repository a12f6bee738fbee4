/** Who is there, and who has gone. */
import { codeOf, equal, type TransportCase, until } from './suite-node.ts'

export const connectionCases: readonly TransportCase[] = [
  {
    name: 'both ends are told who is there, where, and in which region',
    async run(bench) {
      const [a, b] = await bench.pair()
      equal([a.told, b.told], [['+b'], ['+a']], 'what was told')
      equal(a.transport.peers(), [{ node: 'b', region: 'region of b', address: b.address }], 'the peers of one')
      equal(b.transport.peers(), [{ node: 'a', region: 'region of a', address: a.address }], 'and of the other')
    },
  },
  {
    name: 'who goes is missed, who comes back is found',
    async run(bench) {
      const [a, b] = await bench.pair()
      await b.transport.close()
      await until(() => a.told.length === 2, 'its going was told')
      equal(a.told, ['+b', '-b'], 'what was told')
      equal([a.say('b', 'hello'), b.say('a', 'hello')].includes(true) && a.knows('b'), false, 'no way any more')
      const again = await bench.node('b', { at: b.address })
      await until(() => a.knows('b') && again.knows('a'), 'it is connected again')
      equal(a.say('b', 'welcome'), true, 'sent')
      await until(() => again.texts().includes('a: welcome'), 'it has arrived')
    },
  },
  {
    name: 'who is not there yet is found when it comes',
    async run(bench) {
      const a = await bench.node('a')
      const early = await bench.node('b')
      const { address } = early
      await early.transport.close()
      a.transport.join(address)
      const b = await bench.node('b', { at: address })
      await until(() => a.knows('b') && b.knows('a'), 'they are connected')
    },
  },
  {
    name: 'two that dial each other at once have one connection',
    async run(bench) {
      for (let round = 0; round < 5; round += 1) {
        const [first, second] = [`x${round}`, `y${round}`]
        const [a, b] = [await bench.node(first), await bench.node(second)]
        a.transport.join(b.address)
        b.transport.join(a.address)
        await until(() => a.knows(second) && b.knows(first), 'they are connected')
        equal([a.say(second, 'one'), b.say(first, 'two')], [true, true], 'both speak')
        await until(() => a.texts().includes(`${second}: two`) && b.texts().includes(`${first}: one`), 'both hear')
        equal([a.transport.peers().length, b.transport.peers().length], [1, 1], 'one connection each')
        equal([a.told.at(-1), b.told.at(-1)], [`+${second}`, `+${first}`], 'what was told last')
      }
    },
  },
  {
    name: 'a node does not speak to itself',
    async run(bench) {
      const [a, b] = await bench.pair()
      b.transport.join(b.address)
      b.transport.locate('b', b.address)
      equal(b.say('b', 'hello'), false, 'not sent')
      equal(b.say('a', 'hello'), true, 'others are spoken to')
      await until(() => a.received.length === 1, 'it has arrived')
      equal([b.told, b.refused], [['+a'], []], 'nothing else was told')
    },
  },
  {
    name: 'an address that is none is refused, one where nobody is costs nothing',
    async run(bench) {
      const [a, b] = await bench.pair()
      for (const address of ['', 'nonsense', 'gopher://b:70', `${b.address} `.repeat(50)]) {
        equal(
          codeOf(() => a.transport.join(address)),
          'TRANSPORT_ADDRESS',
          JSON.stringify(address),
        )
      }
      a.transport.locate('c', 'nonsense')
      equal(a.say('c', 'hello'), false, 'no way')
      a.transport.join(bench.network.nowhere)
      equal(a.say('b', 'hello'), true, 'others are spoken to')
      await until(() => b.received.length === 1, 'it has arrived')
    },
  },
  {
    name: 'a transport opens once, and closes as often as one likes',
    async run(bench) {
      const [a, b] = await bench.pair()
      const events = { message: () => {}, connected: () => {}, disconnected: () => {}, refused: () => {} }
      const again = await a.transport.open(events).then(
        () => undefined,
        (error: { readonly code: string }) => error.code,
      )
      equal(again, 'TRANSPORT_CLOSED', 'a second open')
      await a.transport.close()
      await a.transport.close()
      equal(a.say('b', 'hello'), false, 'nothing is sent any more')
      equal([a.transport.peers(), a.told], [[], ['+b', '-b']], 'nobody is there any more')
      await until(() => !b.knows('a'), 'the other one knows')
    },
  },
]
