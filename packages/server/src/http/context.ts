/** What the parts of the HTTP layer share: the options of the app, and what a request carries along. */
import type { IncomingMessage } from 'node:http'
import type { KeyRing } from '../keys.ts'
import type { ServerLimits } from '../limits.ts'
import type { BoundedLog } from '../log/bounded-log.ts'
import type { ServerMetrics } from '../metrics/metrics.ts'
import type { DocumentService } from '../service/types.ts'
import type { Site } from './site.ts'

export interface AppOptions {
  readonly service: DocumentService
  readonly keys: KeyRing
  readonly limits: ServerLimits
  readonly log: BoundedLog
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds, for durations only. */
  readonly now: () => number
  /** Origins of other sites whose pages may call, such as `https://app.example`. */
  readonly allowOrigins: readonly string[]
  /** Listening on loopback only: then requests must come for a loopback name as well. */
  readonly loopbackOnly: boolean
  readonly tls: boolean
  readonly metrics?: ServerMetrics | undefined
  /** Pages of an application, served beside the API. */
  readonly site?: Site | undefined
}

export interface RequestState {
  readonly requestId: string
  readonly startedAt: number
  /** For the log, once known. */
  tenant?: string
  node?: string
  /** Id of the key. */
  keyId?: string
  document?: string
  /** Code of the refusal, if it was one. */
  code?: string
}

export interface HttpEnv {
  Variables: { state: RequestState }
  Bindings: { incoming?: IncomingMessage }
}

/** How busy the app is, and whether it is on its way out. */
export interface Load {
  readonly active: number
  readonly draining: boolean
  drain(): void
  /** Aborted when the server is on its way out: what waits for news answers, and streams end. */
  readonly leaving: AbortSignal
  /** Callers that wait for news, or are told of it as it comes. */
  readonly streams: number
  /** Counts a request of a tenant. Throws `OVERLOADED`, `RATE_LIMITED`. */
  enter(tenant: string): Visit
  /** Resolves when no request is being answered. */
  idle(): Promise<void>
}

/** A request of a tenant while it is being answered. */
export interface Visit {
  /** The request is answered, or what is left of it is a stream. */
  leave(): void
  /** Counts a stream until what it answers is called. Throws `OVERLOADED`, `RATE_LIMITED`. */
  stay(): () => void
  /** Waits without counting as busy, as for news. Throws `OVERLOADED`, `RATE_LIMITED`. */
  aside<A>(task: () => Promise<A>): Promise<A>
}
