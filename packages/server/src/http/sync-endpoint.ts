/**
 * `GET /v1/sync`: live sessions over WebSocket. A browser cannot set headers there, so who it is comes in the first frame; what
 * the browser does say, its origin, is checked before anything is upgraded.
 */
import type { IncomingMessage, Server } from 'node:http'
import { isLoopbackHost, type Load, mayConnect, problemOf } from '@joinery/http'
import { acceptWebSockets, type UpgradeRefusal, type WebSocketAcceptor } from '@joinery/transport/websocket-server'
import { ServerError, type ServerErrorCode } from '../errors.ts'
import type { AppOptions } from './context.ts'
import type { Sessions } from './sessions.ts'

interface SyncEndpointOptions extends AppOptions {
  readonly load: Load
  readonly sessions: Sessions
}

export const SYNC_PATH = '/v1/sync'

export function addSyncEndpoint(server: Server, options: SyncEndpointOptions): WebSocketAcceptor {
  const { random, service, sessions } = options
  return acceptWebSockets(server, {
    path: SYNC_PATH,
    messageBytesMax: service.live.limits.frameBytesMax,
    newId: () => Buffer.from(random(12)).toString('base64url'),
    check: (request, id) => checkUpgrade(request, id, options),
    onConnection: (link, name) => sessions.accept(link, name),
  })
}

/** The same checks as for requests, made on what a browser sends along. */
function checkUpgrade(
  request: IncomingMessage,
  requestId: string,
  options: SyncEndpointOptions,
): UpgradeRefusal | undefined {
  const { load, keys, loopbackOnly, allowOrigins, limits, log, metrics } = options
  const { host = '', origin } = request.headers
  if (load.draining) return refusal('SHUTTING_DOWN', 'the server takes nothing new')
  if (loopbackOnly && !keys.required() && !isLoopbackHost(host.replace(/:\d*$/, ''))) {
    return refusal('HOST_UNKNOWN', `${JSON.stringify(host)} is not a name of this machine's loopback`)
  }
  if (!mayConnect({ origin, host, allowOrigins })) {
    return refusal('FORBIDDEN', `pages of ${JSON.stringify(origin)} may not connect: list it with --allow-origin`)
  }
  return undefined

  function refusal(code: ServerErrorCode, detail: string): UpgradeRefusal {
    const error = new ServerError(code, detail.slice(0, limits.headersBytesMax))
    const { status } = error
    metrics?.refused('http', code)
    log.refused({ requestId, method: 'GET', route: SYNC_PATH, status, code }, 'refused')
    return { status, problem: problemOf(error, requestId) }
  }
}
