/** Ways between nodes that are bad, or that somebody sits on. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { NodeTransportLimits } from '../../src/nodes/limits.ts'
import { SuiteNode, until } from '../../src/testing/suite-node.ts'
import { type FaultProxy, openFaultProxy } from '../../src/testing.ts'
import { Keys, type NodeSettings, wireTransport } from './networks.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

function portOf(address: string): number {
  return Number(new URL(address.replace(/^tcp/, 'http')).port)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Two nodes; one reaches the other through a proxy, and is not reached itself. */
async function pairThrough(
  limits: Partial<NodeTransportLimits> = {},
): Promise<{ a: SuiteNode; b: SuiteNode; proxy: FaultProxy }> {
  const keys = new Keys()
  const make = (node: string) =>
    new SuiteNode(node, wireTransport('tcp', keys.authentication(node), { node, region: 'r', limits })).open()
  const [a, b] = [await make('a'), await make('b')]
  const proxy = await openFaultProxy(portOf(b.address))
  closing.push(
    () => a.transport.close(),
    () => b.transport.close(),
    () => proxy.close(),
  )
  a.transport.join(`tcp://127.0.0.1:${proxy.port}`)
  await until(() => a.knows('b') && b.knows('a'), 'they are connected')
  return { a, b, proxy }
}

async function speaks(from: SuiteNode, to: SuiteNode, text: string): Promise<void> {
  await until(() => from.say(to.name, text), `${text} is sent`)
  await until(() => to.texts().includes(`${from.name}: ${text}`), `${text} has arrived`)
}

test('a connection that was reset is opened again', async () => {
  const { a, b, proxy } = await pairThrough()
  for (let round = 0; round < 3; round += 1) {
    expect(proxy.reset()).toBe(1)
    await until(() => a.told.length >= 3 + 2 * round && a.knows('b') && b.knows('a'), 'it is connected again')
    await speaks(a, b, `one ${round}`)
    await speaks(b, a, `other ${round}`)
  }
  expect(a.told.slice(0, 3)).toEqual(['+b', '-b', '+b'])
})

test.each(['there', 'back'] as const)(
  'where nothing goes %s both ends give up, and find each other again',
  async (direction) => {
    const { a, b, proxy } = await pairThrough({ pingMs: 300, silentMsMax: 2_500, handshakeMsMax: 2_000 })
    proxy.hold(direction)
    await until(() => !a.knows('b') && !b.knows('a'), 'both have given up')
    expect([...a.refused, ...b.refused]).toContain('TRANSPORT_SILENT')
    proxy.release()
    await until(() => a.knows('b') && b.knows('a'), 'they are connected again')
    await speaks(a, b, 'back again')
    await speaks(b, a, 'welcome')
  },
)

test('what is slow arrives all the same, in order', async () => {
  const { a, b, proxy } = await pairThrough()
  proxy.delay(150)
  const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`)
  for (const text of texts) a.say('b', text)
  await until(() => b.received.length === texts.length, 'all have arrived')
  expect(b.texts()).toEqual(texts.map((text) => `a: ${text}`))
})

test('a proxy for HTTP passes nodes on, and sees nothing of what they say', async () => {
  const keys = new Keys()
  const make = (node: string, settings: Partial<NodeSettings> = {}) =>
    new SuiteNode(node, wireTransport('websocket', keys.authentication(node), { node, region: 'r', ...settings }))
  const seen: Buffer[] = []
  const requests: (string | undefined)[] = []
  const target = await freePort()
  const proxy = createServer((_, response) => void response.writeHead(404).end())
  proxy.on('upgrade', (request: IncomingMessage, near: Socket) => {
    requests.push(request.url)
    const far = connect(target, '127.0.0.1')
    const head = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`)
    far.write([`GET ${request.url} HTTP/1.1`, ...head, 'x-forwarded-for: elsewhere', '', ''].join('\r\n'))
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk: Buffer) => {
        seen.push(chunk)
        to.write(chunk)
      })
      from.on('close', () => to.destroy()).on('error', () => to.destroy())
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const outside = `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}/node`
  const b = await make('b', { at: `ws://127.0.0.1:${target}/node`, advertise: outside }).open()
  const a = await make('a').open()
  closing.push(
    () => a.transport.close(),
    () => b.transport.close(),
    () => proxy.close(),
  )
  expect(b.address).toBe(outside)
  a.transport.join(outside)
  await until(() => a.knows('b') && b.knows('a'), 'they are connected')
  await speaks(a, b, 'a secret between us')
  await speaks(b, a, 'and another secret')
  const bytes = Buffer.concat(seen)
  expect([bytes.length > 1_000, bytes.includes('secret'), bytes.includes('joinery node')]).toEqual([true, false, false])
  expect(requests).toEqual(['/node'])
})
