/** Keeps the keys of a server in step with what other processes do to them. */
import { shownFailure } from '@joinery/http'
import type { Logger } from 'pino'
import type { KeyRing } from './keys.ts'

export interface KeysRefreshOptions {
  readonly keys: KeyRing
  /** Time between two looks. */
  readonly everyMs: number
  readonly logger: Logger
}

/**
 * Looks at the store now and then, where others may have it open. While the store cannot be read the keys stay as they were. Answers
 * what ends it.
 */
export function refreshKeys({ keys, everyMs, logger }: KeysRefreshOptions): () => void {
  if (!keys.isShared) return () => {}
  let isBusy = false
  let hasFailed = false
  const look = async (): Promise<void> => {
    if (isBusy) return
    isBusy = true
    try {
      await keys.refresh()
      hasFailed = false
    } catch (error) {
      // Once per time of trouble: the store's own troubles are told elsewhere.
      if (!hasFailed) logger.warn({ failure: shownFailure(error) }, 'keys could not be read: they stay as they were')
      hasFailed = true
    } finally {
      isBusy = false
    }
  }
  const timer = setInterval(() => void look(), everyMs).unref()
  return () => clearInterval(timer)
}
