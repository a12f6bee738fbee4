/**
 * Who writes. A replica id is the name a user gives; an actor is one uninterrupted life of a replica's state: the name plus
 * an epoch of 96 random bits. A replica whose state may have been lost, copied or rolled back continues as a new actor,
 * because a dot stamped twice is the one mistake a join cannot repair.
 */
import { compareUtf8, isWellFormed, takesMore } from '../codec/utf8.ts'
import { refuse } from '../errors.ts'
import * as limits from '../limits.ts'
import type { HybridClock } from './hybrid-clock.ts'

export type ReplicaId = string & { readonly brand: 'ReplicaId' }

/** `replica~epoch`, the epoch being 16 characters of six bits each. */
export type ActorId = string & { readonly brand: 'ActorId' }

/** An actor with its clock: what a type or document needs to write. */
export interface Actor {
  readonly id: ActorId
  readonly clock: HybridClock
}

/** 64 characters in ascending byte order, so that epochs compare as their text does. */
const ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const EPOCH_LENGTH = 16
const EPOCH_BYTES = 12

/** Checks a name: 1 to 128 bytes of well-formed UTF-8. Throws `CORE_ID_INVALID`. */
export function replicaId(name: string): ReplicaId {
  if (!isWellFormed(name) || name === '' || takesMore(name, limits.replicaIdBytesMax)) {
    refuse('CORE_ID_INVALID', 'not a replica id')
  }
  return name as ReplicaId
}

/** Joins a replica id and 12 random bytes to an actor id. */
export function actorId(replica: ReplicaId, epoch: Uint8Array): ActorId {
  if (epoch.length !== EPOCH_BYTES) refuse('CORE_ID_INVALID', 'not an epoch')
  let text = `${replica}~`
  for (let i = 0; i < EPOCH_BYTES; i += 3) {
    const word = ((epoch[i] as number) << 16) | ((epoch[i + 1] as number) << 8) | (epoch[i + 2] as number)
    for (let shift = 18; shift >= 0; shift -= 6) text += ALPHABET[(word >>> shift) & 63]
  }
  return text as ActorId
}

/** Checks a text that claims to be an actor id. Throws `CORE_ID_INVALID`. */
export function parseActorId(text: string): ActorId {
  const split = text.length - EPOCH_LENGTH
  replicaId(text.slice(0, Math.max(0, split - 1)))
  if (text[split - 1] !== '~' || !/^[-\w]{16}$/.test(text.slice(split))) {
    refuse('CORE_ID_INVALID', 'not an actor id')
  }
  return text as ActorId
}

export function replicaOf(actor: ActorId): ReplicaId {
  return actor.slice(0, -EPOCH_LENGTH - 1) as ReplicaId
}

export function epochOf(actor: ActorId): string {
  return actor.slice(-EPOCH_LENGTH)
}

/** The order of actors everywhere: replica id by UTF-8 bytes, then epoch. */
export function compareActorIds(a: ActorId, b: ActorId): number {
  if (a === b) return 0
  // Without being taken apart: of many who write at one place each is compared with many. Epochs are ASCII.
  return compareUtf8(a, b, a.length - EPOCH_LENGTH - 1, b.length - EPOCH_LENGTH - 1) || (a < b ? -1 : 1)
}

/**
 * The actors of one document as small integers, in order of appearance. Indices never leave the process: everything encoded
 * refers to a table of its own.
 */
export class ActorTable {
  readonly ids: ActorId[] = []
  readonly #indices = new Map<ActorId, number>()

  /** The index of an actor, given to it now if it has none. */
  intern(id: ActorId): number {
    const known = this.#indices.get(id)
    if (known !== undefined) return known
    const index = this.ids.length
    if (index >= limits.actorsMax) refuse('CORE_LIMIT_EXCEEDED', 'above limits.actorsMax')
    this.ids.push(id)
    this.#indices.set(id, index)
    return index
  }

  /** Forgets the youngest, so that `count` stay: those of bytes that were refused. */
  truncate(count: number): void {
    while (this.ids.length > count) this.#indices.delete(this.ids.pop() as ActorId)
  }

  find(id: ActorId): number | undefined {
    return this.#indices.get(id)
  }

  id(index: number): ActorId {
    return this.ids[index] as ActorId
  }

  readonly compare = (a: number, b: number): number => compareActorIds(this.id(a), this.id(b))
}
