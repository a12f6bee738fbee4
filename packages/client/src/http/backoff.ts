/** How long to wait before the next attempt: exponential back-off with full jitter, and at least what the server asks for. */
import type { Host } from '../host.ts'
import type { ClientLimits } from '../limits.ts'

/**
 * @param failures attempts that failed in a row, at least 1.
 * @param retryAfterMs what the server asked for.
 */
export function backoffMs(
  failures: number,
  retryAfterMs: number | undefined,
  { host, limits }: { readonly host: Host; readonly limits: ClientLimits },
): number {
  const ceiling = Math.min(limits.backoffMsMax, limits.backoffMsMin * 2 ** Math.min(failures - 1, 30))
  const jitter = Math.floor(host.random() * ceiling)
  // Jitter on top: clients that were told the same time must not all come back in the same instant.
  return retryAfterMs === undefined ? jitter : Math.min(retryAfterMs, limits.retryAfterMsMax) + jitter
}

/** Reads `Retry-After`: seconds, or a date. Undefined for what is neither. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}
