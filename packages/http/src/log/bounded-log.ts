/**
 * The log of what callers do. Whoever calls decides how often something is to be told, so each kind of line has a bound, and what is
 * beyond it is counted: the next line of its kind says how many were left out. Refusals have a bound of their own, so that who is
 * refused cannot crowd out what the others do.
 */
import { TokenBucket } from '@joinery/sync'
import type { Logger } from 'pino'
import type { HttpLimits } from '../limits.ts'
import { shownFailure } from './failure.ts'

/** Ids and names, counts and codes: no bodies, no values, no keys. */
export type LogMembers = Readonly<Record<string, string | number | boolean | undefined>>

export interface BoundedLog {
  /** What was done. */
  done(members: LogMembers, message: string): void
  /** What is of no interest but to who looks for it. */
  detail(members: LogMembers, message: string): void
  /** What was not done, and whose fault that is not. */
  refused(members: LogMembers, message: string): void
  /** What should not happen. */
  failed(error: unknown, members: LogMembers, message: string): void
}

export interface BoundedLogOptions {
  readonly logger: Logger
  /** Milliseconds. */
  readonly now: () => number
  readonly limits: Pick<HttpLimits, 'logLinesPerSecondMax' | 'logLinesBurstMax'>
  /** Told of lines that were left out. */
  readonly onLeftOut?: (() => void) | undefined
}

type Write = (line: object, message: string) => void

export function boundedLog({ logger, now, limits, onLeftOut }: BoundedLogOptions): BoundedLog {
  const kind = (write: Write): Write => {
    const bucket = new TokenBucket(limits.logLinesPerSecondMax, limits.logLinesBurstMax, now())
    let leftOut = 0
    return (line, message) => {
      if (bucket.take(now()) > 0) {
        leftOut += 1
        onLeftOut?.()
        return
      }
      write(leftOut === 0 ? line : { ...line, leftOut }, message)
      leftOut = 0
    }
  }
  const done = kind((line, message) => logger.info(line, message))
  const refused = kind((line, message) => logger.info(line, message))
  const failed = kind((line, message) => logger.error(line, message))
  return {
    done,
    detail: (members, message) => logger.debug(members, message),
    refused,
    failed: (error, members, message) => failed({ ...members, failure: shownFailure(error) }, message),
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds.
const control = /[\u0000-\u001f\u007f-\u009f]/g
const TEXT_UNITS_MAX = 256

/** Text that nobody has checked, such as what a client calls itself, so that it can neither draw on a terminal nor fill a disk. */
export function loggable(text: string): string {
  return text.slice(0, TEXT_UNITS_MAX).replace(control, '\ufffd')
}
