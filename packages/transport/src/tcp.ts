/** Transport between nodes over TCP, with TLS 1.3 at both ends. */
import type { NodeTransport } from './nodes/port.ts'
import { type SecureTransportOptions, secureTransport } from './nodes/secure-transport.ts'
import { tcpWire } from './nodes/tcp-wire.ts'

export interface TcpTransportOptions extends SecureTransportOptions {
  /** `tcp://HOST:PORT`, port 0 for any that is free; without it this node dials, and cannot be dialled. */
  readonly listen?: string
}

/** Throws `TRANSPORT_ADDRESS`, `TRANSPORT_IDENTITY`. */
export function tcpTransport({ listen, ...options }: TcpTransportOptions): NodeTransport {
  return secureTransport(tcpWire(listen), options)
}
