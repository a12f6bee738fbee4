/** The connections that stand, one to a node. */
import type { NodeId } from '@joinery/sync/replication'
import type { NodeConnection } from './connection.ts'
import type { TransportRefusal } from './errors.ts'
import type { Hello } from './hello.ts'
import type { NodeTransportLimits } from './limits.ts'

export class Links {
  readonly #node: NodeId
  readonly #instance: Uint8Array
  readonly #limits: NodeTransportLimits
  readonly #byNode = new Map<NodeId, NodeConnection>()

  constructor(node: NodeId, instance: Uint8Array, limits: NodeTransportLimits) {
    this.#node = node
    this.#instance = instance
    this.#limits = limits
  }

  get isFull(): boolean {
    return this.#byNode.size >= this.#limits.connectionsMax
  }

  of(node: NodeId): NodeConnection | undefined {
    return this.#byNode.get(node)
  }

  all(): NodeConnection[] {
    return [...this.#byNode.values()]
  }

  /**
   * Why a connection is not to be the one to this node, if not. Of two that both ends have dialled at once, both ends keep the one
   * that the smaller name has dialled. Who dials a second time has lost the first connection, whatever it looks like from here; and
   * who was started again has lost all.
   */
  refusalOf(connection: NodeConnection, peer: Hello): TransportRefusal | undefined {
    if (peer.node === this.#node) {
      return Buffer.compare(peer.instance, this.#instance) === 0 ? 'TRANSPORT_DUPLICATE' : 'TRANSPORT_NAME_MISMATCH'
    }
    const other = this.#byNode.get(peer.node)
    if (other === undefined) return this.isFull ? 'TRANSPORT_FULL' : undefined
    const isSameLife = Buffer.compare((other.peer as Hello).instance, peer.instance) === 0
    if (!isSameLife || other.role === connection.role) return undefined
    return this.#isPreferred(other, peer) ? 'TRANSPORT_DUPLICATE' : undefined
  }

  /** Answers the connection whose place it takes. */
  put(connection: NodeConnection, { node }: Hello): NodeConnection | undefined {
    const replaced = this.#byNode.get(node)
    this.#byNode.set(node, connection)
    return replaced
  }

  /** Answers whether it was the one to its node. */
  remove(connection: NodeConnection): boolean {
    const node = connection.peer?.node
    return node !== undefined && this.#byNode.get(node) === connection && this.#byNode.delete(node)
  }

  #isPreferred({ role }: NodeConnection, { node }: Hello): boolean {
    const isSmaller = Buffer.compare(Buffer.from(this.#node), Buffer.from(node)) < 0
    return isSmaller === (role === 'dialled')
  }
}
