/** Actors whose names, epochs and clocks a test decides. */
import { type Actor, actorId, HybridClock, replicaId } from '@joinery/core'

/** A wall clock that moves when told. */
export class TestWall {
  millis: number

  constructor(millis = 1000) {
    this.millis = millis
  }
}

/**
 * An actor of a name; `epoch` tells several of one name apart.
 * @param wall by default one that stands still.
 */
export function testActor(name: string, epoch = 1, wall: TestWall = new TestWall()): Actor {
  const bytes = new Uint8Array(12)
  bytes[11] = epoch & 255
  bytes[0] = epoch >>> 8
  return { id: actorId(replicaId(name), bytes), clock: new HybridClock(() => wall.millis) }
}

/**
 * The names of the replicas of a random history: two lives of one name, a name that is the beginning of another, and two
 * whose order by UTF-16 unit is not their order by byte.
 */
export const testNames: readonly { readonly name: string; readonly epoch: number }[] = [
  { name: 'node', epoch: 2 },
  { name: '\uff5e', epoch: 1 },
  { name: 'node', epoch: 1 },
  { name: '\u{1d4b3}', epoch: 1 },
  { name: 'nod', epoch: 9 },
]
