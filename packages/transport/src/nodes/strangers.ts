/** Connections whose other end has not said who it is. */
import type { NodeConnection } from './connection.ts'
import type { NodeTransportLimits } from './limits.ts'

export class Strangers {
  readonly #limits: NodeTransportLimits
  /** The one that waits longest first. */
  readonly #connections = new Set<NodeConnection>()

  constructor(limits: NodeTransportLimits) {
    this.#limits = limits
  }

  all(): NodeConnection[] {
    return [...this.#connections]
  }

  /** Whether one more from there may wait. */
  hasRoom(remote: string): boolean {
    let same = 0
    for (const connection of this.#connections) if (connection.remote === remote) same += 1
    return same < this.#limits.handshakesPerAddressMax
  }

  add(connection: NodeConnection): void {
    this.#connections.add(connection)
    if (this.#connections.size <= this.#limits.handshakesMax) return
    // Whoever is honest is greeted in no time, so the one that waits longest is the one least likely to be missed.
    for (const oldest of this.#connections) {
      oldest.cut({ code: 'TRANSPORT_FULL', detail: 'too many connections are being opened' })
      return
    }
  }

  remove(connection: NodeConnection): void {
    this.#connections.delete(connection)
  }
}
