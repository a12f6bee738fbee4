/**
 * A document on this device from one state on: what it holds, who writes in it, and which changes made here the server has not stored.
 * When another state takes its place, as after discarding, another life begins.
 */
import {
  type Actor,
  type ActorId,
  CoreError,
  type FieldSpecs,
  openChange,
  restampChanges,
  type SchemaDoc,
  VersionVector,
} from '@joinery/core'
import type { FollowedDocument, Outgoing, Position, SessionRefusal } from '@joinery/sync'

/** A change made here that the server has not stored. */
export interface OwnChange extends Outgoing {
  readonly first: number
  readonly timeMicros: number
  /** Place in the order in which changes of this document were made here. */
  readonly order: number
  /** Whether it was given another time, because the clock was wrong. */
  readonly restamped: boolean
  /** Whether it survives the end of this process, and so may be sent. */
  durable: boolean
}

export interface Life<S extends FieldSpecs> {
  readonly doc: SchemaDoc<S>
  readonly actor: Actor
  /** Oldest first. */
  unstored: OwnChange[]
  /** Whether anything of it is, or ever was, at the server. */
  synced: boolean
  /** How far in the server's log everything was here when it began. */
  position: Position | undefined
  followed: FollowedDocument<S> | undefined
  /** What the server refused and nobody has dealt with. */
  refusal: SessionRefusal | undefined
  unsubscribe: () => void
}

export function ownChange(bytes: Uint8Array, order: number, durable: boolean): OwnChange {
  const { actor, first, length, timeMicros } = openChange(bytes).header
  return { bytes, actor, first, last: first + length - 1, timeMicros, order, durable, restamped: false }
}

/** Names a change. */
export function nameOf({ actor, last }: Pick<Outgoing, 'actor' | 'last'>): string {
  return `${last}@${actor}`
}

/** Names an edit where it is listed as refused. */
export function editIdOf({ actor, first }: Pick<OwnChange, 'actor' | 'first'>): string {
  return `${actor}:${first}`
}

/**
 * What leads to the document without the changes that the server has not stored: nothing where it is empty without them, undefined
 * where the past no longer reaches back so far.
 */
export function baseOf<S extends FieldSpecs>({
  doc,
  unstored,
}: Pick<Life<S>, 'doc' | 'unstored'>): readonly Uint8Array[] | undefined {
  const counters = new Map<ActorId, number>(doc.version().entries())
  for (const { actor, first } of unstored.toReversed()) counters.set(actor, first - 1)
  const known = [...counters].filter(([, counter]) => counter > 0)
  if (known.length === 0) return []
  try {
    return [unstored.length === 0 ? doc.snapshot() : doc.at(new VersionVector(known)).snapshot()]
  } catch (error) {
    if (error instanceof CoreError) return undefined
    throw error
  }
}

/**
 * Gives changes another life of the document, per actor.
 * @param after the change that the first of them follows, where that was written anew before.
 */
export function adopted(changes: readonly OwnChange[], incarnation: string, after?: Uint8Array): OwnChange[] {
  return rewritten(changes, (each) => restampChanges(each, { incarnation, ...(after && { after }) }))
}

/**
 * Gives changes times that are not later than now and keep their order.
 * @param afterMicros the time of what they follow.
 */
export function retimed(changes: readonly OwnChange[], nowMicros: number, afterMicros: number): OwnChange[] {
  const latest = changes.reduce((max, { timeMicros }) => Math.max(max, timeMicros), 0)
  const shift = Math.max(0, latest - nowMicros)
  // Over the changes of all actors: those of several tabs follow one another.
  const times = new Map<number, number>()
  let last = afterMicros
  for (const before of changes.map((own) => own.timeMicros).sort((a, b) => a - b)) {
    if (times.has(before)) continue
    last = Math.max(last + 1, Math.min(before - shift, nowMicros))
    times.set(before, last)
  }
  const timeMicros = (before: number): number => times.get(before) as number
  return rewritten(changes, (each) => restampChanges(each, { timeMicros })).map((own) => ({ ...own, restamped: true }))
}

function rewritten(
  changes: readonly OwnChange[],
  write: (changes: readonly Uint8Array[]) => readonly Uint8Array[],
): OwnChange[] {
  const byActor = new Map<ActorId, OwnChange[]>()
  for (const own of changes) {
    const others = byActor.get(own.actor)
    if (others === undefined) byActor.set(own.actor, [own])
    else others.push(own)
  }
  const all = [...byActor.values()].flatMap((group) => {
    const written = write(group.map(({ bytes }) => bytes))
    return group.map((own, i) => ({
      ...ownChange(written[i] as Uint8Array, own.order, false),
      restamped: own.restamped,
    }))
  })
  // As they were made: changes of several tabs follow one another.
  return all.sort((a, b) => a.order - b.order)
}

/** The last dot of the actor that may be sent: what is not durable yet may not. */
export function sendableThrough<S extends FieldSpecs>({ doc, actor, unstored }: Life<S>): number {
  const undurable = unstored.find((own) => !own.durable && own.actor === actor.id)
  return undurable === undefined ? doc.known(actor.id) : undurable.first - 1
}
