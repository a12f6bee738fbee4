/**
 * The ids of a sequence in the order of their actors and counters, as columns: what is encoded, and what a sequence is loaded
 * from. A run is as long as it can be: consecutive counters of one actor, each id the right child of the one before, whatever
 * stands between them in the document and whichever of them are deleted. So there are as many runs as there were stretches of
 * writing, and equal states have equal columns.
 */
export class RunColumns {
  readonly actors: number[] = []
  /** Counter of the first id. */
  readonly counters: number[] = []
  readonly counts: number[] = []
  /** Placement of the first id; the root is (-1, 0). */
  readonly parentActors: number[] = []
  readonly parentCounters: number[] = []
  readonly sides: (0 | 1)[] = []
  /** Lengths of stretches of visible and deleted ids by turns, through all runs. A last stretch of visible ids is left out. */
  readonly stretches: number[] = []
  /** Ids that are not deleted. */
  shown = 0
  /** Visible ids behind the last deleted one. */
  #tail = 0

  get length(): number {
    return this.actors.length
  }

  /** Adds ids behind those that are there: ascending by counter within an actor. The first has the placement. */
  add(
    actor: number,
    counter: number,
    count: number,
    deleted: boolean,
    parentActor: number,
    parentCounter: number,
    side: 0 | 1,
  ): void {
    const last = this.actors.length - 1
    const continues =
      last >= 0 &&
      side === 1 &&
      parentActor === actor &&
      parentCounter === counter - 1 &&
      this.actors[last] === actor &&
      (this.counters[last] as number) + (this.counts[last] as number) === counter
    if (continues) this.counts[last] = (this.counts[last] as number) + count
    else {
      this.actors.push(actor)
      this.counters.push(counter)
      this.counts.push(count)
      this.parentActors.push(parentActor)
      this.parentCounters.push(parentCounter)
      this.sides.push(side)
    }
    if (deleted) this.#bury(count)
    else {
      this.shown += count
      this.#tail += count
    }
  }

  #bury(count: number): void {
    const { stretches } = this
    if (this.#tail === 0 && stretches.length > 0) {
      const last = stretches.length - 1
      stretches[last] = (stretches[last] as number) + count
    } else stretches.push(this.#tail, count)
    this.#tail = 0
  }
}

/**
 * Columns of nothing. That these stay matters: engines throw away what they compiled for objects of a kind when the last one of
 * the kind is gone, and columns live no longer than the loading or writing of a document.
 */
export const NO_RUNS: RunColumns = new RunColumns()
