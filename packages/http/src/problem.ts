/** Refusals as RFC 9457 problem details. */
import type { JsonValue } from '@joinery/core'
import type { Refusal } from './errors.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly advice: string
  readonly requestId: string
  readonly [extra: string]: JsonValue
}

export function problemOf(error: Refusal, requestId: string): Problem {
  const { code, title, status, advice, message: detail } = error
  const standard = { type: `urn:joinery:error:${code}`, title, status, detail, code, advice, requestId }
  // The standard members win: no extra may replace them.
  return { ...standard, ...error.extra, ...standard }
}
