/**
 * The server's end of WebSocket connections (RFC 6455), on an HTTP server that is there already. Messages are binary, whole and
 * bounded before they are allocated; compression is off, because what is sent is compact and compressing costs memory per
 * connection.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Link, LinkClose } from '@joinery/sync'
import { type WebSocket, WebSocketServer } from 'ws'

/** What the other end of a connection tells. */
export interface LinkEvents {
  receive(frame: Uint8Array): void
  /** What was sent has left, or most of it. */
  drained(): void
  closed(): void
}

/** Why a request is not upgraded. */
export interface UpgradeRefusal {
  readonly status: number
  /** Written as the body, `application/problem+json`. */
  readonly problem: object
}

export interface WebSocketAcceptorOptions {
  readonly path: string
  readonly messageBytesMax: number
  /** Looks at a request before it is upgraded. */
  readonly check: (request: IncomingMessage) => UpgradeRefusal | undefined
  readonly onConnection: (link: Link, request: IncomingMessage) => LinkEvents
}

export interface WebSocketAcceptor {
  /** Connections that are open. */
  readonly size: number
  /** Ends all connections at once. */
  terminate(): void
}

/** Begins to accept connections at a path. Requests to upgrade at any other are refused with 404. */
export function acceptWebSockets(server: Server, options: WebSocketAcceptorOptions): WebSocketAcceptor {
  const sockets = new Set<WebSocket>()
  const upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.messageBytesMax,
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = pathOf(request) === options.path ? options.check(request) : NOT_FOUND
    if (refusal !== undefined) return refuse(socket, refusal)
    upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.add(webSocket)
      webSocket.on('close', () => sockets.delete(webSocket))
      connect(webSocket, (link) => options.onConnection(link, request))
    })
  })
  return {
    get size() {
      return sockets.size
    },
    terminate() {
      for (const socket of sockets) socket.terminate()
    },
  }
}

const NOT_FOUND: UpgradeRefusal = { status: 404, problem: { title: 'There is nothing to upgrade to at this path' } }

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.search(/[?#]/)
  return end < 0 ? url : url.slice(0, end)
}

function refuse(socket: Duplex, { status, problem }: UpgradeRefusal): void {
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.on('error', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Nobody is told when a single frame of this size has left: it is less than anybody waits for. */
const UNTOLD_BYTES_MAX = 4_096

function connect(socket: WebSocket, open: (link: Link) => LinkEvents): void {
  const link: Link = {
    get waitingBytes() {
      return socket.bufferedAmount
    },
    send(frame) {
      if (socket.readyState !== socket.OPEN) return
      // Most frames leave at once: to be told so of each costs a tenth of what sending it does.
      if (socket.bufferedAmount > 0 || frame.length > UNTOLD_BYTES_MAX) socket.send(frame, sent)
      else socket.send(frame)
    },
    close: (code: LinkClose) => socket.close(code),
    drop: () => socket.terminate(),
  }
  const events = open(link)
  function sent(): void {
    if (socket.bufferedAmount === 0) events.drained()
  }
  socket.binaryType = 'nodebuffer'
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) events.receive(data)
    else socket.close(1003)
  })
  socket.on('close', () => events.closed())
  // A close follows, and that is all there is to say.
  socket.on('error', () => {})
}
