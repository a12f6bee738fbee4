/** Messages for nodes that are being dialled. */
import type { NodeId } from '@joinery/sync/replication'
import type { NodeTransportLimits } from './limits.ts'

interface Waiting {
  readonly address: string
  readonly messages: Uint8Array[]
  bytes: number
}

export class Unsent {
  readonly #limits: NodeTransportLimits
  readonly #byNode = new Map<NodeId, Waiting>()

  constructor(limits: NodeTransportLimits) {
    this.#limits = limits
  }

  /** Answers false where there is no room. */
  add(node: NodeId, address: string, bytes: Uint8Array): boolean {
    const waiting = this.#byNode.get(node) ?? { address, messages: [], bytes: 0 }
    if (waiting.bytes + bytes.length > this.#limits.dialledBytesMax) return false
    waiting.messages.push(bytes)
    waiting.bytes += bytes.length
    this.#byNode.set(node, waiting)
    return true
  }

  /** What waits for a node, which waits no more. */
  take(node: NodeId): readonly Uint8Array[] {
    const waiting = this.#byNode.get(node)
    this.#byNode.delete(node)
    return waiting?.messages ?? []
  }

  /** Nobody, or somebody else, was at this address. Answers how many messages were dropped. */
  drop(address: string): number {
    let dropped = 0
    for (const [node, waiting] of this.#byNode) {
      if (waiting.address !== address) continue
      dropped += waiting.messages.length
      this.#byNode.delete(node)
    }
    return dropped
  }
}
