/**
 * What every type is to the engine: a join semilattice with a place, that can write what is pending, write itself whole, and
 * read either.
 *
 * Reading has two steps so that bad bytes change nothing: `read` checks the whole block and touches no state, and what it
 * answers applies it and cannot fail.
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import type { Reader } from '../codec/reader.ts'
import { refuse } from '../errors.ts'
import * as limits from '../limits.ts'
import type { Claim, Decoder, Encoder, Frame } from './codec.ts'
import { encodeDelta, encodeState, joinEncoded } from './frame.ts'
import type { Patch, Path } from './patch.ts'
import { Site } from './site.ts'

/** A container that holds others. */
export interface Parent extends Container {
  /** A mutation is about to go through this child: take note of it, and refresh its presence where there is one. */
  childTouched(child: Container): void
  /** The path of a child, as patches show it. */
  childPath(step: string | number): Path
  /** Whether the value of a child is part of this one's: not so for an absent key, a conflict, a deleted element. */
  showsChild(child: Container): boolean
}

/** Where a container stands. */
export interface Place {
  readonly site: Site
  readonly parent: Parent | undefined
  readonly step: string | number
  /** Below a removable key: removal must be undone by nothing but what was concurrent with it. */
  readonly removable: boolean
  readonly depth: number
}

/** What applies a block that was read and checked. */
export type Apply = () => void

/**
 * What takes an effect back: the name of something that the type knows how to do, and what it needs for it. It is JSON, with
 * elements of sequences by their ids, so that it can outlive the process.
 */
export type Inverse = readonly [does: string, ...needs: JsonValue[]]

/** What a mutation did to a container. */
export type Effect = readonly [Container, Inverse]

/** What a block vouches for that has no dots. */
const NOTHING: Claim = { has: () => false, covers: () => false }

export function isPlace(at: Actor | Place): at is Place {
  return 'site' in at
}

export abstract class Container {
  readonly place: Place
  /** The change in which this container was last touched. @internal */
  stamp = 0
  /** How many containers the site had made before. @internal */
  readonly born: number

  constructor(at: Actor | Place) {
    this.place = isPlace(at)
      ? at
      : { site: new Site(at, true), parent: undefined, step: '', removable: false, depth: 0 }
    this.born = this.place.site.made++
    if (this.place.depth > limits.containerDepthMax) {
      refuse('CORE_LIMIT_EXCEEDED', 'above limits.containerDepthMax')
    }
  }

  /** Number of the type in encoded blocks. @internal */
  abstract readonly tag: number
  /** The value as plain JSON. */
  abstract toJSON(): JsonValue
  /** Whether there is nothing to encode. @internal */
  abstract isBottom(): boolean
  /** Writes what changed since the last take, and forgets it. @internal */
  abstract writePending(out: Encoder): void
  /** Writes the whole state in canonical form. @internal */
  abstract writeState(out: Encoder): void
  /** Checks an encoded block, pending or whole, and answers what joins it. @internal */
  abstract read(input: Decoder): Apply
  /** Takes away everything the author of the change in progress has seen. @internal */
  abstract reset(): void
  /** Back to the bottom of the lattice, with nothing pending. @internal */
  abstract clear(): void
  /** The value as JSON from which `paste` makes it again, types of containers and ids of elements included. @internal */
  abstract copy(): JsonValue
  /** Writes a value that was copied into this empty container. @internal */
  abstract paste(copied: JsonValue): void
  /** Takes back an effect that was noted by `noteInverse`, as far as it still shows. @internal */
  revert?(inverse: Inverse): void
  /** The container at a step of a path, where this holds others. @internal */
  find?(step: string | number, tag?: number): Container | undefined
  /** The name of the step to a child that stays the same, where the step does not. @internal */
  stepName?(step: string | number): string
  /** The child that such a name leads to, where `find` does not. @internal */
  childAt?(step: string, tag: number): Container | undefined
  /** Visits the dots of everything that an observed removal could take away. @internal */
  visitTags(_visit: (dot: number) => void): void {}
  /** Whether the encoded state refers to this actor although none of its dots may be known. @internal */
  abstract mentions(actor: number): boolean
  /** Whether the table of actors of the encoded state has this one. @internal */
  refersTo(actor: number): boolean {
    return this.mentions(actor)
  }
  /** Writes which dots a whole state or a delta vouches for, where the type needs that. @internal */
  writeContext(_out: Encoder, _whole: boolean): void {}
  /** Reads what `writeContext` writes, and answers what the block is read against. @internal */
  readFrame(_reader: Reader, actors: readonly number[], _whole: boolean): Frame {
    return { actors, context: undefined, claim: NOTHING, ownLast: this.place.site.last }
  }
  /** Applies a stand-alone block that was read. @internal */
  applyRead(_input: Decoder, apply: Apply): void {
    apply()
  }

  /** The whole state as bytes, canonical: equal states give equal bytes. Stand-alone values only. */
  encode(): Uint8Array {
    this.#requireStandalone()
    return encodeState(this)
  }

  /**
   * What changed since the last take, as the smallest state whose join has the same effect. Stand-alone values only; costs
   * what changed, not what is there.
   */
  takeDelta(): Uint8Array {
    this.#requireStandalone()
    return encodeDelta(this)
  }

  /**
   * Joins a delta or a whole state: commutative, associative, idempotent. Bytes that do not decode throw and change nothing.
   * Throws `CORE_ACTOR_REUSED` when they know more of the local actor than it knows of itself.
   */
  join(encoded: Uint8Array): void {
    this.#requireStandalone()
    joinEncoded(this, encoded)
  }

  #requireStandalone(): void {
    if (!this.place.site.standalone) refuse('CORE_NOT_IN_CHANGE', 'done by its document')
  }

  /**
   * Takes away everything the author has seen; what others do concurrently stays.
   * Throws `CORE_PRECONDITION_FAILED` for types that cannot be reset.
   */
  observedReset(): void {
    this.touch()
    this.reset()
  }

  /** Refuses to mutate a field of a document outside `change`. @internal */
  requireOpen(): void {
    if (!this.place.site.open) refuse('CORE_NOT_IN_CHANGE', 'changed outside of doc.change(...)')
  }

  /**
   * To be called by every mutator before it changes anything, and after it has refused what it refuses: it makes the keys
   * above present. @internal
   */
  touch(): void {
    const site = this.place.site
    this.requireOpen()
    let child: Container = this
    for (;;) {
      const known = child.stamp === site.stamp
      child.stamp = site.stamp
      const parent = child.place.parent
      // The container itself always tells its parent, since a removal in the same change may have made it absent again.
      if (parent === undefined || (known && child !== this)) return
      parent.childTouched(child)
      child = parent
    }
  }

  /** Field names, map keys and list indices that lead here from the root. */
  path(): Path {
    const { parent, step } = this.place
    return parent === undefined ? [] : parent.childPath(step)
  }

  /** Whether this is part of what the root shows. @internal */
  shows(): boolean {
    const { parent } = this.place
    return parent === undefined || (parent.showsChild(this) && parent.shows())
  }

  /** The place of a child of this container. @internal */
  placeOf(step: string | number, removable: boolean): Place {
    return {
      site: this.place.site,
      parent: this as Container as Parent,
      step,
      removable,
      depth: this.place.depth + 1,
    }
  }
}

/** Whether a container was made by what is just taken back: nobody outside has its handle. */
export function isTakenBack({ born, place }: Container): boolean {
  return born >= place.site.madeMax
}

/** Notes what takes back an effect on a container, while somebody may want to undo. */
export function noteInverse(container: Container, ...inverse: Inverse): void {
  container.place.site.inverses?.push([container, inverse])
}

/** Tells subscribers of a visible effect. What does not show has none. */
export function emit(container: Container, patch: (path: Path) => Patch): void {
  const { patches } = container.place.site
  if (patches !== undefined && container.shows()) patches.push(patch(container.path()))
}

/** Tells subscribers what a register, flag or counter reads now. */
export function emitValue(container: Container): void {
  emit(container, (path) => ({ type: 'set', path, value: container.toJSON() }))
}
