/** Whoever is broken or hostile is refused and counted, and the others do not notice. */
import { createHmac, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Authentication } from '../../src/nodes/authentication.ts'
import { selfSignedCertificate } from '../../src/nodes/certificate.ts'
import { encodeNodeFrame, frameKind } from '../../src/nodes/frames.ts'
import { encodeHello } from '../../src/nodes/hello.ts'
import type { NodeTransportLimits } from '../../src/nodes/limits.ts'
import { generateIdentity, keyAuthentication, secretAuthentication } from '../../src/nodes.ts'
import { SuiteNode, until } from '../../src/testing/suite-node.ts'
import { Keys, type WireName, wireTransport } from './networks.ts'
import { helloOf, RawPeer, rawStream } from './raw-peer.ts'

const NOTHING = new Uint8Array(0)

/** Two nodes that speak to each other, and the keys of a third that may. */
async function withPair(
  wire: WireName,
  run: (pair: {
    readonly a: SuiteNode
    readonly keys: Keys
    /** Of a member called `m`. */
    readonly member: Authentication
    /** Fails if the two do not hear each other. */
    readonly unharmed: () => Promise<void>
  }) => Promise<void>,
  limits: Partial<NodeTransportLimits> = {},
): Promise<void> {
  const keys = new Keys()
  const [a, b] = ['a', 'b'].map(
    (node) => new SuiteNode(node, wireTransport(wire, keys.authentication(node), { node, region: 'r', limits })),
  ) as [SuiteNode, SuiteNode]
  const member = keys.authentication('m')
  try {
    await a.open()
    await b.open()
    b.transport.join(a.address)
    await until(() => a.knows('b') && b.knows('a'), 'the two are connected')
    let said = 0
    const unharmed = async (): Promise<void> => {
      said += 1
      const text = `still here ${said}`
      expect([a.say('b', text), b.say('a', text)]).toEqual([true, true])
      await until(() => a.texts().includes(`b: ${text}`) && b.texts().includes(`a: ${text}`), 'the two hear each other')
      expect([a.told.filter((line) => line.endsWith('b')), b.told]).toEqual([['+b'], ['+a']])
    }
    await run({ a, keys, member, unharmed })
    await unharmed()
  } finally {
    await Promise.all([a.transport.close(), b.transport.close()])
  }
}

describe.each(['tcp', 'websocket'] as const)('strangers over %s', (wire) => {
  test('who speaks no TLS is refused', () =>
    withPair(wire, async ({ a }) => {
      const stream = rawStream(wire, a.address)
      stream.write(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
      await until(() => a.refused.length > 0, 'it is refused')
      expect(a.refused).toEqual(['TRANSPORT_TLS'])
      stream.destroy()
    }))

  test('who says nothing is not waited for', () =>
    withPair(
      wire,
      async ({ a, member }) => {
        const silent = rawStream(wire, a.address)
        const halfWay = await RawPeer.over(wire, a.address, member).secured()
        expect(halfWay.isSecure).toBe(true)
        await until(() => a.refused.length === 2, 'both are refused')
        expect(a.refused).toEqual(['TRANSPORT_HANDSHAKE_TIMEOUT', 'TRANSPORT_HANDSHAKE_TIMEOUT'])
        expect(await halfWay.goodbye()).toBe('TRANSPORT_HANDSHAKE_TIMEOUT')
        silent.destroy()
      },
      { handshakeMsMax: 300 },
    ))

  test('who has no key, or one that is not on the list, is refused', () =>
    withPair(wire, async ({ a }) => {
      const nobody = await new RawPeer(rawStream(wire, a.address), { minVersion: 'TLSv1.3' }).secured()
      expect(await nobody.goodbye()).toBe('TRANSPORT_KEY_UNKNOWN')
      const allow = () => new Map()
      const other = RawPeer.over(wire, a.address, keyAuthentication({ identity: generateIdentity(), allow }))
      expect(await (await other.secured()).goodbye()).toBe('TRANSPORT_KEY_UNKNOWN')
      expect(a.refused).toEqual(['TRANSPORT_KEY_UNKNOWN', 'TRANSPORT_KEY_UNKNOWN'])
    }))

  test('who is taken off the list is refused from then on', () =>
    withPair(wire, async ({ a, keys, member }) => {
      const before = await RawPeer.over(wire, a.address, member).greet(helloOf('m'))
      expect(before.frames[0]?.kind).toBe(frameKind.hello)
      before.close()
      await until(() => !a.knows('m'), 'it has gone')
      keys.allowed.delete(keys.identity('m').publicKey)
      const after = await RawPeer.over(wire, a.address, member).secured()
      expect(await after.goodbye()).toBe('TRANSPORT_KEY_UNKNOWN')
    }))

  test('a key of another kind, and an older TLS, are refused', () =>
    withPair(wire, async ({ a, member }) => {
      const key = member.privateKey.export({ type: 'pkcs8', format: 'pem' })
      const old = new RawPeer(rawStream(wire, a.address), { key, cert: member.certificate, maxVersion: 'TLSv1.2' })
      await until(() => old.isClosed, 'it is refused')
      const plain = new RawPeer(rawStream(wire, a.address), { sigalgs: 'rsa_pss_rsae_sha256', minVersion: 'TLSv1.3' })
      await until(() => plain.isClosed, 'it is refused')
      expect([old.isSecure, plain.isSecure, a.refused]).toEqual([false, false, ['TRANSPORT_TLS', 'TRANSPORT_TLS']])
    }))

  test('who takes the name of another, or of the node itself, is refused', () =>
    withPair(wire, async ({ a, member }) => {
      for (const name of ['b', 'a', 'nobody']) {
        const peer = await RawPeer.over(wire, a.address, member).greet(helloOf(name))
        expect(await peer.goodbye()).toBe('TRANSPORT_NAME_MISMATCH')
      }
      expect(a.refused).toEqual(Array.from({ length: 3 }, () => 'TRANSPORT_NAME_MISMATCH'))
    }))

  test('who belongs to another cluster, or speaks another version, is refused', () =>
    withPair(wire, async ({ a, member }) => {
      const foreign = await RawPeer.over(wire, a.address, member).greet(helloOf('m', { cluster: 'other' }))
      expect(await foreign.goodbye()).toBe('TRANSPORT_CLUSTER_MISMATCH')
      const later = await RawPeer.over(wire, a.address, member).secured()
      later.send(frameKind.hello, Uint8Array.of(2))
      expect(await later.goodbye()).toBe('TRANSPORT_VERSION')
      expect(a.refused).toEqual(['TRANSPORT_CLUSTER_MISMATCH', 'TRANSPORT_VERSION'])
    }))

  test('who does not know the secret is refused, and so is a proof of another connection or of this end', async () => {
    const secret = randomBytes(32)
    const settings = { node: 'a', region: 'r' }
    const a = await new SuiteNode('a', wireTransport(wire, secretAuthentication(secret), settings)).open()
    const knowing = secretAuthentication(secret)
    const attempts: Parameters<RawPeer['prove']>[1][] = [
      () => new Uint8Array(32),
      () => NOTHING,
      secretAuthentication(randomBytes(32)).prove!,
      (context) =>
        knowing.prove!({ ...context, role: 'accepted', hello: context.otherHello, otherHello: context.hello }),
      (context) => knowing.prove!({ ...context, exported: randomBytes(32) }),
      (context) => knowing.prove!({ ...context, hello: encodeHello(helloOf('other')) }),
      ({ exported }) => createHmac('sha256', secret).update(exported).digest(),
    ]
    for (const attempt of attempts) {
      const peer = await RawPeer.over(wire, a.address, secretAuthentication(randomBytes(32))).prove(
        helloOf('m'),
        attempt,
      )
      expect(await peer.goodbye()).toBe('TRANSPORT_SECRET_WRONG')
    }
    expect(a.refused).toEqual(attempts.map(() => 'TRANSPORT_SECRET_WRONG'))
    const peer = await RawPeer.over(wire, a.address, knowing).prove(helloOf('m'), knowing.prove!)
    expect([peer.frames.map(({ kind }) => kind), a.told]).toEqual([[frameKind.hello, frameKind.proof], ['+m']])
    peer.close()
    await a.transport.close()
  })

  test.each([
    ['a message before the greeting', frameKind.message, new Uint8Array(10), 'TRANSPORT_MALFORMED'],
    ['a greeting that is cut', frameKind.hello, encodeHello(helloOf('m')).slice(0, 20), 'TRANSPORT_MALFORMED'],
    [
      'a greeting with more behind it',
      frameKind.hello,
      Buffer.concat([encodeHello(helloOf('m')), NOTHING, Uint8Array.of(1)]),
      'TRANSPORT_MALFORMED',
    ],
    ['a greeting without a name', frameKind.hello, encodeHello(helloOf('')), 'TRANSPORT_MALFORMED'],
    ['a proof that nobody asked for', frameKind.proof, new Uint8Array(32), 'TRANSPORT_MALFORMED'],
    ['a frame of a kind that there is not', 77, NOTHING, 'TRANSPORT_MALFORMED'],
    ['a greeting of the longest length', frameKind.hello, new Uint8Array(1_024), 'TRANSPORT_VERSION'],
    ['a greeting one byte longer', frameKind.hello, new Uint8Array(1_025), 'TRANSPORT_TOO_LARGE'],
  ])('%s is refused', (_, kind, body, code) =>
    withPair(wire, async ({ a, member }) => {
      const peer = await RawPeer.over(wire, a.address, member).secured()
      peer.send(kind, body)
      expect(await peer.goodbye()).toBe(code)
      expect(a.refused).toEqual([code])
    }),
  )

  test('a crowd of strangers is kept out', () =>
    withPair(
      wire,
      async ({ a, member }) => {
        const crowd = Array.from({ length: 40 }, () => rawStream(wire, a.address))
        await until(() => a.refused.filter((code) => code === 'TRANSPORT_FULL').length >= 40 - 8, 'most are refused')
        for (const stream of crowd) stream.destroy()
        await until(() => a.refused.length === 40, 'the others have gone')
        const peer = await RawPeer.over(wire, a.address, member).greet(helloOf('m'))
        expect(a.knows('m')).toBe(true)
        peer.close()
      },
      { handshakesPerAddressMax: 8 },
    ))
})

describe.each(['tcp', 'websocket'] as const)('members that misbehave over %s', (wire) => {
  test.each([
    ['a frame that is too long', encodeNodeFrame(frameKind.message, new Uint8Array(1_001)), 'TRANSPORT_TOO_LARGE'],
    ['a length of four gigabytes', Uint8Array.of(255, 255, 255, 255), 'TRANSPORT_TOO_LARGE'],
    ['a frame without a kind', Uint8Array.of(0, 0, 0, 0), 'TRANSPORT_TOO_LARGE'],
    ['a second greeting', encodeNodeFrame(frameKind.hello, encodeHello(helloOf('m'))), 'TRANSPORT_MALFORMED'],
    ['a sign of life with a body', encodeNodeFrame(frameKind.ping, Uint8Array.of(1)), 'TRANSPORT_MALFORMED'],
    ['a farewell that cannot be read', encodeNodeFrame(frameKind.bye, Uint8Array.of(9)), 'TRANSPORT_MALFORMED'],
  ])('%s ends the connection', (_, frame, code) =>
    withPair(
      wire,
      async ({ a, member }) => {
        const peer = await RawPeer.over(wire, a.address, member).greet(helloOf('m'))
        peer.send(frameKind.message, new Uint8Array(1_000))
        peer.socket.write(frame)
        expect(await peer.goodbye()).toBe(code)
        expect([a.refused, a.received.filter(({ from }) => from === 'm').length]).toEqual([[code], 1])
        expect(a.told).toEqual(['+b', '+m', '-m'])
      },
      { messageBytesMax: 1_000 },
    ),
  )

  test('who sends too much is read more slowly, and holds nobody up', () =>
    withPair(
      wire,
      async ({ a, member, unharmed }) => {
        const peer = await RawPeer.over(wire, a.address, member).greet(helloOf('m'))
        const frame = encodeNodeFrame(frameKind.message, new Uint8Array(1_000))
        const flood = Buffer.concat(Array.from({ length: 5_000 }, () => frame))
        peer.socket.write(flood)
        await until(() => a.refused.includes('TRANSPORT_FLOOD'), 'it is noticed')
        await unharmed()
        const taken = a.received.filter(({ from }) => from === 'm').length
        expect(taken).toBeLessThan(5_000)
        expect(a.refused).toEqual(['TRANSPORT_FLOOD'])
        peer.close()
      },
      { receivedMessagesPerSecondMax: 100 },
    ))

  test('who takes nothing costs a bounded queue, and is cut', () =>
    withPair(
      wire,
      async ({ a, member }) => {
        const peer = await RawPeer.over(wire, a.address, member).greet(helloOf('m'))
        peer.socket.pause()
        const message = new Uint8Array(50_000)
        const signs = setInterval(() => peer.send(frameKind.ping, NOTHING), 100)
        let mostWaiting = 0
        await until(() => {
          // As much as it takes on: what the operating system takes does not wait.
          for (let i = 0; i < 50 && a.transport.send('m', message); i += 1);
          mostWaiting = Math.max(mostWaiting, a.transport.figures().waitingBytes)
          return a.refused.length > 0
        }, 'it is cut')
        clearInterval(signs)
        expect(mostWaiting).toBeGreaterThan(900_000)
        expect(mostWaiting).toBeLessThan(1_001_000)
        expect([a.refused, a.transport.figures().waitingBytes]).toEqual([['TRANSPORT_STALLED'], 0])
        peer.close()
      },
      { waitingBytesMax: 1_000_000, stalledMsMax: 1_500 },
    ))

  test('who gives no sign of life is cut', () =>
    withPair(
      wire,
      async ({ a, member }) => {
        const peer = await RawPeer.over(wire, a.address, member).greet(helloOf('m'))
        await until(() => a.refused.length > 0, 'it is cut')
        expect(a.refused).toEqual(['TRANSPORT_SILENT'])
        expect(peer.frames.some(({ kind }) => kind === frameKind.ping)).toBe(true)
      },
      { pingMs: 300, silentMsMax: 3_000 },
    ))

  test('who connects again has lost its first connection', () =>
    withPair(wire, async ({ a, member }) => {
      const hello = helloOf('m')
      const first = await RawPeer.over(wire, a.address, member).greet(hello)
      const second = await RawPeer.over(wire, a.address, member).greet(hello)
      expect(await first.goodbye()).toBe('')
      a.say('m', 'to the second')
      await until(() => second.frames.some(({ kind }) => kind === frameKind.message), 'it has arrived')
      // Started anew it is another one, whatever is left of the one before.
      const third = await RawPeer.over(wire, a.address, member).greet(helloOf('m'))
      expect(await second.goodbye()).toBe('')
      expect([a.told, a.refused]).toEqual([['+b', '+m', '-m', '+m'], []])
      third.close()
    }))
})

describe('who sits in between', () => {
  /** Passes bytes on, remembers those that go in, and may change them. */
  async function between(address: string, change: (chunk: Buffer, at: number) => Buffer = (chunk) => chunk) {
    const recorded: Buffer[] = []
    const sockets: Socket[] = []
    const target = Number(new URL(address.replace('tcp:', 'http:')).port)
    const server = createServer((inner) => {
      const outer = connectTcp(target, '127.0.0.1')
      sockets.push(inner, outer)
      inner.on('data', (chunk) => {
        outer.write(
          change(
            chunk,
            recorded.reduce((sum, { length }) => sum + length, 0),
          ),
        )
        recorded.push(chunk)
      })
      outer.on('data', (chunk) => inner.write(chunk))
      inner.on('close', () => outer.destroy()).on('error', () => {})
      outer.on('close', () => inner.destroy()).on('error', () => {})
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const close = (): void => {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
    return { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, recorded, close }
  }

  test('a handshake that is played again is refused', () =>
    withPair('tcp', async ({ a, member }) => {
      const tap = await between(a.address)
      const peer = await RawPeer.over('tcp', tap.address, member).greet(helloOf('m'))
      expect(a.knows('m')).toBe(true)
      peer.send(frameKind.message, Buffer.from('pay 100'))
      await until(() => a.received.some(({ from }) => from === 'm'), 'it has arrived')
      peer.close()
      await until(() => !a.knows('m'), 'it has gone')
      tap.close()
      const again = rawStream('tcp', a.address)
      for (const chunk of tap.recorded) again.write(chunk)
      await until(() => a.refused.length > 0, 'it is refused')
      expect(a.refused).toEqual(['TRANSPORT_TLS'])
      expect(a.received.filter(({ from }) => from === 'm')).toHaveLength(1)
      again.destroy()
    }))

  test('bytes that were changed on the way end the connection, wherever', () =>
    withPair('tcp', async ({ a, member }) => {
      // In the greeting of TLS, in the certificate and its signature, and in what is said.
      for (const position of [60, 400, 560, 640, 720]) {
        const before = a.refused.length
        const tap = await between(a.address, (chunk, at) => {
          const copy = Buffer.from(chunk)
          if (position >= at && position < at + chunk.length) copy[position - at]! ^= 1
          return copy
        })
        const peer = RawPeer.over('tcp', tap.address, member)
        await peer.secured()
        if (peer.isSecure) peer.send(frameKind.hello, encodeHello(helloOf('m')))
        await until(() => a.refused.length > before, `it is refused after a change at ${position}`)
        expect(a.knows('m')).toBe(false)
        peer.close()
        tap.close()
      }
      // A length that was changed is waited for; who notices first may just go.
      const codes = ['TRANSPORT_TLS', 'TRANSPORT_UNREACHABLE', 'TRANSPORT_HANDSHAKE_TIMEOUT']
      for (const code of a.refused) expect(codes).toContain(code)
    }))

  test('a node that dials finds out who answers', async () => {
    const keys = new Keys()
    const settings = { region: 'r' }
    const foreign = new Keys()
    foreign.allowed.set(keys.identity('a').publicKey, 'a')
    const impostor = wireTransport('tcp', foreign.authentication('b'), { ...settings, node: 'b' })
    const b = await new SuiteNode('b', impostor).open()
    const a = await new SuiteNode(
      'a',
      wireTransport('tcp', keys.authentication('a'), { ...settings, node: 'a' }),
    ).open()
    a.transport.join(b.address)
    await until(() => a.refused.length > 0, 'it is refused')
    expect(a.refused[0]).toBe('TRANSPORT_KEY_UNKNOWN')
    await until(() => b.refused.length > 0, 'the other one is told why')
    expect([b.refused[0], a.told, b.told]).toEqual(['TRANSPORT_KEY_UNKNOWN', [], []])
    await Promise.all([a.transport.close(), b.transport.close()])
  })
})

test('certificates are what platforms take for one', () => {
  const identity = generateIdentity()
  const pem = selfSignedCertificate(identity.privateKey)
  const certificate = new X509Certificate(pem)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.checkIssued(certificate)).toBe(true)
  expect(certificate.checkPrivateKey(identity.privateKey)).toBe(true)
  expect([certificate.subject, certificate.serialNumber]).toEqual(['CN=joinery node', '01'])
  expect(certificate.validTo).toBe('Dec 31 23:59:59 9999 GMT')
  expect(certificate.publicKey.asymmetricKeyType).toBe('ed25519')
  expect(selfSignedCertificate(identity.privateKey), 'the same for ever').toBe(pem)
})
