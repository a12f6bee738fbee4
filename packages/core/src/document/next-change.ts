/**
 * Reads a change that is simply the next one of an author whose last change was applied here too. Nearly all that arrive are,
 * so this path looks nothing up that it need not, and uses the same objects for all of them.
 */
import type { ActorId } from '../causality/actor.ts'
import { packDot } from '../causality/dot.ts'
import { Reader } from '../codec/reader.ts'
import { Decoder } from '../kernel/codec.ts'
import type { Container } from '../kernel/container.ts'
import { Interval } from '../kernel/dots.ts'
import { SELF, type Site } from '../kernel/site.ts'
import * as limits from '../limits.ts'
import { Beginnings } from './beginnings.ts'
import { type Change, type ChangeHeader, lastOf, readExtent } from './change.ts'
import type { Reading } from './doc-types.ts'
import type { Past } from './past.ts'

/** A change that was read, to be applied at once. */
export interface NextChange extends Reading {
  readonly header: ChangeHeader
  readonly actor: number
}

export class NextReader {
  readonly #site: Site
  readonly #past: Past
  readonly #root: Container
  readonly #reader = new Reader(new Uint8Array(0))
  readonly #claim = new Interval(0, 0)
  readonly #input: Decoder
  #beginnings = new Beginnings()

  constructor(site: Site, past: Past, root: Container) {
    this.#site = site
    this.#past = past
    this.#root = root
    this.#input = new Decoder(this.#reader, site, { actors: [SELF], claim: this.#claim, ownLast: 0 })
  }

  /** Reads a change; undefined, with nothing read, for one that is not the next. Throws `CORE_DECODE_*`. */
  read(bytes: Uint8Array, incarnation: string): NextChange | undefined {
    const beginning = this.#beginnings.find(bytes)
    if (beginning === undefined || bytes.length > limits.changeBytesMax) return undefined
    const { actors, indices } = beginning
    const actor = indices[0] as number
    const site = this.#site
    if (actor === SELF && !site.resuming) return undefined
    const past = this.#past
    const reader = this.#reader
    reader.restart(bytes, beginning.bytes.length)
    const { first, length, previous, timeMicros, deps } = readExtent(reader, actors)
    if (first !== past.context.prefix(actor) + 1 || previous !== (past.checks[actor] ?? 0)) return undefined
    for (const dep of deps) if (past.known(dep.actor) < dep.counter) return undefined
    const input = this.#input
    restart(input, indices, timeMicros)
    this.#claim.from = packDot(actor, first)
    this.#claim.to = this.#claim.from + length - 1
    const apply = this.#root.read(input)
    reader.finish()
    const header = { incarnation, actor: actors[0] as ActorId, first, length, previous, timeMicros, deps }
    return { header, actor, apply, opaque: input.opaque }
  }

  /** Reads any change against what is here; it need not be the next one. Throws `CORE_DECODE_*`. */
  readAny(change: Change): Reading {
    const { bytes, payloadAt, header } = change
    const site = this.#site
    const actors = change.actors.map((id) => site.actors.intern(id))
    const author = actors[0] as number
    const input = new Decoder(new Reader(bytes, payloadAt), site, {
      actors,
      claim: new Interval(packDot(author, header.first), packDot(author, lastOf(header))),
      time: header.timeMicros,
      author,
      ownLast: site.resuming ? Number.POSITIVE_INFINITY : site.last,
    })
    const apply = this.#root.read(input)
    input.reader.finish()
    return { apply, opaque: input.opaque }
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
