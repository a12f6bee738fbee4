/**
 * Encoder and decoder of containers: `Writer` and `Reader` plus the table that turns actor indices of this process into
 * references of one encoded block and back.
 */
import { CausalContext } from '../causality/causal-context.ts'
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { refuse } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Container, Place } from './container.ts'
import { SELF, type Site } from './site.ts'

export class Encoder {
  readonly writer: Writer
  readonly site: Site
  /** Actor indices in the order of their references. */
  readonly table: number[]
  readonly #references: number[]
  /** Whether this is a whole state, in canonical form, or what is pending. */
  readonly whole: boolean

  /** @param table for a whole state: its actors ascending. A delta's table fills as it is written, the author first. */
  constructor(site: Site, table?: number[], writer: Writer = Writer.take()) {
    this.site = site
    this.writer = writer
    this.whole = table !== undefined
    this.table = table ?? [SELF]
    this.#references = table === undefined ? [0] : []
    if (table !== undefined) for (let i = 0; i < table.length; i += 1) this.#references[table[i] as number] = i
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

  dot(dot: number): void {
    this.writer.varint(this.reference(dotActor(dot)))
    this.writer.varint(dotCounter(dot))
  }

  /** Order of dots in a canonical block: by reference, then counter. */
  readonly compareDots = (a: number, b: number): number =>
    this.reference(dotActor(a)) - this.reference(dotActor(b)) || dotCounter(a) - dotCounter(b)

  /** Dots ascending. */
  dots(dots: readonly number[]): void {
    this.writer.varint(dots.length)
    if (dots.length === 0) return
    for (const dot of [...dots].sort(this.compareDots)) this.dot(dot)
  }
}

/** A set of dots. */
export interface Claim {
  has(dot: number): boolean
  /** Whether `count` consecutive dots from this one on are all in it. */
  covers(dot: number, count: number): boolean
}

/** The dots of one change. */
export class Interval implements Claim {
  readonly #from: number
  readonly #to: number

  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
  }

  has(dot: number): boolean {
    return dot >= this.#from && dot <= this.#to
  }

  covers(dot: number, count: number): boolean {
    return dot >= this.#from && dot + count - 1 <= this.#to
  }
}

/** What a block is read against. */
export interface Frame {
  /** Local index of each reference. */
  readonly actors: readonly number[]
  /** What the block vouches for, when it is a whole state: a dot in here that the block does not show was removed. */
  readonly context: CausalContext | undefined
  /** Dots that the block vouches for: what it shows must be among them. */
  readonly claim: Claim
  /** Time of writes that carry none of their own. */
  readonly time: number
  /** Who wrote the block, where that is one actor: the author of a change. */
  readonly author: number | undefined
}

export class Decoder {
  readonly reader: Reader
  readonly site: Site
  readonly actors: readonly number[]
  readonly context: CausalContext | undefined
  readonly claim: Claim
  readonly time: number
  readonly author: number | undefined
  /** Whether something was skipped because this build does not know its type. */
  opaque = false
  #depth = 0
  /** The last dot that the local actor has handed out. */
  readonly #ownLast: number = Number.POSITIVE_INFINITY
  #references: Map<number, number> | undefined

  constructor(reader: Reader, site: Site, frame: Frame) {
    this.reader = reader
    this.site = site
    this.actors = frame.actors
    this.context = frame.context
    this.claim = frame.claim
    this.time = frame.time
    this.author = frame.author
    if (!site.resuming) this.#ownLast = site.last
    // What is loaded says itself how far the actor got; changes that are loaded one by one do not.
    else if (frame.claim instanceof CausalContext) this.#ownLast = frame.claim.runs(SELF).at(-1) ?? 0
  }

  actor(): number {
    return this.actors[this.reader.varint(this.actors.length - 1)] as number
  }

  dot(): number {
    const actor = this.actor()
    const counter = this.reader.varint(limits.dotCounterMax)
    if (counter === 0) this.reader.invalid('dot with counter 0')
    this.checkOwn(actor, counter)
    return packDot(actor, counter)
  }

  /** Refuses a mention of a dot that the local actor has not handed out: only a lost or copied state of it can have. */
  checkOwn(actor: number, counter: number): void {
    if (actor === SELF && counter > this.#ownLast) reusedActor()
  }

  /** A dot of something the block shows, which therefore must be one it vouches for. */
  ownDot(): number {
    const dot = this.dot()
    if (!this.claim.has(dot)) this.reader.invalid('dot outside of what its author vouches for')
    return dot
  }

  /** Dots, ascending. */
  dots(): number[] {
    const count = this.reader.count(2)
    const dots: number[] = []
    for (let i = 0; i < count; i += 1) {
      const dot = this.dot()
      this.checkAscending(dots.at(-1), dot)
      dots.push(dot)
    }
    return dots
  }

  /** Refuses a dot that does not come after the one before, by reference, then counter; so none is there twice. */
  checkAscending(before: number | undefined, dot: number): void {
    if (before === undefined) return
    const [actorBefore, actor] = [dotActor(before), dotActor(dot)]
    const order = actorBefore === actor ? 0 : this.#reference(actorBefore) - this.#reference(actor)
    if (order > 0 || (order === 0 && before >= dot)) this.reader.invalid('dots out of order')
  }

  #reference(actor: number): number {
    this.#references ??= new Map(this.actors.map((index, reference) => [index, reference]))
    return this.#references.get(actor) as number
  }

  /** Begins a length-prefixed part. Answers where it must end, for `endPart`. */
  beginPart(): number {
    const size = this.reader.varint()
    if (size > this.reader.remaining) this.reader.invalid('part longer than its block')
    this.#depth += 1
    if (this.#depth > limits.containerDepthMax) this.reader.invalid('containers nested too deep')
    return this.reader.at + size
  }

  endPart(end: number): void {
    this.#depth -= 1
    if (this.reader.at !== end) this.reader.invalid('part of another length than announced')
  }

  /** A container of a type that arrived, undefined for one that this build does not know. */
  create(tag: number, place: Place): Container | undefined {
    return this.site.types?.(tag, place)
  }

  /** Passes over a part of a type that this build does not know. */
  skip(): void {
    this.reader.view(this.reader.varint())
    this.opaque = true
  }

  /**
   * The same frame over a part that shows nothing: what a whole state says of containers it does not list. Every type reads
   * zeros as its bottom.
   */
  empty(): Decoder {
    return new Decoder(new Reader(ZEROS), this.site, this)
  }
}

/** The answer to bytes that know more of the local actor than the actor itself. */
export function reusedActor(): never {
  return refuse(
    'CORE_ACTOR_REUSED',
    'others know more of this actor than it knows of itself: continue under a new actor',
  )
}

/** More than any type takes for its bottom. */
const ZEROS = new Uint8Array(16)
