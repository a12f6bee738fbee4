/** One listener of a document's value: from what it has to what is there, and on. */
import type { Scheduler } from '@joinery/sync'
import type { DocumentValue } from '../service/types.ts'
import { diffJson } from './json-patch.ts'
import type { LiveDocument } from './live-document.ts'
import { type ValueEvent, ValueStream } from './value-stream.ts'

export interface WatchValuesOptions {
  /** What the listener has already. */
  readonly past: DocumentValue | undefined
  readonly now: DocumentValue
  readonly read: () => Promise<DocumentValue>
  readonly scheduler: Scheduler
  readonly onEvent: (event: ValueEvent) => void
}

/** Tells what the listener lacks at once, and then what changes. Takes over the document, which it releases at the end. */
export function watchValues(document: LiveDocument, options: WatchValuesOptions): () => void {
  const { past, now, read, scheduler, onEvent } = options
  if (past === undefined) onEvent({ kind: 'snapshot', value: now })
  else onEvent({ kind: 'patch', from: past.version, value: now, patch: diffJson(past.value, now.value) })
  document.values ??= follow(document, new ValueStream(read, scheduler))
  const stop = document.values.listen(now, onEvent)
  let stopped = false
  return () => {
    if (stopped) return
    stopped = true
    stop()
    document.release()
  }
}

/** Ends with the document, which nobody follows then. */
function follow(document: LiveDocument, stream: ValueStream): ValueStream {
  document.feed.follow(stream)
  return stream
}
