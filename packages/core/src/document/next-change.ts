/**
 * Reads a change that is simply the next one of an author whose last change was applied here too. Nearly all that arrive are,
 * so this path looks nothing up that it need not, and uses the same objects for all of them.
 */
import type { ActorId } from '../causality/actor.ts'
import { packDot } from '../causality/dot.ts'
import { Reader } from '../codec/reader.ts'
import { Decoder } from '../kernel/codec.ts'
import type { Apply, Container } from '../kernel/container.ts'
import { Interval } from '../kernel/dots.ts'
import { SELF, type Site } from '../kernel/site.ts'
import * as limits from '../limits.ts'
import { Beginnings } from './beginnings.ts'
import { type Change, type ChangeHeader, readExtent } from './change.ts'
import type { Past } from './past.ts'

export class NextReader {
  readonly #site: Site
  readonly #past: Past
  readonly #root: Container
  readonly #reader = new Reader(new Uint8Array(0))
  readonly #claim = new Interval(0, 0)
  readonly #input: Decoder
  #beginnings = new Beginnings()
  /** Of the change that was read last. */
  #actor = SELF
  #apply: Apply | undefined

  constructor(site: Site, past: Past, root: Container) {
    this.#site = site
    this.#past = past
    this.#root = root
    this.#input = new Decoder(this.#reader, site, { actors: [SELF], claim: this.#claim, ownLast: 0 })
  }

  /**
   * Reads the change in `from..to`, to be applied by `perform`, and answers its header; undefined, with nothing read, for one that
   * is not the next. Throws `CORE_DECODE_*`.
   */
  read(bytes: Uint8Array, from: number, to: number, incarnation: string): ChangeHeader | undefined {
    const beginning = this.#beginnings.find(bytes, from, to)
    if (beginning === undefined || to - from > limits.changeBytesMax) return undefined
    const { actors, indices } = beginning
    const actor = indices[0] as number
    const site = this.#site
    if (actor === SELF && !site.resuming) return undefined
    const past = this.#past
    const reader = this.#reader
    reader.restart(bytes, from + beginning.bytes.length, to)
    const header = readExtent(reader, incarnation, actors[0] as ActorId, actors)
    const { first, length, deps } = header
    if (first !== past.context.prefix(actor) + 1 || header.previous !== (past.checks[actor] ?? 0)) return undefined
    for (const dep of deps) if (past.known(dep.actor) < dep.counter) return undefined
    this.#read(indices, first, length, header.timeMicros)
    return header
  }

  /**
   * Reads any change against what is here, to be applied by `perform`; it need not be the next one. Answers the indices of its
   * actors. Throws `CORE_DECODE_*`.
   */
  readAny({ bytes, payloadAt, header, actors }: Change): readonly number[] {
    const indices = actors.map((id) => this.#site.actors.intern(id))
    this.#reader.restart(bytes, payloadAt, bytes.length)
    this.#read(indices, header.first, header.length, header.timeMicros)
    return indices
  }

  /** Applies the change that was read last. Answers the index of its author. */
  perform(): number {
    this.#apply?.()
    this.#apply = undefined
    return this.#actor
  }

  /** Whether something of the change that was read last is of a type that this build does not know. */
  get opaque(): boolean {
    return this.#input.opaque
  }

  /** Reads the payload at which the reader stands. */
  #read(indices: readonly number[], first: number, length: number, timeMicros: number): void {
    const input = this.#input
    restart(input, indices, timeMicros)
    this.#actor = indices[0] as number
    this.#claim.from = packDot(this.#actor, first)
    this.#claim.to = this.#claim.from + length - 1
    this.#apply = this.#root.read(input)
    this.#reader.finish()
  }

  /** Remembers what changes of an author begin with. */
  learn(change: Change, indices: readonly number[]): void {
    this.#beginnings.learn(change, indices)
  }

  /** Forgets all, since some may be of actors that are forgotten too. */
  forget(): void {
    this.#beginnings = new Beginnings()
  }
}

/** Begins another change, at which the reader stands already. What was read before must have been applied. */
function restart(input: Decoder, actors: readonly number[], timeMicros: number): void {
  const { reader, site } = input
  input.actors = actors
  input.author = actors[0]
  input.time = timeMicros
  input.ownLast = site.resuming ? Number.POSITIVE_INFINITY : site.last
  input.opaque = false
  input.depth = 0
  input.partEnd = reader.end
}
