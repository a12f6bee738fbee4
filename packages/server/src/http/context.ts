/** What the parts of the HTTP layer share: the options of the app. */
import type { BoundedLog, Site } from '@joinery/http'
import type { KeyRing } from '../keys.ts'
import type { ServerLimits } from '../limits.ts'
import type { ServerMetrics } from '../metrics/metrics.ts'
import type { DocumentService } from '../service/types.ts'

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
