/**
 * Encoder and decoder of containers: `Writer` and `Reader` plus the table that turns actor indices of this process into
 * references of one encoded block and back. Dots are the business of `dots.ts`, parts that of `parts.ts`: counters need
 * neither.
 */
import type { CausalContext } from '../causality/causal-context.ts'
import type { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { refuse } from '../errors.ts'
import { SELF, type Site } from './site.ts'

export class Encoder {
  readonly writer: Writer
  readonly site: Site
  /** Actor indices in the order of their references. */
  readonly table: number[]
  readonly #references: number[]
  /** A table that was found to be this one. */
  #alike: readonly number[] | undefined

  /** @param table for a whole state: its actors ascending. A delta's table fills as it is written, the author first. */
  constructor(site: Site, table?: number[], writer: Writer = Writer.take()) {
    this.site = site
    this.writer = writer
    this.table = table ?? [SELF]
    this.#references = table === undefined ? [0] : []
    if (table !== undefined) for (let i = 0; i < table.length; i += 1) this.#references[table[i] as number] = i
  }

  /** Begins another delta, with the author as its only actor and nothing written. */
  restart(): void {
    this.writer.length = 0
    if (this.table.length === 1) return
    this.table.length = 1
    this.#references.length = 1
  }

  /** The reference of an actor. */
  reference(actor: number): number {
    let reference = this.#references[actor]
    if (reference === undefined) {
      reference = this.table.push(actor) - 1
      this.#references[actor] = reference
    }
    return reference
  }

  actor(actor: number): void {
    this.writer.varint(this.reference(actor))
  }

  /** Whether these actors have the references 0, 1, 2, …, and no others have any. */
  refersAs(actors: readonly number[]): boolean {
    if (actors !== this.#alike && (actors.length !== this.table.length || this.table.some((a, i) => a !== actors[i])))
      return false
    this.#alike = actors
    return true
  }

  /** What was written; ends the use of this encoder. */
  finish(): Uint8Array {
    const bytes = this.writer.finish()
    this.writer.release()
    return bytes
  }
}

/** A set of dots. */
export interface Claim {
  has(dot: number): boolean
  /** Whether `count` consecutive dots from this one on are all in it. */
  covers(dot: number, count: number): boolean
}

/** What a block is read against. */
export interface Frame {
  /** Local index of each reference. */
  readonly actors: readonly number[]
  /** What the block vouches for, when it is a whole state: a dot in here that the block does not show was removed. */
  readonly context?: CausalContext | undefined
  /** Dots that the block vouches for: what it shows must be among them. */
  readonly claim: Claim
  /** Time of writes that carry none of their own. */
  readonly time?: number
  /** Who wrote the block, where that is one actor: the author of a change. */
  readonly author?: number | undefined
  /** The last dot that the local actor can have handed out. */
  readonly ownLast: number
  /** Whether what is big may be left unread until somebody needs it. */
  readonly lazy?: boolean
}

export class Decoder implements Frame {
  readonly reader: Reader
  readonly site: Site
  actors: readonly number[]
  readonly context: CausalContext | undefined
  readonly claim: Claim
  time: number
  author: number | undefined
  ownLast: number
  /** Whether something was skipped because this build does not know its type. */
  opaque = false
  /** Of the part being read. */
  depth = 0
  /** Where the part being read ends. */
  partEnd: number
  readonly lazy: boolean
  /** Types by whether they need nothing but their own bytes and are known here, as far as somebody asked. */
  selfContained: Map<number, boolean> | undefined

  constructor(reader: Reader, site: Site, frame: Frame) {
    this.reader = reader
    this.site = site
    this.actors = frame.actors
    this.context = frame.context
    this.claim = frame.claim
    this.time = frame.time ?? 0
    this.author = frame.author
    this.ownLast = frame.ownLast
    this.lazy = frame.lazy ?? false
    this.partEnd = reader.end
  }

  /** Refuses a time that is later than what is believed here, and answers it. */
  believed(time: number): number {
    if (time > this.site.timeMax) refuse('CORE_TIME_AHEAD', 'a time is later than is believed here')
    return time
  }

  actor(): number {
    return this.actors[this.reader.varint(this.actors.length - 1)] as number
  }
}

/** The answer to bytes that know more of the local actor than the actor itself. */
export function reusedActor(): never {
  return refuse('CORE_ACTOR_REUSED', 'others know more of this actor than it does')
}

/** The answer to bytes that hold types which are not known here. */
export function unknownTypes(): never {
  return refuse('CORE_FORMAT_UNSUPPORTED', 'types that are not known here: keep the changes')
}
