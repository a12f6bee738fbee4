/** Node's HTTP server around the application: timeouts, TLS, and answers to what never becomes a request. */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { HttpError, type HttpErrorCode } from './errors.ts'
import type { HttpLimits } from './limits.ts'
import { problemOf } from './problem.ts'
import { StartError } from './start-error.ts'

/** Certificate chain and private key, PEM. */
export interface TlsIdentity {
  readonly cert: string | Uint8Array
  readonly key: string | Uint8Array
}

type FetchCallback = Parameters<typeof getRequestListener>[0]

export interface ListenerOptions {
  readonly fetch: FetchCallback
  readonly limits: HttpLimits
  readonly tls: TlsIdentity | undefined
  readonly newRequestId: () => string
}

/** Node's server, which also knows when every answer has left. */
export type Listener = Server & {
  /** Resolves once no answer is on its way. */
  answered(): Promise<void>
}

/** How long a connection stays on which something was sent that is no request. */
const LINGER_MS = 1000
/** How often Node looks for connections that exceeded a timeout. */
const TIMEOUT_CHECK_MS = 1000

export function createListener({ fetch, limits, tls, newRequestId }: ListenerOptions): Listener {
  const serverOptions = {
    maxHeaderSize: limits.headersBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // TLS has to be agreed on in this time, too.
    handshakeTimeout: limits.headersTimeoutMs,
    // A request without one is refused like any other, with its id.
    requireHostHeader: false,
    // Other protocols are not spoken, and who offers one may go on without. Node knows this since 22.21 and 24.9.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  }
  const listener = getRequestListener(fetch, {
    errorHandler: (error) => problemResponse(new HttpError('BODY_INVALID', (error as Error).message), newRequestId()),
  })
  const server = tls === undefined ? createHttpServer(serverOptions, listener) : secure(serverOptions, tls, listener)
  server.maxConnections = limits.connectionsMax
  // Node passes over what is beyond this, and a header that is not seen is worse than a refusal: one more than is taken is let through.
  server.maxHeadersCount = limits.headersMax + 1
  server.setTimeout(limits.idleTimeoutMs)
  makeRoom(server)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    socket.end(rawProblem(refusalOf(error), newRequestId()))
    // Time to read why; whoever keeps their end open does not keep the connection.
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  })
  return Object.assign(server, { answered: trackAnswers(server) })
}

/** How often connections that are kept for later are looked for. */
const ROOM_MS = 1000

/** A server that is full lets go of connections on which nobody asks for anything. */
function makeRoom(server: Server): void {
  let isResting = false
  server.on('drop', () => {
    if (isResting) return
    isResting = true
    server.closeIdleConnections()
    setTimeout(() => {
      isResting = false
    }, ROOM_MS).unref()
  })
}

function trackAnswers(server: Server): () => Promise<void> {
  let pending = 0
  const waiting: (() => void)[] = []
  server.prependListener('request', (_, response) => {
    pending += 1
    response.once('close', () => {
      pending -= 1
      if (pending === 0) for (const resolve of waiting.splice(0)) resolve()
    })
  })
  return () => (pending === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)))
}

function secure(options: object, { cert, key }: TlsIdentity, listener: ReturnType<typeof getRequestListener>): Server {
  const pem = (bytes: string | Uint8Array): string | Buffer => (typeof bytes === 'string' ? bytes : Buffer.from(bytes))
  const identity = { cert: pem(cert), key: pem(key), minVersion: 'TLSv1.3' as const }
  try {
    return createHttpsServer({ ...options, ...identity }, listener)
  } catch (cause) {
    throw new StartError(
      'START_TLS_INVALID',
      `certificate and key cannot be used: ${(cause as Error).message}`,
      'Give --tls-cert a PEM certificate chain and --tls-key its unencrypted PEM private key.',
      { cause },
    )
  }
}

const parserCodes: Readonly<Record<string, readonly [HttpErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'request line and headers are larger than the server takes'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time'],
}

function refusalOf(error: NodeJS.ErrnoException): HttpError {
  const [code, detail] = parserCodes[error.code ?? ''] ?? ['BODY_INVALID', 'this is not HTTP/1.1']
  return new HttpError(code, detail, { cause: error })
}

function problemResponse(error: HttpError, requestId: string): Response {
  const headers = { 'Content-Type': 'application/problem+json', 'X-Request-ID': requestId }
  return new Response(JSON.stringify(problemOf(error, requestId)), { status: error.status, headers })
}

/** The connection has no parser left to speak through, so the answer is written by hand. */
function rawProblem(error: HttpError, requestId: string): string {
  const body = JSON.stringify(problemOf(error, requestId))
  return [
    `HTTP/1.1 ${error.status} ${error.title}`,
    'Content-Type: application/problem+json',
    `X-Request-ID: ${requestId}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
