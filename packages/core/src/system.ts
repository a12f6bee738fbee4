/**
 * The one entry of core that touches the platform: wall clock and randomness. Nothing else in core imports it, so that
 * everything else runs under a seed.
 */
import { type Actor, actorId, replicaId } from './causality/actor.ts'
import { HybridClock } from './causality/hybrid-clock.ts'

declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array }

/** 12 bytes from the platform's secure generator. */
export function randomEpoch(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(12))
}

/** A hybrid clock over the system's wall clock. */
export function systemClock(): HybridClock {
  return new HybridClock(Date.now)
}

/**
 * A new actor for a replica: a fresh epoch and the system's clock. Keep it as long as the state it writes; once that state
 * may have been lost or copied, take another.
 *
 * @param name 1 to 128 bytes of well-formed UTF-8. Throws `CORE_ID_INVALID` otherwise.
 */
export function newActor(name: string): Actor {
  return { id: actorId(replicaId(name), randomEpoch()), clock: systemClock() }
}
