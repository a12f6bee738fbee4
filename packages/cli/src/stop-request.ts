/** Signals that ask a command to stop. */
import type { Logger } from 'pino'
import type { Environment } from './environment.ts'

/** Resolves at the first signal; the second stops at once. */
export function stopRequest({ onSignal, exit }: Environment, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    onSignal((signal) => {
      if (asked) {
        logger.warn({ signal }, 'asked twice: stopping at once')
        exit(1)
        return
      }
      asked = true
      logger.info({ signal }, 'asked to stop')
      resolve()
    })
  })
}
