/** Gives every request an id and every answer a line in the log. Bodies, keys and header values stay out of it. */
import type { MiddlewareHandler } from 'hono'
import type { HttpEnv, RequestState } from './context.ts'
import type { BoundedLog } from './log/bounded-log.ts'

/** What is taken from a caller as request id: anything else could forge lines in somebody's log. */
const acceptable = /^[\w.:-]{1,128}$/
const REQUEST_ID_BYTES = 12

/** An answer, to be counted. */
export interface AnswerMeasure {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
  /** Of a refusal. */
  readonly code: string | undefined
}

export interface JournalOptions {
  readonly log: BoundedLog
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds. */
  readonly now: () => number
  /**
   * A path as it may become a label, and stand in the log: whoever asks for anything, in whatever way, must not make either grow. `isNoted`:
   * of interest although nothing is wrong.
   */
  readonly routeOf: (path: string) => { readonly route: string; readonly isNoted: boolean }
  readonly onAnswer?: ((measure: AnswerMeasure) => void) | undefined
}

export function journal({ log, random, now, routeOf, onAnswer }: JournalOptions): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const sent = c.req.header('x-request-id')
    const requestId =
      sent !== undefined && acceptable.test(sent) ? sent : Buffer.from(random(REQUEST_ID_BYTES)).toString('base64url')
    const state: RequestState = { requestId, about: {} }
    const startedAt = now()
    c.set('state', state)
    c.header('X-Request-ID', requestId)
    await next()
    const { about, code } = state
    const { method } = c.req
    const { status } = c.res
    const { route, isNoted } = routeOf(c.req.path)
    const ms = now() - startedAt
    onAnswer?.({ method, route, status, seconds: ms / 1000, code })
    const line = { requestId, ...about, ...(code !== undefined && { code }), method, route, status, ms }
    if (code !== undefined) log.refused(line, 'refused')
    else if (isNoted) log.done(line, 'answered')
    else log.detail(line, 'answered')
  }
}
