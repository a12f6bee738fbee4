/** `joinery serve`: puts store, service and server together and stops them in order. */
import { HybridClock } from '@joinery/core'
import { boundedLog, shownFailure, type TlsIdentity } from '@joinery/http'
import {
  type ControlOptions,
  type ControlSocket,
  controlSocketPath,
  createDocumentService,
  createServer,
  type DocumentService,
  defaultServerLimits,
  type JoineryServer,
  type KeyRing,
  openKeyRing,
  type ServiceLimits,
  serveControl,
  serverActor,
  serverMetrics,
} from '@joinery/server'
import type { Store } from '@joinery/sync'
import type { Logger } from 'pino'
import { demoSite, seedDemo } from './demo/demo.ts'
import type { Environment } from './environment.ts'
import { createLog } from './log.ts'
import type { LogLevel } from './options.ts'
import { stopRequest } from './stop-request.ts'
import { formatStoreUrl, openStore, parseStoreUrl, type StoreUrl, storePath } from './store-url.ts'
import { readTls, type TlsOptions } from './tls.ts'
import { boundYoungGeneration } from './young-generation.ts'

/** How much history is kept, and how often it is looked at; what is left out is as the service has it. */
export type CompactionPolicy = Partial<Pick<ServiceLimits, 'historyVersionsMin' | 'compactionMsMin'>>

export interface ServeOptions extends TlsOptions {
  readonly addr: string
  readonly store: string
  readonly allowOrigin: readonly string[]
  readonly insecure: boolean
  readonly compaction: CompactionPolicy
  /** The sample application at `/`, and its list. */
  readonly demo: boolean
  readonly logLevel: LogLevel
}

const EPOCH_BYTES = 12
const INCARNATION_BYTES = 16
/** Answers to opaque idempotency keys are kept for a day; once an hour the old ones are dropped. */
const PURGE_MS = 3_600_000

/** Resolves once the server is closed again: with 0 when nothing was cut off. */
export async function serve(options: ServeOptions, environment: Environment): Promise<number> {
  const url = parseStoreUrl(options.store)
  const tls = await readTls(options)
  const logger = createLog({ level: options.logLevel, output: environment.stderr })
  // Listened for before anything can be acknowledged: from then on a signal stops in order.
  const stop = stopRequest(environment, logger)
  const store = await openStore(url)
  try {
    const keys = await openKeyRing({ store, random: environment.random, now: environment.nowMs })
    const { server, service } = await start({ options, environment, store, keys, tls, logger })
    const socket = await openControl(url, { keys, store, service, logger, now: environment.nowMs })
    announce(server, { url, demo: options.demo }, environment)
    if (url.kind === 'memory') logger.warn('the store is in memory: when the server stops, everything is gone')
    logger.info({ url: server.url, loopbackOnly: server.loopbackOnly, storeId: store.identity.storeId }, 'listening')
    const stopLooking = boundYoungGeneration()
    const purge = setInterval(() => purgeReceipts(store, environment, logger), PURGE_MS)
    await stop
    const clean = await server.close()
    clearInterval(purge)
    stopLooking()
    await socket?.close()
    logger.info({ clean }, 'stopped')
    return clean ? 0 : 1
  } finally {
    await store.close()
  }
}

/** Where there can be no socket, the commands of an operator need the server to be down. */
async function openControl(url: StoreUrl, options: ControlOptions): Promise<ControlSocket | undefined> {
  const place = storePath(url)
  const path = place === undefined ? undefined : controlSocketPath(place)
  try {
    return path === undefined ? undefined : await serveControl(path, options)
  } catch (error) {
    const message = 'no control socket: stop the server for joinery keys, backup and the like'
    options.logger.warn({ failure: shownFailure(error), path }, message)
    return undefined
  }
}

interface StartOptions {
  readonly options: ServeOptions
  readonly environment: Environment
  readonly store: Store
  readonly keys: KeyRing
  readonly tls: TlsIdentity | undefined
  readonly logger: Logger
}

interface Started {
  readonly server: JoineryServer
  readonly service: DocumentService
}

async function start({ options, environment, store, keys, tls, logger }: StartOptions): Promise<Started> {
  const { random, nowMs, version } = environment
  const actor = await serverActor({ store, clock: new HybridClock(nowMs), epoch: () => random(EPOCH_BYTES) })
  const metrics = serverMetrics()
  const log = boundedLog({ logger, now: nowMs, limits: defaultServerLimits, onLeftOut: metrics.logLineLeftOut })
  const service = createDocumentService({
    store,
    observer: metrics,
    actor,
    newIncarnation: () => Buffer.from(random(INCARNATION_BYTES)).toString('base64url'),
    nowMs,
    limits: options.compaction,
    onWarning: (message, cause) => log.failed(cause, {}, message),
  })
  if (options.demo && (await seedDemo(service, store))) logger.info('wrote the list of the sample application')
  const server = await createServer({
    service,
    metrics,
    keys,
    logger,
    random,
    now: nowMs,
    version,
    address: options.addr,
    tls,
    allowOrigins: options.allowOrigin,
    insecure: options.insecure,
    site: options.demo ? demoSite : undefined,
  })
  return { server, service }
}

interface Announced {
  readonly url: StoreUrl
  readonly demo: boolean
}

function announce(server: JoineryServer, { url, demo }: Announced, { stdout, version }: Environment): void {
  const access = server.loopbackOnly
    ? 'this machine only (loopback)'
    : `everybody who reaches ${server.host}:${server.port}`
  stdout.write(
    [
      `Joinery ${version} is listening on ${server.url}`,
      ...(demo ? [`  app     ${server.url}/  (open it twice)`] : []),
      `  store   ${formatStoreUrl(url)}${url.kind === 'memory' ? '  (gone when the server stops)' : ''}`,
      `  access  ${access}; ${server.keysRequired() ? 'an API key is required' : 'no API keys yet'}`,
      `  API     ${server.url}/openapi.json`,
      `  live    ${server.url.replace(/^http/, 'ws')}/v1/sync`,
      `  metrics ${server.url}/metrics`,
      '',
    ].join('\n'),
  )
}

function purgeReceipts(store: Store, { nowMs }: Environment, logger: Logger): void {
  store.purgeReceipts(nowMs()).then(
    (purged) => logger.debug({ purged }, 'forgot old receipts'),
    (error: unknown) => logger.warn({ failure: shownFailure(error) }, 'could not forget old receipts'),
  )
}
