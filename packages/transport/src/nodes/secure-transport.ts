/** A transport of authenticated connections over any wire: at most one to each node, opened when there is something to say. */
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type { Scheduler } from '@joinery/sync'
import type { NodeId } from '@joinery/sync/replication'
import type { Authentication } from './authentication.ts'
import { type ConnectionContext, type ConnectionEnd, NodeConnection } from './connection.ts'
import { Dials } from './dials.ts'
import { TransportError, type TransportRefusal } from './errors.ts'
import { type Hello, instanceBytes } from './hello.ts'
import { clusterNameBytesMax, type NodeTransportLimits, nodeNameBytesMax, nodeTransportLimits } from './limits.ts'
import { Links } from './links.ts'
import type { NodeTransport, NodeTransportEvents, NodeTransportFigures, TransportPeer } from './port.ts'
import { secureContext } from './secure-stream.ts'
import { Strangers } from './strangers.ts'
import { Unsent } from './unsent.ts'
import type { Wire } from './wire.ts'

/** What every transport over a wire is made of. */
export interface SecureTransportOptions {
  /** Name of this node. By key: the one that the lists of others have for its key. 1 to 128 bytes. */
  readonly node: NodeId
  readonly region: string
  /** Nodes of other clusters are refused. 1 to 128 bytes. */
  readonly cluster: string
  readonly authentication: Authentication
  /** Milliseconds of a clock that is never set back. */
  readonly scheduler: Scheduler
  /** So many random bytes. */
  readonly randomBytes: (count: number) => Uint8Array
  /** Where others reach this node, if not where it listens: behind a proxy, or listening on all interfaces. */
  readonly advertise?: string
  readonly limits?: Partial<NodeTransportLimits>
}

const TEND_MS = 1_000
const CLOSE_MS = 1_500

export function secureTransport(wire: Wire, options: SecureTransportOptions): NodeTransport {
  return new SecureTransport(wire, options)
}

class SecureTransport implements NodeTransport, ConnectionContext {
  readonly schemes: readonly string[]
  readonly authentication: Authentication
  readonly secureContext: SecureContext
  readonly scheduler: Scheduler
  readonly limits: NodeTransportLimits
  readonly #wire: Wire
  readonly #options: SecureTransportOptions
  readonly #instance: Uint8Array
  readonly #links: Links
  readonly #strangers: Strangers
  readonly #dials: Dials
  readonly #unsent: Unsent
  /** Where nodes are, the one that was told longest ago first. */
  readonly #addresses = new Map<NodeId, string>()
  readonly #counted = { sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0, droppedMessages: 0 }
  #events: NodeTransportEvents | undefined
  #address = ''
  #state: 'new' | 'open' | 'closed' = 'new'
  #stopTending: () => void = () => {}

  constructor(wire: Wire, options: SecureTransportOptions) {
    checkNames(options)
    if (options.advertise !== undefined) wire.check(options.advertise)
    this.#wire = wire
    this.#options = options
    this.schemes = wire.schemes
    this.authentication = options.authentication
    this.secureContext = secureContext(options.authentication)
    this.scheduler = options.scheduler
    this.limits = { ...nodeTransportLimits, ...options.limits }
    this.#instance = options.randomBytes(instanceBytes)
    this.#links = new Links(options.node, this.#instance, this.limits)
    this.#strangers = new Strangers(this.limits)
    this.#unsent = new Unsent(this.limits)
    this.#dials = new Dials({
      scheduler: options.scheduler,
      limits: this.limits,
      random: (bound) => randomBelow(bound, options.randomBytes),
      connect: (address) => this.#dial(address),
      isLinked: (node) => node === options.node || this.#links.of(node) !== undefined,
    })
  }

  async open(events: NodeTransportEvents): Promise<string> {
    if (this.#state !== 'new') throw new TransportError('TRANSPORT_CLOSED', 'a transport is opened once')
    this.#state = 'open'
    this.#events = events
    const address = await this.#wire.listen((stream, remote) => this.#accept(stream, remote))
    this.#address = this.#options.advertise ?? address
    this.#tendAgain()
    return this.#address
  }

  join(address: string): void {
    this.#wire.check(address)
    if (this.#state === 'open') this.#dials.keep(address)
  }

  locate(node: NodeId, address: string): void {
    if (node === this.#options.node || !this.schemes.some((scheme) => address.startsWith(scheme))) return
    this.#addresses.delete(node)
    if (this.#addresses.size >= this.limits.addressesMax) {
      const [oldest] = this.#addresses.keys()
      if (oldest !== undefined) this.#addresses.delete(oldest)
    }
    this.#addresses.set(node, address)
  }

  send(to: NodeId, bytes: Uint8Array): boolean {
    if (bytes.length > this.limits.messageBytesMax) {
      throw new TransportError(
        'TRANSPORT_TOO_LARGE',
        `at most ${this.limits.messageBytesMax} bytes, not ${bytes.length}`,
      )
    }
    const sent = this.#state === 'open' && this.#send(to, bytes)
    if (!sent) this.#counted.droppedMessages += 1
    return sent
  }

  #send(to: NodeId, bytes: Uint8Array): boolean {
    const link = this.#links.of(to)
    if (link !== undefined) return this.#sendOver(link, bytes)
    const address = this.#addresses.get(to)
    if (address === undefined || !isAddress(this.#wire, address) || !this.#dials.reach(address)) return false
    return this.#unsent.add(to, address, bytes)
  }

  #sendOver(link: NodeConnection, bytes: Uint8Array): boolean {
    if (!link.send(bytes)) return false
    this.#counted.sentMessages += 1
    this.#counted.sentBytes += bytes.length
    return true
  }

  reaches(node: NodeId): boolean {
    return this.#links.of(node) !== undefined
  }

  peers(): readonly TransportPeer[] {
    return this.#links.all().map((link) => peerOf(link.peer as Hello))
  }

  figures(): NodeTransportFigures {
    const waitingBytes = this.#links.all().reduce((sum, link) => sum + link.waitingBytes, 0)
    return { ...this.#counted, waitingBytes }
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') {
      this.#state = 'closed'
      return
    }
    this.#state = 'closed'
    this.#stopTending()
    this.#dials.close()
    const open = [...this.#links.all(), ...this.#strangers.all()]
    for (const connection of open) connection.close()
    await Promise.race([
      this.#wire.close(),
      new Promise<void>((resolve) => void this.scheduler.after(CLOSE_MS, resolve)),
    ])
  }

  hello(): Hello {
    const { cluster, node, region } = this.#options
    const { messageBytesMax } = this.limits
    return { cluster, node, region, address: this.#address, instance: this.#instance, messageBytesMax }
  }

  #accept(stream: Duplex, remote: string): void {
    if (this.#state !== 'open') {
      stream.destroy()
      return
    }
    if (!this.#strangers.hasRoom(remote)) {
      stream.on('error', () => {})
      stream.destroy()
      this.#events?.refused('TRANSPORT_FULL', { remote, detail: 'too many connections are being opened from there' })
      return
    }
    this.#strangers.add(new NodeConnection(this, stream, 'accepted', remote))
  }

  #dial(address: string): NodeConnection | undefined {
    if (this.#links.isFull) return undefined
    const connection = new NodeConnection(this, this.#wire.dial(address), 'dialled', address)
    this.#strangers.add(connection)
    return connection
  }

  admit(connection: NodeConnection, peer: Hello): TransportRefusal | undefined {
    return this.#links.refusalOf(connection, peer)
  }

  opened(connection: NodeConnection): void {
    const peer = connection.peer as Hello
    this.#strangers.remove(connection)
    const replaced = this.#links.put(connection, peer)
    this.#dials.reached(connection, peer.node)
    if (peer.address !== '') this.locate(peer.node, peer.address)
    const isOther = replaced !== undefined && !sameBytes((replaced.peer as Hello).instance, peer.instance)
    if (isOther) this.#events?.disconnected(peer.node)
    replaced?.retire()
    if (replaced === undefined || isOther) this.#events?.connected(peerOf(peer))
    for (const bytes of this.#unsent.take(peer.node)) {
      if (!this.#sendOver(connection, bytes)) this.#counted.droppedMessages += 1
    }
  }

  message(connection: NodeConnection, bytes: Uint8Array): void {
    this.#counted.receivedMessages += 1
    this.#counted.receivedBytes += bytes.length
    this.#events?.message((connection.peer as Hello).node, bytes)
  }

  flooded(connection: NodeConnection): void {
    this.#refused('TRANSPORT_FLOOD', connection, 'it sends more than it may, and is read more slowly')
  }

  closed(connection: NodeConnection, { code, detail, saidBy }: ConnectionEnd): void {
    const { peer } = connection
    this.#strangers.remove(connection)
    const wasLinked = this.#links.remove(connection)
    if (code !== undefined && code !== 'TRANSPORT_DUPLICATE' && this.#state === 'open') {
      this.#refused(code, connection, detail)
    }
    const node = peer?.node ?? (saidBy === '' ? undefined : saidBy)
    this.#dials.ended(connection, node)
    if (connection.role === 'dialled') this.#counted.droppedMessages += this.#unsent.drop(connection.remote)
    if (!wasLinked || peer === undefined) return
    this.#events?.disconnected(peer.node)
    this.#dials.lost(peer.node)
  }

  #refused(code: TransportRefusal, { peer, remote }: NodeConnection, detail: string): void {
    this.#events?.refused(code, { remote, detail, ...(peer !== undefined && { node: peer.node }) })
  }

  #tendAgain(): void {
    const fromMs = this.scheduler.nowMs()
    this.#stopTending = this.scheduler.after(TEND_MS, () => {
      const nowMs = this.scheduler.nowMs()
      const stoodStill = nowMs - fromMs >= 2 * TEND_MS
      for (const connection of [...this.#links.all(), ...this.#strangers.all()]) {
        if (stoodStill) connection.excuse(nowMs)
        connection.tend(nowMs)
      }
      this.#tendAgain()
    })
  }
}

function peerOf({ node, region, address }: Hello): TransportPeer {
  return { node, region, address }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function isAddress(wire: Wire, address: string): boolean {
  try {
    wire.check(address)
    return true
  } catch {
    return false
  }
}

function checkNames({ node, region, cluster }: SecureTransportOptions): void {
  const wrong = (what: string, bytesMax: number) =>
    new TransportError('TRANSPORT_IDENTITY', `the name of a ${what} has 1 to ${bytesMax} bytes`)
  const fits = (text: string, bytesMax: number) => text !== '' && Buffer.byteLength(text) <= bytesMax
  if (!fits(node, nodeNameBytesMax)) throw wrong('node', nodeNameBytesMax)
  if (!fits(region, nodeNameBytesMax)) throw wrong('region', nodeNameBytesMax)
  if (!fits(cluster, clusterNameBytesMax)) throw wrong('cluster', clusterNameBytesMax)
}

/** Near enough to even for spreading dials. */
function randomBelow(bound: number, randomBytes: (count: number) => Uint8Array): number {
  const word = Buffer.from(randomBytes(4)).readUInt32BE()
  return Math.floor((word / 2 ** 32) * bound)
}
