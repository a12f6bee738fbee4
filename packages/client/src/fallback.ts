/** For networks that let no WebSocket through: the same sessions over plain HTTP requests, slower by a request. */
import { httpLinks, webSocketOrHttp } from '@joinery/transport/http-link'
import type { OpenWebSocket } from '@joinery/transport/websocket'
import { systemHost } from './host.ts'

/**
 * For `createClient({ openSocket })`: WebSockets as usual, and connections over HTTP when two in a row did not open.
 *
 * @param webSocket the platform's by default.
 */
export function openSocketOrHttp(webSocket?: OpenWebSocket): OpenWebSocket {
  const scheduler = { after: systemHost.setTimer }
  return webSocketOrHttp({ scheduler, ...(webSocket && { webSocket }) })
}

/** For `createClient({ openSocket })` where it is known that no WebSocket gets through. */
export const openHttp: OpenWebSocket = httpLinks()
