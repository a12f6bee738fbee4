/** The transports of a node as one: whoever has a way to a node takes what is for it. */
import type { NodeId } from '@joinery/sync/replication'
import {
  type NodeTransport,
  type NodeTransportEvents,
  type NodeTransportFigures,
  TransportError,
  type TransportPeer,
} from '@joinery/transport/nodes'

/** Between the addresses of a node that has several. */
const BETWEEN = ' '

export class Transports {
  readonly #transports: readonly NodeTransport[]

  constructor(transports: readonly NodeTransport[]) {
    this.#transports = transports
  }

  /** Resolves to the addresses of this node. When one of them does not open, none stays open. */
  async open(events: NodeTransportEvents): Promise<string> {
    try {
      const addresses = await Promise.all(this.#transports.map((transport) => transport.open(events)))
      return addresses.filter((address) => address !== '').join(BETWEEN)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Throws `TRANSPORT_ADDRESS`. */
  join(address: string): void {
    const transport = this.#transports.find(({ schemes }) => schemes.some((scheme) => address.startsWith(scheme)))
    if (transport === undefined) {
      throw new TransportError('TRANSPORT_ADDRESS', `no transport of this node dials ${JSON.stringify(address)}`)
    }
    transport.join(address)
  }

  locate(node: NodeId, addresses: string): void {
    for (const address of addresses.split(BETWEEN)) {
      for (const transport of this.#transports) transport.locate(node, address)
    }
  }

  /** Over a connection that stands, if there is one. */
  send(to: NodeId, bytes: Uint8Array): boolean {
    const connected = this.#transports.find((transport) => transport.reaches(to))
    if (connected !== undefined) return connected.send(to, bytes)
    return this.#transports.some((transport) => transport.send(to, bytes))
  }

  peers(): readonly TransportPeer[] {
    return this.#transports.flatMap((transport) => transport.peers())
  }

  figures(): NodeTransportFigures {
    const sum = {
      sentMessages: 0,
      sentBytes: 0,
      receivedMessages: 0,
      receivedBytes: 0,
      droppedMessages: 0,
      waitingBytes: 0,
    }
    for (const transport of this.#transports) {
      const figures = transport.figures()
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += figures[name]
    }
    return sum
  }

  async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()))
  }
}
