import { DataError } from '@joinery/storage/archive'
import type { Environment } from '../environment.ts'

/** The exit status of a command that a signal stopped, as shells have it for SIGINT. */
export const INTERRUPTED_STATUS = 130

/** Aborted by the first signal, so that the command stops in order; the second stops it at once. */
export function interruption({ onSignal, exit }: Pick<Environment, 'onSignal' | 'exit'>): AbortSignal {
  const stopping = new AbortController()
  onSignal(() => {
    if (stopping.signal.aborted) exit(INTERRUPTED_STATUS)
    stopping.abort()
  })
  return stopping.signal
}

export function interrupted(): DataError {
  return new DataError('DATA_INTERRUPTED', 'interrupted before it was done')
}
