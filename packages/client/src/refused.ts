/** Requests that the server refused: they wait here until the application decides. */
import { ClientError, refuse } from './errors.ts'
import type { Outbox } from './outbox/outbox.ts'
import { type Pushed, pushOps, pushPut, pushRemove } from './outbox/push.ts'
import type { Entry, RefusedRecord } from './outbox/records.ts'
import type { RefusedRequest } from './types.ts'
import { isRef } from './view/sequence.ts'

export function listRefused(outbox: Outbox): readonly RefusedRequest[] {
  return [...outbox.refused].map(([handle, { entry, problem, atMs }]) => {
    const { id, kind } = entry
    const content =
      entry.kind === 'ops'
        ? { type: entry.type, ops: entry.ops }
        : entry.kind === 'put'
          ? { type: entry.type, value: entry.value }
          : {}
    return { handle, id, kind, ...content, atMs, problem }
  })
}

/** Queues a refused request anew and takes it out of the refused ones, in one durable step. */
export function retryRefused(outbox: Outbox, handle: number): Pushed {
  const record = find(outbox, handle)
  const { entry } = record
  requireResolved(outbox, entry)
  // Its room in the queue is free for itself; both changes reach the queue in one write.
  outbox.dropRefused(handle)
  try {
    if (entry.kind === 'put') return pushPut(outbox, entry.id, entry.type, entry.value)
    return entry.kind === 'ops' ? pushOps(outbox, entry.id, entry.type, entry.ops) : pushRemove(outbox, entry.id)
  } catch (error) {
    outbox.addRefused(record)
    throw error
  }
}

export function discardRefused(outbox: Outbox, handle: number): Promise<void> {
  find(outbox, handle)
  outbox.dropRefused(handle)
  return outbox.commit()
}

function find(outbox: Outbox, handle: number): RefusedRecord {
  return outbox.refused.get(handle) ?? refuse('CLIENT_NOT_REFUSED', `no request ${handle} was refused`)
}

/** References to elements live only as long as the request that inserts them is on its way. */
function requireResolved(outbox: Outbox, entry: Entry): void {
  if (entry.kind !== 'ops') return
  const live = outbox.live(entry.id)
  const here = new Set(live?.kind === 'sequence' ? live.sequence.ids : [])
  for (const { after, ids } of entry.ops) {
    const named = [after, ...(Array.isArray(ids) ? ids : [])]
    for (const id of named) {
      if (typeof id === 'string' && isRef(id) && !here.has(id)) {
        throw new ClientError(
          'CLIENT_UNRESOLVED',
          'it names an element that was never inserted; discard it and edit again',
        )
      }
    }
  }
}
