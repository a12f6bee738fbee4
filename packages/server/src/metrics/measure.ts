/** Measures operations: how long each took, and how it ended. */
import { SessionRefusal } from '@joinery/sync'
import { asServerError } from '../as-server-error.ts'
import type { OperationName, OperationOutcome, ServiceObserver } from './observer.ts'

export interface MeasureOptions {
  readonly observer: Pick<ServiceObserver, 'operation'> | undefined
  /** Milliseconds. */
  readonly nowMs: () => number
}

export async function measure<A>(
  { observer, nowMs }: MeasureOptions,
  operation: OperationName,
  task: () => Promise<A>,
): Promise<A> {
  if (observer === undefined) return await task()
  const startedMs = nowMs()
  const done = (outcome: OperationOutcome): void => observer.operation(operation, outcome, (nowMs() - startedMs) / 1000)
  try {
    const answer = await task()
    done('done')
    return answer
  } catch (error) {
    done(outcomeOfFailure(error))
    throw error
  }
}

/** Codes of sessions that are not the client's doing. */
const ours: ReadonlySet<string> = new Set(['unavailable', 'internal', 'shutting_down'])

/** How an operation ended that threw this; undefined: it did not. */
export function outcomeOfFailure(error: unknown): OperationOutcome {
  if (error === undefined) return 'done'
  if (error instanceof SessionRefusal) return ours.has(error.code) ? 'failed' : 'refused'
  return asServerError(error).status < 500 ? 'refused' : 'failed'
}
