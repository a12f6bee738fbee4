import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Link } from '@joinery/sync'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { acceptWebSockets } from '../src/websocket-server.ts'
import { wholeMessageBytesMax } from '../src/whole-message.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Ends {
  readonly link: Link
  readonly socket: WebSocket
  readonly received: Uint8Array[]
  readonly drained: () => number
}

/** Both ends of as many connections to one server. */
async function connect(many: number): Promise<Ends[]> {
  const server = createServer()
  servers.push(server)
  const opened: { link: Link; received: Uint8Array[]; drained: number }[] = []
  const acceptor = acceptWebSockets(server, {
    path: '/sync',
    messageBytesMax: 1_000_000,
    newId: () => 'request',
    check: () => undefined,
    onConnection(link) {
      const one = { link, received: [] as Uint8Array[], drained: 0 }
      opened.push(one)
      return {
        receive: (frame) => one.received.push(frame),
        drained() {
          one.drained += 1
        },
        closed: () => {},
      }
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ends: Ends[] = []
  for (let i = 0; i < many; i += 1) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/sync`)
    await once(socket, 'open')
    const one = opened[i]!
    ends.push({ link: one.link, socket, received: one.received, drained: () => one.drained })
  }
  expect(acceptor.size).toBe(many)
  return ends
}

function bytesOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255)
}

/** The next messages of a socket. */
function messages(socket: WebSocket, count: number): Promise<{ data: Uint8Array; isBinary: boolean }[]> {
  const all: { data: Uint8Array; isBinary: boolean }[] = []
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      all.push({ data: new Uint8Array(data), isBinary })
      if (all.length === count) resolve(all)
    })
  })
}

describe('what is sent', () => {
  test('arrives whole and in order, whatever its length', async () => {
    const [{ link, socket }] = (await connect(1)) as [Ends]
    const around = [0, 126, wholeMessageBytesMax, 65_536, 200_000]
    const lengths = around.flatMap((length) => [length - 1, length, length + 1, length]).filter((length) => length >= 0)
    const arrived = messages(socket, lengths.length)
    const sent = lengths.map((length, i) => bytesOf(length, i))
    for (const frame of sent) link.send(frame)
    const got = await arrived
    expect(got.map(({ isBinary }) => isBinary)).toEqual(sent.map(() => true))
    for (const [i, { data }] of got.entries()) expect(Buffer.compare(data, sent[i]!)).toBe(0)
  })

  test('one frame may go to many, beside frames of their own', async () => {
    const ends = await connect(3)
    const [shared, next] = [bytesOf(100), bytesOf(101)]
    const arrived = ends.map(({ socket }) => messages(socket, 4))
    for (const [i, { link }] of ends.entries()) {
      link.send(shared)
      link.send(bytesOf(10, i))
      link.send(shared)
      link.send(next)
    }
    for (const [i, got] of (await Promise.all(arrived)).entries()) {
      expect(got.map(({ data }) => data)).toEqual([shared, bytesOf(10, i), shared, next])
    }
  })

  test('what waits is counted, and its leaving is told', async () => {
    const [{ link, socket, drained }] = (await connect(1)) as [Ends]
    socket.pause()
    for (let i = 0; i < 400; i += 1) link.send(bytesOf(16_000))
    expect(link.waitingBytes).toBeGreaterThan(16_000)
    expect(drained()).toBe(0)
    const arrived = messages(socket, 400)
    socket.resume()
    await arrived
    expect(link.waitingBytes).toBe(0)
    expect(drained()).toBeGreaterThan(0)
  })

  test('nothing is sent after the end', async () => {
    const [{ link, socket }] = (await connect(1)) as [Ends]
    const arrived = messages(socket, 1)
    link.send(bytesOf(3))
    link.close(1001)
    link.send(bytesOf(4))
    const [code] = await once(socket, 'close')
    expect(code).toBe(1001)
    expect((await arrived).map(({ data }) => data)).toEqual([bytesOf(3)])
    link.send(bytesOf(5))
  })
})

describe('what is received', () => {
  test('comes as plain bytes', async () => {
    const [{ socket, received }] = (await connect(1)) as [Ends]
    for (const length of [0, 1, 125, 126, 70_000]) socket.send(bytesOf(length))
    while (received.length < 5) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(received).toEqual([0, 1, 125, 126, 70_000].map((length) => bytesOf(length)))
    for (const frame of received) expect(Object.getPrototypeOf(frame)).toBe(Uint8Array.prototype)
  })

  test('text closes the connection with 1003', async () => {
    const [{ socket }] = (await connect(1)) as [Ends]
    socket.send('text')
    const [code] = await once(socket, 'close')
    expect(code).toBe(1003)
  })
})
