/** What a client needs where the platform has no WebSocket of its own: Node before 22. */
import type { OpenWebSocket, WebSocketLike } from '@joinery/transport/websocket'
import { WebSocket } from 'ws'

/** For `createClient({ openSocket })`. */
export const openSocket: OpenWebSocket = (url) =>
  new WebSocket(url, { perMessageDeflate: false }) as unknown as WebSocketLike
