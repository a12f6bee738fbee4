/**
 * What an oracle is given: operations, each tagged with who did it, when, and what its author had seen. A value is defined by
 * that set alone; nothing here knows of dots, deltas or merges, and nothing here calls the code under test.
 */

/** Who, when, and having seen what. */
export interface Stamped {
  /** Unique in its history. */
  readonly id: number
  readonly actor: string
  /** Microseconds. */
  readonly time: number
  /** Number of the change (between two takes) of its actor; operations of one change share it. */
  readonly change: number
  readonly seen: ReadonlySet<number>
}

export interface Tagged<Op> extends Stamped {
  readonly op: Op
}

/** The operations on one value, as far as a replica has received them. */
export interface View<Op> {
  readonly ops: readonly Tagged<Op>[]
  /** Removals of a key above the value. */
  readonly resets: readonly Stamped[]
  /** Whether it stands below a removable key. */
  readonly removable: boolean
}

/** The same operation narrowed to a part of it. */
export function narrow<Inner>(tagged: Stamped, op: Inner): Tagged<Inner> {
  const { id, actor, time, change, seen } = tagged
  return { id, actor, time, change, seen, op }
}

/** Whether one of these was done by somebody who had seen `what`. */
export function seenByAny(what: Stamped, by: readonly Stamped[]): boolean {
  return by.some((other) => other.seen.has(what.id))
}

/** Order of text by its UTF-8 bytes, which is the order of code points. */
export function compareText(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) as number)
  const right = Array.from(b, (character) => character.codePointAt(0) as number)
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** An actor id is `replica~epoch`, the epoch being 16 characters. */
export function compareActors(a: string, b: string): number {
  return compareText(a.slice(0, -17), b.slice(0, -17)) || compareText(a.slice(-16), b.slice(-16))
}

/** A write as registers order it. */
export interface Timed extends Stamped {
  /** Time of its own, if not that of the operation. */
  readonly at?: number | undefined
  /** Replica of its own, if not that of the actor. */
  readonly by?: string | undefined
}

/** Time, replica, epoch, change; then, within one change, the order in which they were done. */
export function compareTimed(a: Timed, b: Timed): number {
  return comparePresence(a, b) || a.id - b.id
}

/** The same, with no order within one change. */
export function comparePresence(a: Timed, b: Timed): number {
  return (
    (a.at ?? a.time) - (b.at ?? b.time) ||
    compareText(a.by ?? a.actor.slice(0, -17), b.by ?? b.actor.slice(0, -17)) ||
    compareText(a.actor.slice(-16), b.actor.slice(-16)) ||
    compareText(a.actor, b.actor) ||
    a.change - b.change
  )
}
