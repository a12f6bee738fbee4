/** A host of one tenant, from its routes to its socket: guards, problem details, health, metrics, description. */
import type { Scheduler } from '@joinery/sync'
import type { Logger } from 'pino'
import { bodyReader } from './body.ts'
import type { KeyCheck } from './context.ts'
import type { Endpoints } from './endpoint.ts'
import { type RunningHost, startHost } from './host.ts'
import { type HostAppOptions, hostApp } from './host-app.ts'
import { defaultHttpLimits, type HttpLimits } from './limits.ts'
import type { TlsIdentity } from './listener.ts'
import { boundedLog } from './log/bounded-log.ts'
import { type ApiInfo, addDescription, addHealthRoutes, addMetricsRoute } from './meta.ts'
import { readSite, type SiteOptions } from './site.ts'
import { checkOrigin, chooseAddress } from './start.ts'

/** What whoever starts such a host chooses. */
export interface ServeApiOptions {
  /** `HOST:PORT` or `:PORT`; port 0 takes a free one. */
  readonly address: string
  readonly keys: KeyCheck
  readonly logger: Logger
  readonly metrics: { text(): Promise<string> }
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds, for durations. */
  readonly now: () => number
  readonly scheduler: Scheduler
  /** Shown in `/openapi.json`. */
  readonly version: string
  readonly tls?: TlsIdentity | undefined
  readonly allowOrigins?: readonly string[]
  /** Allows an address that others can reach although there are no keys. */
  readonly insecure?: boolean
  readonly site?: SiteOptions | undefined
  readonly limits?: Partial<HttpLimits>
}

/** What a host itself brings. */
export interface Api<Code extends string> extends Pick<HostAppOptions, 'headers' | 'gated' | 'asRefusal'> {
  readonly info: Pick<ApiInfo, 'title' | 'description'>
  /** Limits that are others than those of most hosts. */
  readonly limits?: Partial<HttpLimits>
  readonly table: Endpoints<Code>['table']
  readonly parameters: Endpoints<Code>['parameters']
  /** The path without names, which would make labels and lines of the log grow. */
  readonly routeOf: (path: string) => string
  readonly addRoutes: (to: Endpoints<Code>) => void
}

/** Throws `StartError`. */
export async function serveApi<Code extends string>(options: ServeApiOptions, api: Api<Code>): Promise<RunningHost> {
  const { keys, logger, random, now, tls, site, metrics, version, insecure = false } = options
  const limits = { ...defaultHttpLimits, ...api.limits, ...options.limits }
  const address = chooseAddress({ address: options.address, keysRequired: keys.required(), insecure })
  const log = boundedLog({ logger, now, limits })
  const { headers, gated, asRefusal, table, parameters } = api
  const { app, load, seal } = hostApp({
    limits,
    keys,
    log,
    random,
    now,
    allowOrigins: (options.allowOrigins ?? []).map(checkOrigin),
    headers,
    loopbackOnly: address.loopbackOnly,
    tls: tls !== undefined,
    site: site && readSite(site, limits.siteBytesMax),
    gated,
    routeOf: (path) => ({ route: api.routeOf(path), isNoted: false }),
    asRefusal,
  })
  api.addRoutes({ app, load, limits, keys, bodies: bodyReader(limits), table, parameters })
  addHealthRoutes(app, load)
  addDescription(app, { ...api.info, version, keyDescription: 'Required once there are keys.' })
  addMetricsRoute(app, keys, metrics)
  seal()
  const keysRequired = (): boolean => keys.required()
  return await startHost({ fetch: app.fetch, load, address, tls, keysRequired, limits, logger, log, random, now })
}
