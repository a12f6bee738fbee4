import { type Actor, actorId, HybridClock, replicaId } from '../../src/index.ts'

/** An actor with a fixed epoch and a clock that ticks by itself: the same bytes in every run. */
export function testActor(name: string, epoch = 0, startMs = 1_700_000_000_000): Actor {
  const bytes = new Uint8Array(12).map((_, i) => (epoch * 31 + i * 7 + name.charCodeAt(0)) & 255)
  let wallMs = startMs
  const clock = new HybridClock(() => {
    wallMs += 1
    return wallMs
  })
  return { id: actorId(replicaId(name), bytes), clock }
}
