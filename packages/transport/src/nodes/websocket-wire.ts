/**
 * Connections over WebSocket, for where only HTTP gets through: `ws://HOST:PORT/PATH`, and `wss:` where a proxy in front has a
 * certificate. The bytes of a connection, TLS between the nodes and all, are the payloads of binary messages: proxies pass them on and
 * can neither read nor change them.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws'
import { connectMsMax, frameChunksMax, messageFragmentsMax } from '../limits.ts'
import { TransportError } from './errors.ts'
import { addressBytesMax } from './limits.ts'
import { listening } from './tcp-wire.ts'
import type { Wire } from './wire.ts'

/** One piece of the stream of bytes. */
const PIECE_BYTES_MAX = 65_536
/** A request to upgrade is not waited for longer, and carries nothing. */
const REQUEST_MS_MAX = 5_000
const HEADER_BYTES_MAX = 8_192

const common = {
  perMessageDeflate: false,
  maxPayload: PIECE_BYTES_MAX,
  maxFragments: messageFragmentsMax,
  maxBufferedChunks: frameChunksMax,
} as const

/** @param listen `ws://HOST:PORT/PATH`; without it nobody can connect, but this node to others. */
export function websocketWire(listen: string | undefined): Wire {
  const place = listen === undefined ? undefined : parse(listen)
  if (place?.protocol === 'wss:')
    throw new TransportError('TRANSPORT_ADDRESS', 'a proxy in front listens on wss:, not a node')
  let server: Server | undefined
  return {
    schemes: ['ws:', 'wss:'],
    check: (address) => void parse(address),
    async listen(accept) {
      if (place === undefined) return ''
      server = acceptingServer(place.pathname, accept)
      await listening(server, { host: place.hostname.replace(/^\[|\]$/g, ''), port: Number(place.port || 80) })
      return wsAddress(place, (server.address() as AddressInfo).port)
    },
    dial(address): Duplex {
      const socket = new WebSocket(parse(address), {
        ...common,
        handshakeTimeout: connectMsMax,
        followRedirects: false,
      })
      return streamOver(socket)
    },
    close() {
      const closing = server
      closing?.closeAllConnections()
      return new Promise((resolve) => (closing === undefined ? resolve() : void closing.close(() => resolve())))
    },
  }
}

/** TLS may hand over a great deal at once: it goes in pieces that the other end takes. */
function streamOver(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket)
  const write = stream._write.bind(stream)
  stream._write = (chunk: Uint8Array, encoding, done) => {
    const writeFrom = (at: number): void => {
      const end = at + PIECE_BYTES_MAX
      const isLast = end >= chunk.length
      write(chunk.subarray(at, end), encoding, (error) => (isLast || error ? done(error) : writeFrom(end)))
    }
    writeFrom(0)
  }
  return stream
}

function acceptingServer(path: string, accept: (stream: Duplex, remote: string) => void): Server {
  const upgrades = new WebSocketServer({ ...common, noServer: true, clientTracking: false })
  const limits = { headersTimeout: REQUEST_MS_MAX, requestTimeout: REQUEST_MS_MAX, maxHeaderSize: HEADER_BYTES_MAX }
  const server = createServer({ ...limits, connectionsCheckingInterval: 1_000 }, (_, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end()
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url !== path) {
      socket.on('error', () => {})
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy())
      return
    }
    upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      accept(streamOver(webSocket), request.socket.remoteAddress ?? '')
    })
  })
  return server
}

function wsAddress({ hostname, pathname }: URL, port: number): string {
  if (hostname === '0.0.0.0' || hostname === '[::]') return ''
  return `ws://${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}${pathname}`
}

function parse(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const fits = url !== undefined && /^wss?:$/.test(url.protocol) && Buffer.byteLength(address) <= addressBytesMax
  if (!fits || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new TransportError('TRANSPORT_ADDRESS', `${JSON.stringify(address)} is not ws://HOST:PORT/PATH`)
  }
  return url
}
