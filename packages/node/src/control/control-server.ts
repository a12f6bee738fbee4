/**
 * The control socket of a running node: HTTP on a socket in the file system. Who may write that file (its owner) may do what the node
 * can do: no port, no password.
 *
 *     GET /status · GET /metrics · GET /docs · GET, POST, DELETE /docs/NAME · POST /join · POST /leave
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { limits as coreLimits } from '@joinery/core'
import { applyToDocument, documentValue, type Operation } from '@joinery/sync'
import { listenForOwner } from '@joinery/transport/owner-socket'
import type { Logger } from 'pino'
import { NodeError } from '../errors.ts'
import type { NodeMetrics } from '../metrics/metrics.ts'
import type { JoineryNode } from '../node.ts'
import { controlLimits } from './limits.ts'

export interface NodeControlOptions {
  readonly node: JoineryNode
  readonly metrics: Pick<NodeMetrics, 'text'>
  readonly logger: Logger
  /** Milliseconds since 1970: by it operations that bring a time of their own are judged. */
  readonly wallMs: () => number
  /** Somebody asked that the node goes for good. */
  readonly onLeave: () => void
}

export interface NodeControl {
  /** Ends what is under way. */
  close(): Promise<void>
}

/** Answers on the socket. The caller owns the store, so a socket that is there already is a leftover. */
export async function serveNodeControl(path: string, options: NodeControlOptions): Promise<NodeControl> {
  const { requestMsMax, connectionsMax } = controlLimits
  const server = createServer({ requestTimeout: requestMsMax, headersTimeout: requestMsMax }, (request, response) => {
    answer(request, options).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type, connection: 'close' }).end(body),
      (error: unknown) => fail(response, error, options.logger),
    )
  })
  server.maxConnections = connectionsMax
  await listenForOwner(server, path)
  return {
    close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` }
}

async function answer(request: IncomingMessage, options: NodeControlOptions): Promise<Answer> {
  const { method = 'GET', url = '/' } = request
  const { pathname, searchParams } = new URL(url, 'http://node')
  const { node, metrics, onLeave } = options
  const [, place = '', ...rest] = pathname.split('/')
  switch (`${method} /${place}${rest.length > 0 ? '/' : ''}`) {
    case 'GET /status':
      return json(node.status())
    case 'GET /metrics':
      return { status: 200, type: 'text/plain; version=0.0.4', body: await metrics.text() }
    case 'POST /join':
      node.join(String(await bodyOf(request)))
      return json({})
    case 'POST /leave':
      onLeave()
      return json({})
    case 'GET /docs':
      return json(node.documents())
    case 'GET /docs/':
      return json(await node.read(nameIn(rest), (doc) => documentValue(doc, 'doc')))
    case 'DELETE /docs/':
      await node.delete(nameIn(rest))
      return json({})
    case 'POST /docs/':
      return json(await write(nameIn(rest), await bodyOf(request), searchParams.get('ack') === 'replicated', options))
    default:
      return json({ code: 'NODE_REQUEST_INVALID', message: 'there is no such thing to ask for' }, 404)
  }
}

/** All operations as one change, or none of them. */
async function write(
  document: string,
  operations: unknown,
  isReplicated: boolean,
  { node, wallMs }: NodeControlOptions,
): Promise<{ readonly changes: number }> {
  if (!Array.isArray(operations)) throw new NodeError('NODE_REQUEST_INVALID', 'operations come as an array')
  const driftMsMax = coreLimits.clockDriftMsMax
  const context = { node: node.status().node, nowMicros: wallMs() * 1000, driftMsMax }
  const headers = await node.edit(
    document,
    (doc) => {
      for (const operation of operations as Operation[]) applyToDocument(doc, 'doc', operation, context)
    },
    { acknowledge: isReplicated ? 'replicated' : 'stored' },
  )
  return { changes: headers.length }
}

function nameIn(steps: readonly string[]): string {
  try {
    return decodeURIComponent(steps.join('/'))
  } catch (cause) {
    throw new NodeError('NODE_DOCUMENT_INVALID', 'the name of the document cannot be read', { cause })
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > controlLimits.bodyBytesMax) {
      throw new NodeError('NODE_REQUEST_INVALID', `more than ${controlLimits.bodyBytesMax} bytes`)
    }
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new NodeError('NODE_REQUEST_INVALID', 'this is no JSON', { cause })
  }
}

/** Refusals have codes; what has none is a mistake of ours, and stays in the log. */
function fail(response: ServerResponse, error: unknown, logger: Logger): void {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string }
  const isRefusal = typeof code === 'string' && /^(?!ERR_)[A-Z]+(_[A-Z]+)+$/.test(code)
  if (!isRefusal) logger.error({ failure: (error as Error).name }, 'a request on the control socket failed')
  const { status, body } = isRefusal
    ? json({ code, message }, code === 'NODE_DOCUMENT_MISSING' ? 404 : 400)
    : json({ code: 'NODE_FAILED', message: 'the node failed' }, 500)
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body)
}
