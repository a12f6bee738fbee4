/** Transport between nodes of one process: for tests, and for several nodes in one program. */
import type { Scheduler } from '@joinery/sync'
import type { NodeId } from '@joinery/sync/replication'
import { TransportError } from './nodes/errors.ts'
import { addressBytesMax, type NodeTransportLimits, nodeTransportLimits } from './nodes/limits.ts'
import type { NodeTransport, NodeTransportEvents, NodeTransportFigures, TransportPeer } from './nodes/port.ts'

export interface MemoryNetworkOptions {
  readonly scheduler: Pick<Scheduler, 'soon'>
  readonly limits?: Partial<Pick<NodeTransportLimits, 'messageBytesMax' | 'waitingBytesMax'>>
}

export interface MemoryNetwork {
  /** A transport for a node of this network. Its address is `memory://` and its name. */
  transport(self: { readonly node: NodeId; readonly region: string }): NodeTransport
}

const SCHEME = 'memory:'

/** Nodes of one network reach each other, by the names they have in it. */
export function memoryNetwork({ scheduler, limits }: MemoryNetworkOptions): MemoryNetwork {
  const open = new Map<string, MemoryTransport>()
  const context: Context = { soon: scheduler.soon, limits: { ...nodeTransportLimits, ...limits }, open }
  return { transport: (self) => new MemoryTransport(context, self) }
}

interface Context {
  readonly soon: Scheduler['soon']
  readonly limits: Pick<NodeTransportLimits, 'messageBytesMax' | 'waitingBytesMax'>
  readonly open: Map<string, MemoryTransport>
}

class MemoryTransport implements NodeTransport {
  readonly schemes: readonly string[] = [SCHEME]
  readonly #context: Context
  readonly #self: TransportPeer
  readonly #linked = new Map<NodeId, MemoryTransport>()
  readonly #joined = new Set<string>()
  readonly #located = new Map<NodeId, string>()
  readonly #waiting = new Map<NodeId, number>()
  readonly #counted = { sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0, droppedMessages: 0 }
  #events: NodeTransportEvents | undefined
  #wasOpened = false

  constructor(context: Context, { node, region }: { readonly node: NodeId; readonly region: string }) {
    this.#context = context
    this.#self = { node, region, address: `${SCHEME}//${node}` }
  }

  async open(events: NodeTransportEvents): Promise<string> {
    const { open } = this.#context
    const { address } = this.#self
    if (this.#wasOpened) throw new TransportError('TRANSPORT_CLOSED', 'a transport is opened once')
    if (open.has(address)) throw new TransportError('TRANSPORT_UNAVAILABLE', `${address} is taken`)
    this.#wasOpened = true
    this.#events = events
    open.set(address, this)
    for (const other of open.values()) if (other.#joined.has(address)) other.#connect(address)
    return address
  }

  join(address: string): void {
    if (!address.startsWith(`${SCHEME}//`) || Buffer.byteLength(address) > addressBytesMax) {
      throw new TransportError('TRANSPORT_ADDRESS', `${JSON.stringify(address)} is not ${SCHEME}//NODE`)
    }
    if (this.#events === undefined) return
    this.#joined.add(address)
    this.#connect(address)
  }

  locate(node: NodeId, address: string): void {
    if (address.startsWith(`${SCHEME}//`) && node !== this.#self.node) this.#located.set(node, address)
  }

  #connect(address: string): void {
    const other = this.#context.open.get(address)
    if (other === undefined || other === this || this.#linked.has(other.#self.node)) return
    this.#linked.set(other.#self.node, other)
    other.#linked.set(this.#self.node, this)
    this.#events?.connected(other.#self)
    other.#events?.connected(this.#self)
  }

  send(to: NodeId, bytes: Uint8Array): boolean {
    const { messageBytesMax } = this.#context.limits
    if (bytes.length > messageBytesMax) {
      throw new TransportError('TRANSPORT_TOO_LARGE', `at most ${messageBytesMax} bytes, not ${bytes.length}`)
    }
    const address = this.#located.get(to)
    if (address !== undefined) this.#connect(address)
    const sent = this.#send(to, bytes)
    if (!sent) this.#counted.droppedMessages += 1
    return sent
  }

  #send(to: NodeId, bytes: Uint8Array): boolean {
    const other = this.#linked.get(to)
    const waiting = this.#waiting.get(to) ?? 0
    if (other === undefined || waiting + bytes.length > this.#context.limits.waitingBytesMax) return false
    this.#counted.sentMessages += 1
    this.#counted.sentBytes += bytes.length
    this.#waiting.set(to, waiting + bytes.length)
    // Nobody writes to what was handed over, on either side.
    const copy = bytes.slice()
    this.#context.soon(() => {
      this.#waiting.set(to, (this.#waiting.get(to) ?? 0) - copy.length)
      if (this.#linked.get(to) === other) other.#receive(this.#self.node, copy)
    })
    return true
  }

  #receive(from: NodeId, bytes: Uint8Array): void {
    this.#counted.receivedMessages += 1
    this.#counted.receivedBytes += bytes.length
    this.#events?.message(from, bytes)
  }

  reaches(node: NodeId): boolean {
    return this.#linked.has(node)
  }

  peers(): readonly TransportPeer[] {
    return [...this.#linked.values()].map((other) => other.#self)
  }

  figures(): NodeTransportFigures {
    const waitingBytes = [...this.#waiting.values()].reduce((sum, bytes) => sum + bytes, 0)
    return { ...this.#counted, waitingBytes }
  }

  async close(): Promise<void> {
    const events = this.#events
    if (events === undefined) {
      this.#wasOpened = true
      return
    }
    this.#events = undefined
    this.#context.open.delete(this.#self.address)
    for (const [node, other] of this.#linked) {
      this.#linked.delete(node)
      other.#linked.delete(this.#self.node)
      events.disconnected(node)
      other.#events?.disconnected(this.#self.node)
    }
  }
}
