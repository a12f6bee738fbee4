/** What came of a request that did not succeed, and what is to be done about it. */
import { ClientError, type Problem } from '../errors.ts'

/** No answer, or one that says "later": the same request is sent again. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly reason: ClientError
  readonly retryAfterMs: number | undefined
  /** Whether the server itself answered. */
  readonly answered: boolean

  constructor(
    reason: ClientError,
    options: { readonly retryAfterMs?: number | undefined; readonly answered: boolean },
  ) {
    super(reason.message, { cause: reason })
    this.reason = reason
    this.retryAfterMs = options.retryAfterMs
    this.answered = options.answered
  }
}

/** The server refused, and would refuse again. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? problem.code)
    this.problem = problem
  }
}

/**
 * Refusals that say nothing about the request: a key that is missing or wrong, a url that leads elsewhere, a server that is
 * busy. Whoever runs the client mends them; what is queued must not be set aside for them.
 */
const CIRCUMSTANCES = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'ROUTE_UNKNOWN',
  'METHOD_NOT_ALLOWED',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'INTERNAL',
])

const LATER_STATUSES = new Set([401, 403, 405, 407, 408, 421, 425, 429])

/** Whether a problem is a permanent refusal of this very request. */
export function isPermanent({ code, status }: Problem): boolean {
  // About what is asked for, unlike the other refusals of this status, which are about who asks.
  if (code === 'PERMISSION_DENIED') return true
  return status >= 400 && status < 500 && !LATER_STATUSES.has(status) && !CIRCUMSTANCES.has(code)
}

/** What callers of reads are told. */
export function refusedError(problem: Problem): ClientError {
  return new ClientError('CLIENT_REFUSED', `${problem.code}: ${problem.detail ?? problem.title ?? 'refused'}`, {
    problem,
  })
}
