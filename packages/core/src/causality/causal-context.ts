/**
 * The set of dots a replica has seen: per actor a contiguous prefix (together the version vector) and, beyond it, the runs of
 * dots that arrived early (the dot cloud). Adding compacts: a run that touches the prefix becomes part of it.
 *
 * Space: one number per actor, two per early run. A document applies changes in causal order, so its cloud is empty.
 */
import { dotActor, dotCounter } from './dot.ts'

export class CausalContext {
  readonly #prefix: number[] = []
  /** Per actor `[first, last, first, last, …]`, ascending, disjoint, not touching. */
  #cloud: (number[] | undefined)[] = []

  /** The largest counter up to which everything of this actor is known. */
  prefix(actor: number): number {
    return this.#prefix[actor] ?? 0
  }

  /** How many actor indices may have something here. */
  get actorCount(): number {
    return Math.max(this.#prefix.length, this.#cloud.length)
  }

  isEmpty(actor: number): boolean {
    return this.prefix(actor) === 0 && this.#cloud[actor] === undefined
  }

  has(dot: number): boolean {
    const actor = dotActor(dot)
    const counter = dotCounter(dot)
    if (counter <= (this.#prefix[actor] ?? 0)) return true
    const runs = this.#cloud[actor]
    if (runs === undefined) return false
    for (let i = 0; i < runs.length; i += 2) {
      if (counter >= (runs[i] as number) && counter <= (runs[i + 1] as number)) return true
    }
    return false
  }

  /** Raises the prefix of an actor; for the actor's own dots and for changes applied in order. */
  advance(actor: number, counter: number): void {
    while (this.#prefix.length <= actor) this.#prefix.push(0)
    if (counter > (this.#prefix[actor] as number)) this.#prefix[actor] = counter
  }

  /** Adds the dots `first..last` of an actor. */
  add(actor: number, first: number, last: number): void {
    const prefix = this.prefix(actor)
    if (last <= prefix) return
    const runs = this.#cloud[actor]
    if (first <= prefix + 1 && runs === undefined) {
      this.advance(actor, last)
      return
    }
    this.#cloud[actor] = insertRun(runs ?? [], Math.max(first, prefix + 1), last)
    this.#compact(actor)
  }

  #compact(actor: number): void {
    const runs = this.#cloud[actor] as number[]
    while (runs.length > 0 && (runs[0] as number) <= this.prefix(actor) + 1) {
      this.advance(actor, runs[1] as number)
      runs.splice(0, 2)
    }
    if (runs.length === 0) this.#cloud[actor] = undefined
  }

  join(other: CausalContext): void {
    for (let actor = 0; actor < other.actorCount; actor += 1) {
      const runs = other.runs(actor)
      for (let i = 0; i < runs.length; i += 2) this.add(actor, runs[i] as number, runs[i + 1] as number)
    }
  }

  /** Everything known of an actor as `[first, last, …]`, ascending. */
  runs(actor: number): readonly number[] {
    const prefix = this.prefix(actor)
    const cloud = this.#cloud[actor] ?? []
    return prefix === 0 ? cloud : [1, prefix, ...cloud]
  }

  clear(): void {
    this.#prefix.length = 0
    this.#cloud = []
  }
}

/** Puts a run among sorted runs, swallowing those it overlaps or touches. */
function insertRun(runs: readonly number[], first: number, last: number): number[] {
  const result: number[] = []
  let from = first
  let to = last
  let placed = false
  for (let i = 0; i < runs.length; i += 2) {
    const f = runs[i] as number
    const l = runs[i + 1] as number
    if (l + 1 < from) result.push(f, l)
    else if (f > to + 1) {
      if (!placed) result.push(from, to)
      placed = true
      result.push(f, l)
    } else {
      from = Math.min(from, f)
      to = Math.max(to, l)
    }
  }
  if (!placed) result.push(from, to)
  return result
}

/** The counters of `runs` that are not in `minus`; both and the answer are `[first, last, …]`, ascending. */
export function subtractRuns(runs: readonly number[], minus: readonly number[]): number[] {
  const rest: number[] = []
  for (let i = 0; i < runs.length; i += 2) {
    const last = runs[i + 1] as number
    let at = runs[i] as number
    for (let j = 0; j < minus.length && (minus[j] as number) <= last; j += 2) {
      if ((minus[j] as number) > at) rest.push(at, (minus[j] as number) - 1)
      at = Math.max(at, (minus[j + 1] as number) + 1)
    }
    if (at <= last) rest.push(at, last)
  }
  return rest
}
