/**
 * The server's end of WebSocket connections (RFC 6455), on an HTTP server that is there already. Messages are binary, whole and
 * bounded before they are allocated; compression is off, because what is sent is compact and compressing costs memory per
 * connection.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Link, LinkClose } from '@joinery/sync'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { closeMsMax, frameChunksMax, messageFragmentsMax } from './limits.ts'
import { WholeMessages, wholeMessageBytesMax } from './whole-message.ts'

/** What the other end of a connection tells. */
export interface LinkEvents {
  receive(frame: Uint8Array): void
  /** A ping or pong of WebSocket itself, which a session knows nothing of. */
  pinged(): void
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
  /** A name for each request to upgrade, and the connection it becomes. The answer carries it as `X-Request-ID`. */
  readonly newId: () => string
  /** Looks at a request before it is upgraded. */
  readonly check: (request: IncomingMessage, id: string) => UpgradeRefusal | undefined
  readonly onConnection: (link: Link, id: string) => LinkEvents
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
  const ids = new WeakMap<IncomingMessage, string>()
  const upgrades = new WebSocketServer(settings(options.messageBytesMax))
  const whole = new WholeMessages()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const id = options.newId()
    const refusal = pathOf(request) === options.path ? options.check(request, id) : NOT_FOUND
    if (refusal !== undefined) return refuse(socket, refusal, id)
    ids.set(request, id)
    upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.add(webSocket)
      webSocket.on('close', () => sockets.delete(webSocket))
      connect({ webSocket, socket, whole }, (link) => options.onConnection(link, id))
    })
  })
  // What asks for an upgrade and is none.
  upgrades.on('wsClientError', (error, socket, request) => {
    refuse(socket, { status: 400, problem: { title: error.message, status: 400 } }, ids.get(request) ?? '')
  })
  upgrades.on('headers', (headers, request) => void headers.push(`X-Request-ID: ${ids.get(request) ?? ''}`))
  return {
    get size() {
      return sockets.size
    },
    terminate() {
      for (const socket of sockets) socket.terminate()
    },
  }
}

function settings(messageBytesMax: number): ServerOptions & { readonly closeTimeout: number } {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    maxFragments: messageFragmentsMax,
    maxBufferedChunks: frameChunksMax,
    closeTimeout: closeMsMax,
    // Pings are answered below: answers to who does not read would only gather.
    autoPong: false,
  }
}

const NOT_FOUND: UpgradeRefusal = { status: 404, problem: { title: 'There is nothing to upgrade to at this path' } }

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.search(/[?#]/)
  return end < 0 ? url : url.slice(0, end)
}

function refuse(socket: Duplex, { status, problem }: UpgradeRefusal, id: string): void {
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-ID: ${id}`,
    'Connection: close',
  ]
  socket.on('error', () => socket.destroy())
  // Not left half-open: whoever keeps their end open would hold it for ever.
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Nobody is told when a single frame of this size has left: it is less than anybody waits for. */
const UNTOLD_BYTES_MAX = 4_096

interface Connection {
  readonly webSocket: WebSocket
  /** What the WebSocket writes to. */
  readonly socket: Duplex
  readonly whole: WholeMessages
}

function connect({ webSocket, socket, whole }: Connection, open: (link: Link) => LinkEvents): void {
  const link: Link = {
    get waitingBytes() {
      return socket.writableLength
    },
    send(frame) {
      if (webSocket.readyState !== webSocket.OPEN) return
      // Most frames leave at once: to be told so of each costs a tenth of what sending it does.
      const told = frame.length > UNTOLD_BYTES_MAX || socket.writableLength > 0 ? sent : undefined
      // Without compression the library passes on at once what it is given, so the two ways keep the order.
      if (frame.length <= wholeMessageBytesMax) socket.write(whole.of(frame), told)
      else webSocket.send(frame, sent)
    },
    close: (code: LinkClose) => webSocket.close(code),
    drop: () => webSocket.terminate(),
  }
  const events = open(link)
  function sent(): void {
    if (socket.writableLength === 0) events.drained()
  }
  webSocket.binaryType = 'nodebuffer'
  webSocket.on('message', (data: Buffer, isBinary: boolean) => {
    // One kind of bytes everywhere: a `Buffer` copies nothing when it is sliced, and makes code for both kinds slower.
    if (isBinary) events.receive(new Uint8Array(data.buffer, data.byteOffset, data.length))
    else webSocket.close(1003)
  })
  webSocket.on('ping', (data: Buffer) => {
    events.pinged()
    if (socket.writableLength === 0) webSocket.pong(data)
  })
  webSocket.on('pong', () => events.pinged())
  webSocket.on('close', () => events.closed())
  // A close follows, and that is all there is to say.
  webSocket.on('error', () => {})
}
