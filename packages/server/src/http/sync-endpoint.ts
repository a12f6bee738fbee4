/**
 * `GET /v1/sync`: live sessions over WebSocket. A browser cannot set headers there, so who it is comes in the first frame; what
 * the browser does say, its origin, is checked before anything is upgraded.
 */
import type { IncomingMessage, Server } from 'node:http'
import {
  Budget,
  type Hello,
  Packer,
  type Principal,
  ServerSession,
  type SessionBudgets,
  type SessionHost,
  SessionRefusal,
  sessionBudgets,
} from '@joinery/sync'
import { nodeCompression } from '@joinery/transport/deflate'
import { acceptWebSockets, type UpgradeRefusal, type WebSocketAcceptor } from '@joinery/transport/websocket-server'
import { ServerError, type ServerErrorCode } from '../errors.ts'
import type { DocumentService } from '../service/types.ts'
import { isLoopbackHost } from './address.ts'
import type { AppOptions, Load } from './context.ts'
import type { Grants } from './grants.ts'
import { problemOf } from './problem.ts'
import { sessionJournal } from './session-journal.ts'
import { isDotSegment, isUsableText } from './text.ts'

export interface SyncEndpoint {
  /** Connections that are open. */
  readonly size: number
  /** What they share. */
  readonly budgets: SessionBudgets
  /** Asks again about everybody who follows a document, and ends what is not allowed any more. */
  review(): Promise<void>
  /** Tells every client to connect again within the window, and closes. */
  drain(): void
  /** Cuts off whoever is left. */
  terminate(): void
}

interface SyncEndpointOptions extends AppOptions {
  readonly load: Load
  readonly grants: Grants
}

export const SYNC_PATH = '/v1/sync'

export function addSyncEndpoint(server: Server, options: SyncEndpointOptions): SyncEndpoint {
  const { limits, random, service, grants } = options
  const { scheduler, limits: sessionLimits } = service.live
  const sessions = new Set<ServerSession>()
  const host = sessionHost(options)
  const budgets = sessionBudgets(sessionLimits)
  const packer = new Packer(nodeCompression)
  const seats = new Budget(limits.connectionsMax, limits.sessionsTenantMax)
  const acceptor: WebSocketAcceptor = acceptWebSockets(server, {
    path: SYNC_PATH,
    messageBytesMax: sessionLimits.frameBytesMax,
    newId: () => Buffer.from(random(12)).toString('base64url'),
    check: (request, id) => checkUpgrade(request, id, options),
    onConnection(link, name) {
      const seat = seatOf(host, {
        seats,
        grants,
        onRevoked: () => session.end(1008, 'unauthenticated', 'the key is not valid any more, or one is needed now'),
      })
      const session: ServerSession = new ServerSession({
        link,
        host: seat.host,
        scheduler,
        name,
        limits: sessionLimits,
        budgets,
        packer,
        observer: sessionJournal(name, options),
      })
      sessions.add(session)
      return {
        receive: (frame) => session.receive(frame),
        pinged: () => session.heard(),
        drained: () => session.drained(),
        closed() {
          sessions.delete(session)
          session.closed()
          seat.leave()
        },
      }
    },
  })
  return {
    get size() {
      return acceptor.size
    },
    budgets,
    review: () => reviewSessions(sessions, service),
    drain() {
      const retry = { retryAfterMs: 0, windowMs: limits.reconnectWindowMs }
      for (const session of sessions) session.end(1001, 'shutting_down', 'the server stops', retry)
    },
    terminate: () => acceptor.terminate(),
  }
}

async function reviewSessions(sessions: Iterable<ServerSession>, { live }: DocumentService): Promise<void> {
  for (const session of [...sessions]) {
    const { principal } = session
    if (principal === undefined) continue
    for (const [handle, { id }] of session.followed) {
      const refusal = await live.refusal(principal, id)
      // While it cannot be told, who was let in stays.
      if (refusal?.code === 'permission_denied') session.endDocument(handle, refusal)
    }
  }
}

/** A connection's place among those of its tenant, and what it was let in by: from its greeting until it is closed. */
interface Seat {
  readonly host: SessionHost
  readonly leave: () => void
}

interface SeatOptions {
  readonly seats: Budget
  readonly grants: Grants
  readonly onRevoked: () => void
}

function seatOf(host: SessionHost, { seats, grants, onRevoked }: SeatOptions): Seat {
  const releases: (() => void)[] = []
  let hasLeft = false
  return {
    host: {
      ...host,
      async admit(hello) {
        const principal = await host.admit(hello)
        if (hasLeft) return principal
        const release = seats.take(principal.tenant, 1)
        if (release === undefined) {
          throw new SessionRefusal('rate_limited', 'too many connections of this tenant', { retryAfterMs: FULL_MS })
        }
        releases.push(release, grants.hold(principal.key, onRevoked))
        return principal
      },
    },
    leave() {
      hasLeft = true
      for (const release of releases.splice(0)) release()
    },
  }
}

/** When a place may be free again. */
const FULL_MS = 5_000

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
  // Browsers always send it here, and let no page choose it; others need not. The scheme may be another behind a proxy.
  const own = origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
  if (origin !== undefined && !own && !allowOrigins.includes(origin)) {
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

function sessionHost({ service, keys, limits, load }: SyncEndpointOptions): SessionHost {
  return {
    storeId: service.storeId,
    async admit(hello) {
      if (load.draining) throw new SessionRefusal('shutting_down', 'the server stops', { retryAfterMs: 1000 })
      return principalOf(hello, { keys, limits })
    },
    async open(principal, request) {
      if (!isUsableText(request.id, limits.documentIdBytesMax) || isDotSegment(request.id)) {
        throw new SessionRefusal('malformed', `a document id is 1 to ${limits.documentIdBytesMax} bytes of usable text`)
      }
      return service.live.open(principal, request)
    },
  }
}

function principalOf(hello: Hello, { keys, limits }: Pick<AppOptions, 'keys' | 'limits'>): Principal {
  const { tenant, node, credential } = hello
  if (!isUsableText(tenant, limits.tenantIdBytesMax) || !isUsableText(node, limits.nodeIdBytesMax)) {
    throw new SessionRefusal('malformed', 'tenant and node are usable text of at most 128 bytes')
  }
  const verdict = keys.check(credential === '' ? undefined : credential, tenant)
  switch (verdict.verdict) {
    case 'unknown':
      throw new SessionRefusal('unauthenticated', 'the key is missing or not valid')
    case 'foreign':
      throw new SessionRefusal('permission_denied', 'the key is of another tenant')
    case 'granted':
      return { tenant, node, key: verdict.id }
    case 'open':
      return { tenant, node }
  }
}
