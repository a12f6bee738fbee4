/** Waits for something to be stored in a document. */
import type { Scheduler } from '@joinery/sync'
import type { LiveDocument } from './live-document.ts'

export interface NewsOptions {
  /** News is what comes after this version. */
  readonly after: number
  readonly scheduler: Scheduler
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
}

/** Resolves when there is news, when the document ended, when the time is over, or when the signal says so. */
export function news({ feed }: LiveDocument, { after, scheduler, waitMs, signal }: NewsOptions): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      unfollow()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = scheduler.after(waitMs, done)
    const unfollow = feed.follow({ wake: () => feed.head > after && done(), ended: done })
    signal?.addEventListener('abort', done)
    if (signal?.aborted || feed.head > after) done()
  })
}
