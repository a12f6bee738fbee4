/** Writes to the queue one after the other, in the order of the calls. Changes that wait for the same write share it. */
import { ClientError } from '../errors.ts'
import type { Queue, QueueChange } from '../queue/port.ts'

export interface Writer {
  /** Resolves when these changes are durable. All of one call become durable together. */
  write(changes: readonly QueueChange[]): Promise<void>
  /** Resolves when nothing is being written. */
  idle(): Promise<void>
}

export function createWriter(queue: Queue): Writer {
  let waiting: QueueChange[] = []
  let next: Promise<void> | undefined
  let current: Promise<void> = Promise.resolve()
  let broken: ClientError | undefined

  const run = async (): Promise<void> => {
    await current.catch(() => undefined)
    const changes = waiting
    waiting = []
    current = next ?? current
    next = undefined
    if (broken !== undefined) throw broken
    try {
      await queue.write(changes)
    } catch (error) {
      // What is durable is unknown from here on; what was promised before stays in the queue for the next process.
      broken =
        error instanceof ClientError ? error : new ClientError('CLIENT_QUEUE_IO', String(error), { cause: error })
      throw broken
    }
  }

  return {
    write(changes) {
      waiting.push(...changes)
      next ??= run()
      return next
    },
    async idle() {
      while (next !== undefined) await next.catch(() => undefined)
      await current.catch(() => undefined)
    },
  }
}
