/**
 * The changes of a document in the order in which they were applied, which is a causal order. Per actor they stand ascending,
 * so that "has this one been here, and was it the same" is a binary search.
 */
import type { ActorId } from '../causality/actor.ts'
import type { VersionVector } from '../causality/version-vector.ts'
import { firstWhere } from '../search.ts'
import { type Change, lastOf } from './change.ts'

/** Copies of changes stand side by side in slabs, because a buffer of its own would cost more than most changes do. */
const SLAB_BYTES_MIN = 1024
const SLAB_BYTES_MAX = 65_536

export class ChangeLog {
  #slab = new Uint8Array(0)
  #slabUsed = 0
  #changes: Change[] = []
  readonly #byActor = new Map<ActorId, Change[]>()
  #bytes = 0

  get byteLength(): number {
    return this.#bytes
  }

  get changes(): readonly Change[] {
    return this.#changes
  }

  append(change: Change): void {
    const { actor } = change.header
    this.#changes.push(change)
    this.#bytes += change.bytes.length
    const own = this.#byActor.get(actor)
    if (own === undefined) this.#byActor.set(actor, [change])
    else own.push(change)
  }

  /** A copy of bytes that the log is going to keep. Not to be handed out: others share its buffer. */
  copy(bytes: Uint8Array): Uint8Array {
    const size = bytes.length
    if (size > SLAB_BYTES_MAX / 16) return bytes.slice()
    if (this.#slabUsed + size > this.#slab.length) {
      this.#slab = new Uint8Array(Math.min(SLAB_BYTES_MAX, Math.max(SLAB_BYTES_MIN, 2 * this.#slab.length, size)))
      this.#slabUsed = 0
    }
    const from = this.#slabUsed
    this.#slabUsed += size
    this.#slab.set(bytes, from)
    return this.#slab.subarray(from, from + size)
  }

  /** The change of an actor that begins with a counter; undefined when the log does not reach it. O(log n). */
  find(actor: ActorId, first: number): Change | undefined {
    const own = this.#byActor.get(actor) ?? []
    const change = own[firstWhere(own.length, (i) => (own[i] as Change).header.first >= first)]
    return change?.header.first === first ? change : undefined
  }

  /** Changes that a replica at a version lacks, in causal order. */
  since(version: VersionVector): Change[] {
    return this.#changes.filter(({ header }) => lastOf(header) > version.get(header.actor))
  }

  clear(): void {
    this.#changes = []
    this.#byActor.clear()
    this.#bytes = 0
    this.#slab = new Uint8Array(0)
    this.#slabUsed = 0
  }
}
