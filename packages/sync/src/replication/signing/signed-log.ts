/**
 * Every change of a life, in the order in which they were applied. Where changes are signed nothing else can be shown to others: a
 * snapshot is nobody's word but that of who made it. So nothing is ever folded away here.
 */
import { type ActorId, type Change, type ChangeHeader, openChange } from '@joinery/core'
import { isVoid } from './void-change.ts'

export interface LogEntry {
  readonly actor: ActorId
  readonly first: number
  readonly last: number
  readonly bytes: Uint8Array
  /** It stands for everything of an actor that forked. */
  readonly isVoid: boolean
}

export class SignedLog {
  #entries: LogEntry[] = []
  /** Per actor, ascending. */
  readonly #byActor = new Map<ActorId, LogEntry[]>()

  get entries(): readonly LogEntry[] {
    return this.#entries
  }

  /** Takes in a change that follows what is here of its actor. Its bytes are kept. */
  append({ header, bytes }: { readonly header: ChangeHeader; readonly bytes: Uint8Array }): void {
    const entry = entryOf(header, bytes)
    this.#entries.push(entry)
    const own = this.#byActor.get(entry.actor)
    if (own === undefined) this.#byActor.set(entry.actor, [entry])
    else own.push(entry)
  }

  /** The last dot of an actor; 0 for none. */
  last(actor: ActorId): number {
    return this.head(actor)?.last ?? 0
  }

  head(actor: ActorId): LogEntry | undefined {
    return this.#byActor.get(actor)?.at(-1)
  }

  /** The change that has a dot. O(log n). */
  at(actor: ActorId, dot: number): LogEntry | undefined {
    const own = this.#byActor.get(actor) ?? []
    let from = 0
    for (let to = own.length; from < to; ) {
      const middle = (from + to) >> 1
      if ((own[middle] as LogEntry).last < dot) from = middle + 1
      else to = middle
    }
    const entry = own[from]
    return entry !== undefined && entry.first <= dot ? entry : undefined
  }

  /** What has dots beyond those known, in causal order; nothing that stands for others. */
  beyond(known: (actor: ActorId) => number): LogEntry[] {
    return this.#entries.filter((entry) => !entry.isVoid && entry.last > known(entry.actor))
  }

  /** Puts a change in the place of all that an actor wrote from one of its changes on. Answers what was there. */
  replace(actor: ActorId, from: number, bytes: Uint8Array): readonly LogEntry[] {
    const own = this.#byActor.get(actor) ?? []
    const removed = own.filter(({ first }) => first >= from)
    const gone = new Set(removed)
    const entry = entryOf(openChange(bytes).header, bytes)
    // What others wrote after it comes after it in the log, too.
    const place = removed[0] === undefined ? this.#entries.length : this.#entries.indexOf(removed[0])
    this.#entries.splice(place, 0, entry)
    this.#entries = this.#entries.filter((each) => !gone.has(each))
    this.#byActor.set(actor, [...own.filter(({ first }) => first < from), entry])
    return removed
  }
}

function entryOf(header: Change['header'], bytes: Uint8Array): LogEntry {
  const { actor, first, length } = header
  return { actor, first, last: first + length - 1, bytes, isVoid: isVoid(header) }
}
