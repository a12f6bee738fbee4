/**
 * The server host: the HTTP application on a socket. Safe unless told otherwise: loopback only until there are keys, and no
 * page of another site gets in.
 */
import type { AddressInfo } from 'node:net'
import type { WebSocketAcceptor } from '@joinery/transport/websocket-server'
import type { Logger } from 'pino'
import { formatOrigin, isLoopbackHost, type ListenAddress, parseAddress } from './http/address.ts'
import { type App, createApp } from './http/app.ts'
import { type Connections, watchConnections } from './http/connections.ts'
import { createListener, type Listener, type TlsIdentity } from './http/listener.ts'
import { readSite, type SiteOptions } from './http/site.ts'
import { addSyncEndpoint } from './http/sync-endpoint.ts'
import type { KeyRing } from './keys.ts'
import { refreshKeys } from './keys-refresh.ts'
import { defaultServerLimits, type ServerLimits } from './limits.ts'
import { boundedLog } from './log/bounded-log.ts'
import { shownFailure } from './log/failure.ts'
import type { CurrentFigures, ServerMetrics } from './metrics/metrics.ts'
import type { DocumentService } from './service/types.ts'
import { StartError } from './start-error.ts'

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
  const address = chooseAddress(options.address, keys.required(), insecure)
  const loopbackOnly = address.host !== undefined && isLoopbackHost(address.host)
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
  const newRequestId = (): string => Buffer.from(random(12)).toString('base64url')
  const listener = createListener({ app, limits, tls, newRequestId })
  const connections = watchConnections(listener, {
    isTls: tls !== undefined,
    limits,
    now,
    onCutOff: (count) => log.refused({ count }, 'readers that do not read were cut off'),
  })
  const acceptor = addSyncEndpoint(listener, { ...appOptions, load: app.load, sessions: app.sessions })
  metrics?.watch(figuresOf({ service, acceptor, app, connections }))
  const bound = await listen(listener, address)
  listener.on('error', (error) => logger.error({ failure: shownFailure(error) }, 'the listener failed'))
  const reachable = loopbackOnly || address.host !== undefined ? bound.address : '127.0.0.1'
  const url = formatOrigin(
    tls === undefined ? 'http' : 'https',
    wildcard(reachable) ? '127.0.0.1' : reachable,
    bound.port,
  )
  if (!loopbackOnly && tls === undefined)
    logger.warn('others can read along without TLS: use --tls-cert or a proxy that has it')
  if (!loopbackOnly && !keys.required())
    logger.warn('whoever reaches this address can read and write: there are no API keys')
  const stopRefresh = refreshKeys({ keys, everyMs: limits.keysRefreshMs, logger })
  let closing: Promise<boolean> | undefined
  return {
    url,
    host: bound.address,
    port: bound.port,
    loopbackOnly,
    keysRequired: () => keys.required(),
    async review() {
      await app.sessions.review()
      await app.streams.review(service)
    },
    close() {
      closing ??= shutDown({ listener, acceptor, app, service, logger, graceMs: limits.shutdownGraceMs }).finally(
        () => {
          stopRefresh()
          connections.close()
          app.grants.close()
        },
      )
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

function chooseAddress(text: string, keysRequired: boolean, insecure: boolean): ListenAddress {
  const address = parseAddress(text)
  if (address === undefined) {
    throw new StartError(
      'START_ADDRESS_INVALID',
      `${JSON.stringify(text)} is not an address`,
      'Use HOST:PORT or :PORT, such as 127.0.0.1:8080 or :8080; an IPv6 host goes in brackets.',
    )
  }
  if (address.host === undefined) return keysRequired || insecure ? address : { host: '127.0.0.1', port: address.port }
  if (!isLoopbackHost(address.host) && !keysRequired && !insecure) {
    throw new StartError(
      'START_ADDRESS_EXPOSED',
      `others can reach ${text}, and there are no API keys yet`,
      'Create a key first (joinery keys create), listen on 127.0.0.1, or say --insecure.',
    )
  }
  return address
}

function checkOrigin(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null'
  if (origin !== text) {
    throw new StartError(
      'START_ORIGIN_INVALID',
      `${JSON.stringify(text)} is not an origin`,
      'List origins one by one as a browser sends them, such as https://app.example: scheme, host, port if unusual, no path.',
    )
  }
  return origin
}

function listen(listener: Listener, { host, port }: ListenAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    listener.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      reject(
        new StartError(
          'START_ADDRESS_UNAVAILABLE',
          `cannot listen on ${host ?? ''}:${port}: ${taken ? 'the port is taken' : cause.message}`,
          taken
            ? 'Stop what listens there, or choose another port with --addr.'
            : 'Choose another address with --addr.',
          { cause },
        ),
      )
    })
    listener.listen({ port, ...(host !== undefined && { host: host.toLowerCase() }) }, () => {
      listener.removeAllListeners('error')
      resolve(listener.address() as AddressInfo)
    })
  })
}

function wildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0'
}

interface ShutDownOptions {
  readonly listener: Listener
  readonly acceptor: WebSocketAcceptor
  readonly app: App
  readonly service: DocumentService
  readonly logger: Logger
  readonly graceMs: number
}

/** Connections turn idle as their answers leave; each is let go of soon after. */
const IDLE_CHECK_MS = 25
/** Connections on which no request was ever sent count as busy for Node. They get this long, in case one is under way. */
const LINGER_MS = 250

async function shutDown({ listener, acceptor, app, service, logger, graceMs }: ShutDownOptions): Promise<boolean> {
  app.load.drain()
  const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
  logger.info({ active: app.load.active }, 'stopping: finishing what was begun')
  const sweep = setInterval(() => listener.closeIdleConnections(), IDLE_CHECK_MS)
  const clean = await within(graceMs, async () => {
    await listener.answered()
    // What clients sent until now is stored and acknowledged before they are told to go.
    await service.drain()
    app.sessions.drain()
  })
  await within(LINGER_MS, () => closed)
  clearInterval(sweep)
  if (!clean) logger.warn({ active: app.load.active, graceMs }, 'the grace period is over: cutting off what is left')
  acceptor.terminate()
  app.links.terminate()
  listener.closeAllConnections()
  // Commits under way become durable or fail as a whole; without this the store would close under them.
  if (!clean) await within(graceMs, () => service.drain())
  return clean
}

/** True when it was done in time. */
async function within(ms: number, run: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([run().then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
