/**
 * The one entry of core that touches the platform: wall clock and randomness. Nothing else in core imports it, so that
 * everything else runs under a seed.
 */
import { type Actor, actorId, replicaId } from './causality/actor.ts'
import { HybridClock } from './causality/hybrid-clock.ts'

declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array }
declare function queueMicrotask(task: () => void): void

/** After so many uses a reading of the clock is taken anew, though the turn goes on. */
const USES_PER_READING = 32

/** 12 bytes from the platform's secure generator. */
export function randomEpoch(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(12))
}

/**
 * The wall clock in milliseconds, read once a turn of the event loop and every 32 uses: one reading costs more than most
 * mutations do. As with `now()` inside an SQL transaction, what one turn writes shares a time.
 */
function turnClock(): () => number {
  let reading = 0
  let uses = 0
  // A long loop in one turn queues its end once, not at every reading.
  let ending = false
  const endTurn = () => {
    uses = 0
    ending = false
  }
  return () => {
    if (uses === 0) {
      reading = Date.now()
      uses = USES_PER_READING
      if (!ending) queueMicrotask(endTurn)
      ending = true
    }
    uses -= 1
    return reading
  }
}

/** A hybrid clock over the system's wall clock. */
export function systemClock(): HybridClock {
  return new HybridClock(turnClock())
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
