/**
 * Live sessions, whatever carries them: who they are, how many a tenant may have, and what becomes of them when a key is revoked,
 * a permission taken back, or the server stops.
 */
import { isDotSegment, isUsableText, type Load } from '@joinery/http'
import {
  Budget,
  type Hello,
  type Link,
  Packer,
  type Principal,
  ServerSession,
  type SessionBudgets,
  type SessionHost,
  SessionRefusal,
  sessionBudgets,
} from '@joinery/sync'
import { nodeCompression } from '@joinery/transport/deflate'
import type { LinkEvents } from '@joinery/transport/websocket-server'
import type { DocumentService } from '../service/types.ts'
import type { AppOptions } from './context.ts'
import type { Grants } from './grants.ts'
import { sessionJournal } from './session-journal.ts'

/** A session, to the connection that carries it. */
export interface SessionEvents extends LinkEvents {
  /** Whose it is, once that is known. */
  readonly tenant: string | undefined
}

export interface Sessions {
  /** What they share. */
  readonly budgets: SessionBudgets
  /** Begins a session on a connection that the log calls by a name. */
  accept(link: Link, name: string): SessionEvents
  /** Asks again about everybody who follows a document, and ends what is not allowed any more. */
  review(): Promise<void>
  /** Tells every client to connect again within the window, and closes. */
  drain(): void
}

export interface SessionsOptions extends AppOptions {
  readonly load: Load
  readonly grants: Grants
}

export function liveSessions(options: SessionsOptions): Sessions {
  const { limits, service, grants } = options
  const { scheduler, limits: sessionLimits } = service.live
  const sessions = new Set<ServerSession>()
  const host = sessionHost(options)
  const budgets = sessionBudgets(sessionLimits)
  const packer = new Packer(nodeCompression)
  const seats = new Budget(limits.connectionsMax, limits.sessionsTenantMax)
  return {
    budgets,
    accept(link, name) {
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
        get tenant() {
          return session.principal?.tenant
        },
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
    review: () => reviewSessions(sessions, service),
    drain() {
      const retry = { retryAfterMs: 0, windowMs: limits.reconnectWindowMs }
      for (const session of sessions) session.end(1001, 'shutting_down', 'the server stops', retry)
    },
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

function sessionHost({ service, keys, limits, load }: SessionsOptions): SessionHost {
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
