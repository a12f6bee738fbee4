/**
 * The actor under which a server stamps what comes in over HTTP. It is kept with the store as long as the store cannot have
 * lost or forked anything; a restored, copied or rolled back store gets a new one, because a dot stamped twice is the one
 * mistake that a join cannot repair.
 */
import { type Actor, actorId, type HybridClock, parseActorId, replicaId } from '@joinery/core'
import { ownValuePrefix, requireFinished, type Store, type StoreIdentity } from '@joinery/sync'

/** One actor per seat, so that servers on one store never share one; stores of a single owner have no seats. */
function valueName({ seat }: StoreIdentity): string {
  const name = `${ownValuePrefix}server/actor`
  return seat === undefined ? name : `${name}/${seat}`
}

export interface ServerActorOptions {
  readonly store: Store
  readonly clock: HybridClock
  /** 12 random bytes. */
  readonly epoch: () => Uint8Array
  /** Name of this server among others; default `server`. */
  readonly name?: string
}

/** Refused with `STORE_UNFINISHED` where only a part of the data is. */
export async function serverActor({ store, clock, epoch, name = 'server' }: ServerActorOptions): Promise<Actor> {
  await requireFinished(store)
  const value = valueName(store.identity)
  const kept = store.identity.continuous ? await store.value(value) : undefined
  if (kept !== undefined) return { id: parseActorId(kept), clock }
  const id = actorId(replicaId(name), epoch())
  await store.setValue(value, id)
  return { id, clock }
}
