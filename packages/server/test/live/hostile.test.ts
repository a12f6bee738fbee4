/** Clients that do not behave: refused or disconnected, without growth and without effect on others. */
import { connect, type Socket } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import { Doc, defineSchema, encodeBundle, lww, orMap, text } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { encodeFrame } from '@joinery/sync'
import { afterEach, describe, expect, it } from 'vitest'
import { closeMsMax, frameChunksMax, messageFragmentsMax } from '../../../transport/src/limits.ts'
import { connectClient, startServer, type TestServer, until } from './harness.ts'
import { hello, openRaw, subscribe } from './raw-client.ts'

const schema = defineSchema({ title: lww<string>(), body: text() })

const running: TestServer[] = []
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

const changes = (handle: number, batch: number, ...bytes: Uint8Array[]) =>
  ({ kind: 'changes', handle, batch, tellReceived: false, restart: false, payload: encodeBundle(bytes) }) as const

/** Changes of a document as its author makes them. */
function authored(node: string, incarnation = 'life', count = 1): { readonly doc: Doc; readonly bytes: Uint8Array[] } {
  const doc = new Doc({ actor: newActor(node), incarnation, copies: true, schema })
  const bytes = Array.from({ length: count }, (_, i) => doc.change((root) => root.title.set(`${i}`)) as Uint8Array)
  return { doc: doc as unknown as Doc, bytes }
}

describe('before it is known who they are', () => {
  it('silence ends the connection', async () => {
    const { wsUrl } = await start({ sessionLimits: { helloMsMax: 100 } })
    const client = await openRaw(wsUrl)
    expect(await client.end()).toBe(1008)
    expect(client.heard).toMatchObject([{ kind: 'goodbye', code: 'timeout' }])
  })

  it('anything but hello ends it, and so does hello twice, or of another version', async () => {
    const { wsUrl } = await start()
    const cases = [
      { frames: [subscribe('a')], code: 1002 },
      { frames: [hello('n'), hello('n')], code: 1002 },
      { frames: [{ ...hello('n'), versions: [3, 4] as const }], code: 1008 },
      { frames: [{ ...hello('n'), features: 4 }], code: 1008 },
      { frames: [hello('')], code: 1002 },
      { frames: [hello('a\u0000b')], code: 1002 },
      { frames: [hello('n', 'x'.repeat(129))], code: 1002 },
    ]
    for (const { frames, code } of cases) {
      const client = await openRaw(wsUrl)
      client.send(...(frames as Parameters<typeof client.send>))
      expect(await client.end(), JSON.stringify(frames)).toBe(code)
    }
  })

  it('bytes that are no frame, text, and a frame beyond the limit', async () => {
    const { wsUrl } = await start({ sessionLimits: { frameBytesMax: 4_096 } })
    for (const [data, code] of [
      [Buffer.from([0xff, 1, 2]), 1002],
      [Buffer.alloc(0), 1002],
      ['hello', 1003],
      [Buffer.alloc(4_097), 1009],
    ] as const) {
      const client = await openRaw(wsUrl)
      client.socket.send(data)
      expect(await client.end()).toBe(code)
    }
  })

  it('pages of other sites and other paths are not upgraded', async () => {
    const { wsUrl, server } = await start({ allowOrigins: ['https://app.example'] })
    await expect(openRaw(wsUrl, { origin: 'https://evil.example' })).rejects.toThrow('403')
    await expect(openRaw(wsUrl, { origin: 'null' })).rejects.toThrow('403')
    await expect(openRaw(`${wsUrl}/more`)).rejects.toThrow('404')
    for (const origin of ['https://app.example', server.url]) (await openRaw(wsUrl, { origin })).socket.close()
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write('GET /v1/sync HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n')
        socket.write('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
      })
      let text = ''
      socket.on('data', (data) => {
        text += data
      })
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1.1 421 [\s\S]*HOST_UNKNOWN/)
  })
})

describe('what they send', () => {
  it('another tenant sees nothing, and handles of documents that are not followed do nothing', async () => {
    const { wsUrl, store } = await start()
    const anna = await openRaw(wsUrl)
    anna.send(hello('anna'), subscribe('plan'))
    const { handle } = await anna.next('subscribed')
    anna.send(changes(handle, 1, ...authored('anna').bytes))
    await anna.next('ack')
    const mallory = await openRaw(wsUrl)
    mallory.send(hello('anna', 'other'), subscribe('plan'))
    const other = await mallory.next('subscribed')
    expect(other).toMatchObject({ incarnation: '', version: 0 })
    expect(other.handle).not.toBe(handle)
    mallory.send(
      changes(handle, 1, ...authored('anna', 'life').bytes),
      { kind: 'presence', handle, state: Buffer.from('boo') },
      { kind: 'credit', handle, bytes: 1 },
      { kind: 'unsubscribe', handle },
      { kind: 'ping', nonce: 7 },
    )
    await mallory.next('pong')
    expect(await store.head({ tenant: 'acme', id: 'plan' })).toMatchObject({ version: 1 })
    expect(await store.head({ tenant: 'other', id: 'plan' })).toBeUndefined()
    expect(anna.heard.filter(({ kind }) => kind === 'peers')).toEqual([])
  })

  it('changes that are not theirs, from the future, ahead of others, damaged or of another life are refused with nothing stored', async () => {
    const { wsUrl, store } = await start()
    const { bytes } = authored('anna', 'life', 3)
    const future = new Doc({ actor: newActor('anna'), incarnation: 'life', copies: true, schema })
    const late = future.change((root) => root.title.set('x'), { timeMicros: (Date.now() + 3_600_000) * 1000 })
    // The change is of today, and what it writes says that it is not.
    const honest = new Doc({ actor: newActor('anna'), incarnation: 'life', copies: true })
    const stamp = { timeMicros: (Date.now() + 3_600_000) * 1000 }
    const write = (): void => honest.field('map', orMap()).setLww('k', 1, stamp)
    const stamped = honest.change(write, { timeMicros: Date.now() * 1000 }) as Uint8Array
    const damaged = Uint8Array.from(bytes[0] as Uint8Array)
    damaged[damaged.length - 2] = 255
    const cases: readonly (readonly [string, Uint8Array[], number])[] = [
      ['permission_denied', authored('ben').bytes, 0],
      ['clock_skew', [late as Uint8Array], 0],
      ['clock_skew', [stamped], 0],
      ['missing_dependencies', [bytes[1] as Uint8Array], 0],
      ['malformed', [damaged], 0],
      ['incarnation_mismatch', [bytes[0] as Uint8Array, ...authored('anna', 'another').bytes], 1],
    ]
    for (const [i, [code, batch, accepted]] of cases.entries()) {
      const client = await openRaw(wsUrl)
      client.send(hello('anna'), subscribe(`doc-${i}`))
      const { handle } = await client.next('subscribed')
      client.send(changes(handle, 1, ...batch), changes(handle, 2, bytes[2] as Uint8Array), { kind: 'ping', nonce: 1 })
      const refused = await client.next('refused')
      expect(refused, code).toMatchObject({ handle, batch: 1, code, accepted, retryAfterMs: 0 })
      const head = await store.head({ tenant: 'acme', id: `doc-${i}` })
      expect(head?.version ?? 0, code).toBe(accepted)
      // What was behind it is passed over, not refused again.
      await client.next('pong')
      expect(client.heard.filter(({ kind }) => kind === 'refused' || kind === 'ack')).toEqual([])
      client.socket.close()
    }
  })

  it('a batch that is sent again changes nothing, and a number out of order ends the connection', async () => {
    const { wsUrl, store } = await start()
    const client = await openRaw(wsUrl)
    client.send(hello('anna'), subscribe('plan'))
    const { handle } = await client.next('subscribed')
    const { bytes } = authored('anna', 'life', 3)
    for (let batch = 1; batch <= 3; batch += 1) {
      client.send(changes(handle, batch, ...bytes))
      expect(await client.next('ack')).toMatchObject({ batch, level: 'stored', version: 3 })
    }
    expect(await store.head({ tenant: 'acme', id: 'plan' })).toMatchObject({ version: 3 })
    client.send(changes(handle, 9, ...bytes))
    expect(await client.end()).toBe(1002)
  })

  it('parts of a batch that do not fit together, or announce too much', async () => {
    const { wsUrl } = await start({ sessionLimits: { batchBytesMax: 1_000 } })
    const part = { kind: 'upload', batch: 1, tellReceived: false, restart: false } as const
    const cases = [
      { parts: [{ total: 1_001, offset: 0 }], code: 1009 },
      { parts: [{ total: 100, offset: 10 }], code: 1002 },
      {
        parts: [
          { total: 100, offset: 0 },
          { total: 99, offset: 10 },
        ],
        code: 1002,
      },
      {
        parts: [
          { total: 100, offset: 0 },
          { total: 100, offset: 0 },
        ],
        code: 1002,
      },
      { parts: [{ total: 5, offset: 0 }], code: 1002 },
    ]
    for (const { parts, code } of cases) {
      const client = await openRaw(wsUrl)
      client.send(hello('anna'), subscribe('plan'))
      const { handle } = await client.next('subscribed')
      for (const each of parts) client.send({ ...part, handle, ...each, payload: Buffer.alloc(10) })
      expect(await client.end(), JSON.stringify(parts)).toBe(code)
    }
  })

  it('more presence than a frame holds comes in several', async () => {
    const { wsUrl } = await start({ sessionLimits: { frameBytesMax: 8_192 } })
    const crowd = await Promise.all(Array.from({ length: 8 }, () => openRaw(wsUrl)))
    for (const [i, each] of crowd.entries()) {
      each.send(hello(`n${i}`), subscribe('plan'))
      const { handle } = await each.next('subscribed')
      each.send({ kind: 'presence', handle, state: Buffer.alloc(4_000, i) })
    }
    const late = await openRaw(wsUrl)
    late.send(hello('late'), subscribe('plan'))
    const peers = (): number =>
      late.heard.reduce((sum, frame) => sum + (frame.kind === 'peers' ? frame.peers.length : 0), 0)
    await until(() => peers() === 8, 'everybody')
    for (const frame of late.heard) expect(encodeFrame(frame).length).toBeLessThanOrEqual(8_192)
    for (const each of [...crowd, late]) each.socket.close()
  })

  it('more documents than one connection may follow', async () => {
    const { wsUrl } = await start({ sessionLimits: { channelsMax: 2 } })
    const client = await openRaw(wsUrl)
    client.send(hello('anna'), ...[1, 2, 3].map((request) => subscribe(`doc-${request}`, request)))
    expect(await client.next('refused')).toMatchObject({ handle: 3, batch: 0, code: 'payload_too_large' })
    expect(client.heard.filter(({ kind }) => kind === 'subscribed')).toHaveLength(2)
  })

  it('more changes than may wait are refused for now, and all are stored in the end', async () => {
    const { wsUrl, store } = await start({ sessionLimits: { inboxChangesMax: 20, retryAfterMs: 20 } })
    const anna = connectClient(wsUrl, 'anna')
    const followed = anna.follow('plan', schema)
    const doc = await followed.opened()
    doc.change((root) => root.title.set('begin'))
    await followed.saved()
    for (let i = 0; i < 15; i += 1) {
      for (let k = 0; k < 15; k += 1) doc.change((root) => root.body.insert(0, `${i}.${k} `))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await followed.saved()
    expect(await store.head({ tenant: 'acme', id: 'plan' })).toMatchObject({ version: 226 })
    expect(followed.refusal).toBeUndefined()
    anna.connection.close()
  })
})

describe('what they do not take', () => {
  it('a reader that does not read costs a window, holds up nobody, and is brought up to date when it reads', async () => {
    const { wsUrl } = await start({ sessionLimits: { feedBytesMax: 65_536, windowBytesMax: 262_144 } })
    const slow = await openRaw(wsUrl)
    const anna = connectClient(wsUrl, 'anna')
    const ben = connectClient(wsUrl, 'ben')
    const one = anna.follow('plan', schema)
    const doc = await one.opened()
    doc.change((root) => root.title.set('begin'))
    await one.saved()
    slow.send(hello('slow'), { ...subscribe('plan'), window: 1 } as ReturnType<typeof subscribe>)
    const { handle } = await slow.next('subscribed')
    const two = ben.follow('plan', schema)
    const copy = await two.opened()
    for (let i = 0; i < 100; i += 1) {
      doc.change((root) => root.body.insert(0, 'y'.repeat(20_000)))
      await one.saved()
    }
    await until(() => copy.versionHash() === doc.versionHash(), 'the other one')
    expect(slow.taken()).toBeLessThan(600_000)
    // It says that it took what came, again and again, as a client would.
    for (let i = 0; i < 500 && lastVersion(slow.heard) < 101; i += 1) {
      slow.send({ kind: 'credit', handle, bytes: slow.taken() })
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(lastVersion(slow.heard)).toBe(101)
    anna.connection.close()
    ben.connection.close()
  })

  it('who asks and asks and takes no answer is cut off', async () => {
    const wide = { framesBurstMax: 1_000_000, subscribesBurstMax: 1_000_000 }
    const { wsUrl } = await start({ sessionLimits: { socketBytesMax: 1_000, ...wide } })
    const client = await openRaw(wsUrl)
    client.send(hello('anna'))
    await client.next('welcome')
    client.socket.pause()
    const sent = new Promise<void>((resolve) => {
      let left = 250_000
      const more = (): void => {
        for (let i = 0; i < 5_000 && left > 0; i += 1, left -= 1)
          client.send({ ...subscribe('x', i), type: 'y' } as ReturnType<typeof subscribe>)
        if (left > 0 && client.socket.readyState === client.socket.OPEN) setImmediate(more)
        else resolve()
      }
      more()
    })
    await sent
    client.socket.resume()
    await client.end()
    expect(client.heard.length).toBeLessThan(250_000)
  })
})

function lastVersion(heard: readonly { readonly kind: string }[]): number {
  const versions = heard.flatMap((frame) => ('version' in frame ? [(frame as { version: number }).version] : []))
  return Math.max(0, ...versions)
}

describe('connections that misuse WebSocket', () => {
  /** A frame as a client masks it; with a mask of zeros the bytes stay as they are. */
  const frame = (first: number, payload: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload])

  /** Upgrades by hand; answers the socket, and all that comes back. */
  async function upgraded(port: number): Promise<{ readonly socket: Socket; readonly text: () => string }> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    socket.write(
      'GET /v1/sync HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
    )
    await until(() => text.includes('\r\n\r\n'), 'upgraded')
    return { socket, text: () => text }
  }

  it('a message in as many parts as allowed is read, and one more ends the connection', async () => {
    const { server } = await start()
    const bytes = encodeFrame(hello('n'))
    const last = bytes.at(-1) as number
    for (const [parts, ends] of [
      [messageFragmentsMax, false],
      [messageFragmentsMax + 1, true],
    ] as const) {
      const { socket, text } = await upgraded(server.port)
      const before = text().length
      // An empty part costs nothing but its head, and counts.
      socket.write(frame(0x02, bytes.subarray(0, -1)))
      socket.write(Buffer.concat(Array.from({ length: parts - 2 }, () => frame(0x00, new Uint8Array()))))
      socket.write(frame(0x80, Uint8Array.of(last)))
      await until(() => text().length > before, 'an answer')
      // A welcome, or a close with 1008.
      expect(text().charCodeAt(before), `${parts}`).toBe(ends ? 0x88 : 0x82)
      socket.destroy()
    }
  })

  it('a frame in as many pieces as it has bytes ends the connection before it is whole', async () => {
    const { server } = await start({ sessionLimits: { idleMsMax: 60_000, helloMsMax: 60_000 } })
    const { socket, text } = await upgraded(server.port)
    const before = text().length
    const bytes = Buffer.alloc(frameChunksMax * 2)
    bytes[0] = 0x01
    socket.write(Buffer.from([0x82, 0xfe, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, 0]))
    let sent = 0
    while (text().length === before && sent < bytes.length) {
      // Each in a packet of its own: the server reads between two of them.
      socket.write(bytes.subarray(sent, sent + 1))
      sent += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => text().length > before, 'an answer')
    expect(text().charCodeAt(before)).toBe(0x88)
    socket.destroy()
  }, 30_000)

  it('compression is not negotiated, and compressed frames end the connection', async () => {
    const { server } = await start()
    const { socket, text } = await upgraded(server.port)
    expect(text()).not.toMatch(/extensions/i)
    const before = text().length
    // A bomb: a few bytes that would be a megabyte.
    const bomb = deflateRawSync(Buffer.alloc(1_000_000))
    socket.write(frame(0xc2, bomb.subarray(0, 120)))
    await until(() => text().length > before, 'an answer')
    expect(text().charCodeAt(before)).toBe(0x88)
    expect(
      text()
        .slice(before + 2)
        .charCodeAt(0) *
        256 +
        text()
          .slice(before + 2)
          .charCodeAt(1),
    ).toBe(1002)
    socket.destroy()
  })

  it('who does not close their end of a refused or ended connection does not keep it', async () => {
    const { server } = await start({ sessionLimits: { helloMsMax: 50 } })
    const held = Array.from({ length: 20 }, (_, i) => {
      const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => {})
      socket.write(
        `GET /v1/${i % 2 === 0 ? 'sync' : 'other'} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      )
      return socket
    })
    await until(() => held.every((socket) => socket.bytesRead > 0 || socket.destroyed), 'answers')
    // What is written to a connection that is gone comes back as a reset.
    const areGone = (): boolean => {
      for (const socket of held) if (!socket.destroyed) socket.write('x')
      return held.every((socket) => socket.destroyed)
    }
    await until(areGone, 'all are let go of', closeMsMax + 5_000)
    for (const socket of held) socket.destroy()
  }, 20_000)
})
