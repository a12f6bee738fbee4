/** An end of a connection that does what it likes. */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Authentication, Role } from '../../src/nodes/authentication.ts'
import { encodeNodeFrame, frameKind, NodeFrameReader } from '../../src/nodes/frames.ts'
import { decodeBye, encodeHello, type Hello } from '../../src/nodes/hello.ts'
import { tcpWire } from '../../src/nodes/tcp-wire.ts'
import { websocketWire } from '../../src/nodes/websocket-wire.ts'
import { until } from '../../src/testing/suite-node.ts'
import type { WireName } from './networks.ts'

const NOTHING = new Uint8Array(0)

/** The bytes of a connection, without anything on top. */
export function rawStream(wire: WireName, address: string): Duplex {
  const stream = (wire === 'tcp' ? tcpWire(undefined) : websocketWire(undefined)).dial(address)
  stream.on('error', () => {})
  return stream
}

export function helloOf(node: string, more: Partial<Hello> = {}): Hello {
  const instance = randomBytes(16)
  return { cluster: 'test', node, region: 'r', address: '', instance, messageBytesMax: 262_144, ...more }
}

export class RawPeer {
  readonly socket: TLSSocket
  readonly frames: { readonly kind: number; readonly body: Uint8Array }[] = []
  exported: Uint8Array = NOTHING
  isSecure = false
  isClosed = false
  readonly #reader = new NodeFrameReader(1_000_000)

  constructor(stream: Duplex, options: ConnectionOptions) {
    this.socket = connect({
      socket: stream,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['joinery-node/1'],
      ...options,
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
    })
    stream.on('close', () => {
      this.isClosed = true
    })
    this.socket.on('secureConnect', () => {
      this.isSecure = true
      this.exported = this.socket.exportKeyingMaterial(32, 'EXPORTER-joinery-node-1', Buffer.alloc(0))
    })
    this.socket.on('data', (chunk: Uint8Array) => {
      this.#reader.push(chunk, (kind, body) => {
        this.frames.push({ kind, body: body.slice() })
        return true
      })
    })
  }

  static over(wire: WireName, address: string, authentication: Authentication): RawPeer {
    const { privateKey, certificate } = authentication
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
    return new RawPeer(rawStream(wire, address), { key, cert: certificate, minVersion: 'TLSv1.3' })
  }

  async secured(): Promise<this> {
    await until(() => this.isSecure || this.isClosed, 'TLS stands')
    return this
  }

  send(kind: number, body: Uint8Array): void {
    this.socket.write(encodeNodeFrame(kind, body))
  }

  /** Says who it is, by key, and waits for the answer. */
  async greet(hello: Hello): Promise<this> {
    await this.secured()
    this.send(frameKind.hello, encodeHello(hello))
    await until(() => this.frames.length > 0 || this.isClosed, 'it is answered')
    return this
  }

  /** Says who it is and proves that it knows a secret, as `prove` does. */
  async prove(hello: Hello, prove: (context: ProofOf) => Uint8Array): Promise<this> {
    await this.greet(hello)
    const otherHello = this.frames[0]?.body ?? NOTHING
    this.send(
      frameKind.proof,
      prove({ exported: this.exported, role: 'dialled', hello: encodeHello(hello), otherHello }),
    )
    await until(() => this.frames.length > 1 || this.isClosed, 'it is answered')
    return this
  }

  /** Why the other end said that it goes. */
  async goodbye(): Promise<string | undefined> {
    const find = () => this.frames.find(({ kind }) => kind === frameKind.bye)
    await until(() => find() !== undefined || this.isClosed, 'the other end goes')
    const bye = find()
    return bye === undefined ? undefined : decodeBye(bye.body).code
  }

  close(): void {
    this.socket.destroy()
  }
}

export interface ProofOf {
  readonly exported: Uint8Array
  readonly role: Role
  readonly hello: Uint8Array
  readonly otherHello: Uint8Array
}
