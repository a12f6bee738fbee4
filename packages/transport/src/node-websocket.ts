/** Transport between nodes over WebSocket, with TLS 1.3 of the nodes inside, so that it passes through proxies. */
import type { NodeTransport } from './nodes/port.ts'
import { type SecureTransportOptions, secureTransport } from './nodes/secure-transport.ts'
import { websocketWire } from './nodes/websocket-wire.ts'

export interface NodeWebsocketTransportOptions extends SecureTransportOptions {
  /** `ws://HOST:PORT/PATH`, port 0 for any that is free; without it this node dials, and cannot be dialled. */
  readonly listen?: string
}

/** Throws `TRANSPORT_ADDRESS`, `TRANSPORT_IDENTITY`. */
export function nodeWebsocketTransport({ listen, ...options }: NodeWebsocketTransportOptions): NodeTransport {
  return secureTransport(websocketWire(listen), options)
}
