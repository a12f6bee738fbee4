/**
 * A causal context: which dots are known, as a prefix per actor plus runs beyond it (Almeida et al., "Scalable and accurate
 * causality tracking for eventually consistent stores", 2014). Compacted: what touches the prefix joins it.
 *
 * Actors are indices of the table it belongs to. A document's own context knows changes in causal order, so its cloud is empty.
 */
import { firstWhere } from '../search.ts'
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
    return this.covers(dot, 1)
  }

  /** Whether `count` consecutive dots from this one on are all known. */
  covers(dot: number, count: number): boolean {
    const actor = dotActor(dot)
    const counter = dotCounter(dot)
    const last = counter + count - 1
    if (last <= (this.#prefix[actor] ?? 0)) return true
    const runs = this.#cloud[actor]
    if (runs === undefined) return false
    const at = firstEndingAt(runs, counter)
    return at < runs.length && (runs[at] as number) <= counter && (runs[at + 1] as number) >= last
  }

  /** Raises the prefix of an actor; for the actor's own dots and for changes applied in order. */
  advance(actor: number, counter: number): void {
    while (this.#prefix.length <= actor) this.#prefix.push(0)
    if (counter > (this.#prefix[actor] as number)) this.#prefix[actor] = counter
    if (this.#cloud[actor] !== undefined) this.#compact(actor)
  }

  /** Adds the dots `first..last` of an actor. */
  add(actor: number, first: number, last: number): void {
    const prefix = this.prefix(actor)
    if (last <= prefix) return
    if (first <= prefix + 1) {
      this.advance(actor, last)
      return
    }
    const runs = this.#cloud[actor]
    if (runs === undefined) this.#cloud[actor] = [first, last]
    else insertRun(runs, first, last)
  }

  /** Takes runs that touch the prefix into it. */
  #compact(actor: number): void {
    const runs = this.#cloud[actor] as number[]
    let prefix = this.prefix(actor)
    let taken = 0
    while (taken < runs.length && (runs[taken] as number) <= prefix + 1) {
      prefix = Math.max(prefix, runs[taken + 1] as number)
      taken += 2
    }
    this.#prefix[actor] = prefix
    if (taken === runs.length) this.#cloud[actor] = undefined
    else runs.splice(0, taken)
  }

  join(other: CausalContext): void {
    for (let actor = 0; actor < other.actorCount; actor += 1) {
      if (other.prefix(actor) > 0) this.advance(actor, other.prefix(actor))
      const theirs = other.#cloud[actor]
      if (theirs === undefined) continue
      // One sweep over both: runs added one at a time would cost their product.
      this.#cloud[actor] = uniteRuns(this.#cloud[actor] ?? [], theirs)
      this.advance(actor, 0)
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

/** Index of the first run that ends at a counter or beyond it. */
function firstEndingAt(runs: readonly number[], counter: number): number {
  return 2 * firstWhere(runs.length / 2, (i) => (runs[2 * i + 1] as number) >= counter)
}

/** Puts a run among sorted runs, swallowing those it overlaps or touches. */
function insertRun(runs: number[], first: number, last: number): void {
  const from = firstEndingAt(runs, first - 1)
  let to = from
  while (to < runs.length && (runs[to] as number) <= last + 1) to += 2
  if (to === from) runs.splice(from, 0, first, last)
  else {
    const start = Math.min(first, runs[from] as number)
    runs.splice(from, to - from, start, Math.max(last, runs[to - 1] as number))
  }
}

/** Union of two ascending lists of runs. */
function uniteRuns(a: readonly number[], b: readonly number[]): number[] {
  const union: number[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && (a[i] as number) <= (b[j] as number))
    const first = (fromA ? a[i] : b[j]) as number
    const last = (fromA ? a[i + 1] : b[j + 1]) as number
    if (fromA) i += 2
    else j += 2
    const end = union.length - 1
    if (end > 0 && first <= (union[end] as number) + 1) union[end] = Math.max(union[end] as number, last)
    else union.push(first, last)
  }
  return union
}

/** The counters of `runs` that are not in `minus`; both and the answer are `[first, last, …]`, ascending. */
export function subtractRuns(runs: readonly number[], minus: readonly number[]): number[] {
  const rest: number[] = []
  let from = 0
  for (let i = 0; i < runs.length; i += 2) {
    const last = runs[i + 1] as number
    let at = runs[i] as number
    while (from < minus.length && (minus[from + 1] as number) < at) from += 2
    for (let j = from; j < minus.length && (minus[j] as number) <= last; j += 2) {
      if ((minus[j] as number) > at) rest.push(at, (minus[j] as number) - 1)
      at = Math.max(at, (minus[j + 1] as number) + 1)
    }
    if (at <= last) rest.push(at, last)
  }
  return rest
}
