/** A queue in memory: for tests, and for applications that may forget what was not sent when they end. */
import { refuse } from '../errors.ts'
import type { Queue } from './port.ts'

/** What outlives a memory queue. Hand the same one to a second queue and it continues where the first stopped. */
export interface MemoryQueueMedium {
  readonly records: Map<string, string>
  /** Whether a queue has it open. */
  open: boolean
}

export function memoryQueueMedium(): MemoryQueueMedium {
  return { records: new Map(), open: false }
}

/** Throws `CLIENT_QUEUE_LOCKED` while another queue has the medium open. */
export function memoryQueue(medium: MemoryQueueMedium = memoryQueueMedium()): Queue {
  if (medium.open) refuse('CLIENT_QUEUE_LOCKED', 'another client has this medium open')
  medium.open = true
  let closed = false
  const requireOpen = (): void => {
    if (closed) refuse('CLIENT_QUEUE_IO', 'the queue was closed')
  }
  return {
    async read() {
      requireOpen()
      return new Map(medium.records)
    },
    async write(changes) {
      requireOpen()
      for (const [key, value] of changes) {
        if (value === undefined) medium.records.delete(key)
        else medium.records.set(key, value)
      }
    },
    async close() {
      // Only the first close lets go: the medium may belong to a later queue by now.
      if (!closed) medium.open = false
      closed = true
    },
  }
}
