/** Failures that the user can mend: a sentence about what is wrong, one about what to do. */
import { StartError } from '@joinery/server'
import { StoreError } from '@joinery/sync'

/** Wrong use of the command: exit status 2, as shells have it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly advice: string

  constructor(message: string, advice: string) {
    super(message)
    this.advice = advice
  }
}

const storeAdvice: Partial<Record<StoreError['code'], string>> = {
  STORE_LOCKED:
    'One process owns a store (of PostgreSQL: a seat in it): stop the server or other command that uses it, then try again.',
  STORE_FORMAT:
    'Give --store the file or directory of a Joinery store, and use a version of joinery at least as new as it.',
  STORE_IO:
    'Look at the permissions and free space of the directory, and at the medium; for a database, at its address and its log.',
  STORE_ARGUMENT: 'Give --store an address as joinery serve --help has it.',
}

export interface Failure {
  readonly text: string
  readonly exitCode: number
}

/** What to print, and the exit status. A failure that nobody foresaw shows its stack. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { text: `joinery: ${error.message}\n  ${error.advice}`, exitCode: 2 }
  if (error instanceof StartError)
    return { text: `joinery: ${error.message} (${error.code})\n  ${error.advice}`, exitCode: 1 }
  if (error instanceof StoreError) {
    const advice = storeAdvice[error.code]
    return { text: `joinery: ${error.message} (${error.code})${advice ? `\n  ${advice}` : ''}`, exitCode: 1 }
  }
  return { text: `joinery: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, exitCode: 1 }
}
