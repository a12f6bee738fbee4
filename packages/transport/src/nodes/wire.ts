/** What carries the bytes of connections between nodes. */
import type { Duplex } from 'node:stream'

export interface Wire {
  /** Beginnings of its addresses. */
  readonly schemes: readonly string[]
  /** Begins to listen, if it is to; resolves to its address, empty where it has none. Throws `TRANSPORT_UNAVAILABLE`. */
  listen(accept: (stream: Duplex, remote: string) => void): Promise<string>
  /** Throws `TRANSPORT_ADDRESS` for what is no address. */
  check(address: string): void
  /** Begins to connect; what is written waits until it has. `address` was checked. */
  dial(address: string): Duplex
  /** Accepts nothing more, and lets go of what it has open. */
  close(): Promise<void>
}
