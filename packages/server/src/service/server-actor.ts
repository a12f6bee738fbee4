/**
 * The actor under which a server stamps what comes in over HTTP. It is kept with the store as long as the store cannot have
 * lost or forked anything; a restored, copied or rolled back store gets a new one, because a dot stamped twice is the one
 * mistake that a join cannot repair.
 */
import { type Actor, actorId, type HybridClock, parseActorId, replicaId } from '@joinery/core'
import type { Store } from '@joinery/sync'

const VALUE = 'server/actor'

export interface ServerActorOptions {
  readonly store: Store
  readonly clock: HybridClock
  /** 12 random bytes. */
  readonly epoch: () => Uint8Array
  /** Name of this server among others; default `server`. */
  readonly name?: string
}

export async function serverActor({ store, clock, epoch, name = 'server' }: ServerActorOptions): Promise<Actor> {
  const kept = store.identity.continuous ? await store.value(VALUE) : undefined
  if (kept !== undefined) return { id: parseActorId(kept), clock }
  const id = actorId(replicaId(name), epoch())
  await store.setValue(VALUE, id)
  return { id, clock }
}
