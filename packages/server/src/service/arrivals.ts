/**
 * At which version each dot arrived in the store. "A remove takes away what its author had seen at version n" is a question
 * about arrival here, not about causality: the author read version n. Runs of dots by actor, ascending; after compaction those
 * of live tags remain, so the answer stays exact.
 */
import type { ActorId, Dot } from '@joinery/core'

interface Run {
  readonly first: number
  readonly last: number
  readonly version: number
}

/** Counter and version of dots, ascending, by actor. */
export type ArrivalsJson = Readonly<Record<ActorId, readonly (readonly [number, number])[]>>

export class Arrivals {
  readonly #runs = new Map<ActorId, Run[]>()

  /** Dots `first .. last` of an actor arrived at a version. Called in ascending order per actor. */
  add(actor: ActorId, run: Run): void {
    const runs = this.#runs.get(actor)
    if (runs === undefined) this.#runs.set(actor, [run])
    else runs.push(run)
  }

  /** The version at which a dot arrived; 0 for one that is older than everything kept. O(log n). */
  versionOf({ actor, counter }: Dot): number {
    const runs = this.#runs.get(actor) ?? []
    let low = 0
    let high = runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((runs[middle] as Run).last < counter) low = middle + 1
      else high = middle
    }
    const run = runs[low]
    return run !== undefined && run.first <= counter ? run.version : 0
  }

  /** The same without what arrived up to a version, but for these dots: what is asked about is live, or young. */
  pruned(tags: readonly Dot[], version: number): Arrivals {
    const kept = new Arrivals()
    const old = tags.filter((tag) => this.versionOf(tag) <= version).sort((a, b) => a.counter - b.counter)
    for (const tag of old) {
      kept.add(tag.actor, { first: tag.counter, last: tag.counter, version: this.versionOf(tag) })
    }
    for (const [actor, runs] of this.#runs) for (const run of runs) if (run.version > version) kept.add(actor, run)
    return kept
  }

  /** Runs kept. */
  get size(): number {
    let size = 0
    for (const runs of this.#runs.values()) size += runs.length
    return size
  }

  /** The arrivals of these dots, to be stored with a snapshot. */
  toJSON(tags: readonly Dot[]): ArrivalsJson {
    const byActor = new Map<ActorId, [number, number][]>()
    for (const tag of tags) {
      const list = byActor.get(tag.actor) ?? []
      byActor.set(tag.actor, list)
      list.push([tag.counter, this.versionOf(tag)])
    }
    for (const list of byActor.values()) list.sort(([a], [b]) => a - b)
    return Object.fromEntries(byActor)
  }

  /** What `toJSON` wrote. */
  static of(byActor: ArrivalsJson): Arrivals {
    const arrivals = new Arrivals()
    for (const [actor, list] of Object.entries(byActor)) {
      for (const [counter, version] of list) {
        arrivals.add(actor as ActorId, { first: counter, last: counter, version })
      }
    }
    return arrivals
  }
}
