/**
 * The server host: the HTTP application on a socket. Safe unless told otherwise: loopback only until there are keys, and no
 * page of another site gets in.
 */
import {
  boundedLog,
  type Connections,
  checkOrigin,
  chooseAddress,
  readSite,
  type SiteOptions,
  startHost,
  type TlsIdentity,
  within,
} from '@joinery/http'
import type { WebSocketAcceptor } from '@joinery/transport/websocket-server'
import type { Logger } from 'pino'
import { type App, createApp } from './http/app.ts'
import { addSyncEndpoint } from './http/sync-endpoint.ts'
import type { KeyRing } from './keys.ts'
import { refreshKeys } from './keys-refresh.ts'
import { defaultServerLimits, type ServerLimits } from './limits.ts'
import type { CurrentFigures, ServerMetrics } from './metrics/metrics.ts'
import type { DocumentService } from './service/types.ts'

export interface ServerOptions {
  readonly service: DocumentService
  readonly keys: KeyRing
  readonly logger: Logger
  /** Secure random bytes: request ids. */
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds. */
  readonly now: () => number
  /** Shown in `/openapi.json`. */
  readonly version: string
  /** `HOST:PORT` or `:PORT`; port 0 takes a free one. */
  readonly address: string
  readonly tls?: TlsIdentity | undefined
  readonly allowOrigins?: readonly string[]
  /** Allows an address that others can reach although there are no keys. */
  readonly insecure?: boolean
  readonly limits?: Partial<ServerLimits>
  /** The one that the service tells, too; without it there is no `/metrics`. */
  readonly metrics?: ServerMetrics
  /** Pages of an application, at `/`. */
  readonly site?: SiteOptions | undefined
}

export interface JoineryServer {
  /** Where it can be reached from this machine. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Only this machine can reach it. */
  readonly loopbackOnly: boolean
  keysRequired(): boolean
  /**
   * Asks the policy again about everybody who follows a document, live or as a stream, and ends what it does not allow any more, with
   * `permission_denied`. Call it when permissions were taken back: until then who was let in goes on reading. Changes are always
   * asked about.
   */
  review(): Promise<void>
  /**
   * Takes nothing new, finishes what was begun and closes. What is not done within the grace period is cut off; `true` when
   * nothing was. Whatever was answered before is durable either way. Idempotent.
   */
  close(): Promise<boolean>
}

/** Starts listening. Throws `StartError`. */
export async function createServer(options: ServerOptions): Promise<JoineryServer> {
  const { service, keys, logger, random, now, version, tls, insecure = false, metrics } = options
  const limits = { ...defaultServerLimits, ...options.limits }
  const address = chooseAddress({ address: options.address, keysRequired: keys.required(), insecure })
  const { loopbackOnly } = address
  const allowOrigins = (options.allowOrigins ?? []).map(checkOrigin)
  const log = boundedLog({ logger, now, limits, onLeftOut: () => metrics?.logLineLeftOut() })
  const appOptions = {
    service,
    keys,
    limits,
    log,
    random,
    now,
    allowOrigins,
    loopbackOnly,
    tls: tls !== undefined,
    metrics,
    site: options.site && readSite(options.site, limits.siteBytesMax),
  }
  const app = createApp(appOptions, { version })
  let acceptor: WebSocketAcceptor | undefined
  const host = await startHost({
    fetch: app.fetch,
    load: app.load,
    address,
    tls,
    keysRequired: () => keys.required(),
    limits,
    logger,
    log,
    random,
    now,
    prepare(listener, connections) {
      acceptor = addSyncEndpoint(listener, { ...appOptions, load: app.load, sessions: app.sessions })
      metrics?.watch(figuresOf({ service, acceptor, app, connections }))
    },
    // What clients sent until now is stored and acknowledged before they are told to go.
    async drain() {
      await service.drain()
      app.sessions.drain()
    },
    terminate() {
      acceptor?.terminate()
      app.links.terminate()
    },
  })
  const stopRefresh = refreshKeys({ keys, everyMs: limits.keysRefreshMs, logger })
  let closing: Promise<boolean> | undefined
  const close = async (): Promise<boolean> => {
    const clean = await host.close()
    stopRefresh()
    app.grants.close()
    // Commits under way become durable or fail as a whole; without this the store would close under them.
    if (!clean) await within(limits.shutdownGraceMs, () => service.drain())
    return clean
  }
  return {
    url: host.url,
    host: host.host,
    port: host.port,
    loopbackOnly,
    keysRequired: () => keys.required(),
    async review() {
      await app.sessions.review()
      await app.streams.review(service)
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

function figuresOf({
  service,
  acceptor,
  app,
  connections,
}: {
  readonly service: DocumentService
  readonly acceptor: WebSocketAcceptor
  readonly app: App
  readonly connections: Connections
}): CurrentFigures {
  const { live } = service
  return {
    sockets: () => acceptor.size + app.links.size,
    subscriptions: () => app.sessions.budgets.subscriptions.used,
    streams: () => app.load.streams,
    requests: () => app.load.active,
    unreadBytes: () => connections.unreadBytes,
    followed: () => live.size,
    resident: () => service.resident.documents,
    residentBytes: () => service.resident.bytes,
    transferBytes: () => live.transferBytes,
    presenceBytes: () => live.presenceBytes,
    changesWaiting: () => live.waiting,
    pendingBytes: () => app.sessions.budgets.pending.used,
    tasksWaiting: () => service.backlog.tasks,
    compactionsWaiting: () => service.backlog.compactions,
  }
}
