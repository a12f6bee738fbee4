/**
 * What changes begin with (kind, flags, incarnation, actors) is the same from one change of an author to the next. It is
 * compared as bytes instead of being read, checked and looked up again.
 */
import type { ActorId } from '../causality/actor.ts'
import type { Change } from './change.ts'

/** How many are remembered: authors that write at the same time. */
const KNOWN_MAX = 8
/** Beginnings above this are rare, and comparing them is no gain. */
const BYTES_MAX = 512

export interface Beginning {
  readonly bytes: Uint8Array
  /** Actors of the change, the author first. */
  readonly actors: readonly ActorId[]
  /** Their indices in the document. */
  readonly indices: readonly number[]
}

export class Beginnings {
  /** The oldest first. Not by use: of two who write in turn each would push the other back. */
  readonly #known: Beginning[] = []

  /** The known beginning of a change, which stands in `from..to`; undefined for another. */
  find(bytes: Uint8Array, from: number, to: number): Beginning | undefined {
    for (const beginning of this.#known) if (startsWith(bytes, from, to, beginning.bytes)) return beginning
    return undefined
  }

  /** @param indices of the change's actors. */
  learn({ bytes, actors, header, beginning }: Change, indices: readonly number[]): void {
    // Of many that write once nothing need be kept.
    if (
      header.first === 1 ||
      beginning === 0 ||
      beginning > BYTES_MAX ||
      this.find(bytes, 0, bytes.length) !== undefined
    )
      return
    this.#known.push({ bytes: bytes.slice(0, beginning), actors, indices })
    if (this.#known.length > KNOWN_MAX) this.#known.shift()
  }
}

function startsWith(bytes: Uint8Array, from: number, to: number, start: Uint8Array): boolean {
  if (to - from <= start.length) return false
  for (let i = start.length - 1; i >= 0; i -= 1) if (bytes[from + i] !== start[i]) return false
  return true
}
