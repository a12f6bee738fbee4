/** What Node has for a client: a WebSocket for versions before 22, and deflate. */
import { Packer } from '@joinery/sync'
import { nodeCompression } from '@joinery/transport/deflate'
import type { OpenWebSocket, WebSocketLike } from '@joinery/transport/websocket'
import { WebSocket } from 'ws'

/** For `createClient({ openSocket })`. */
export const openSocket: OpenWebSocket = (url) =>
  new WebSocket(url, { perMessageDeflate: false }) as unknown as WebSocketLike

/** For `createClient({ compression })`. */
export const compression: Packer = new Packer(nodeCompression)
