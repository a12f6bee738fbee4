/**
 * The kernel of every register: dotted writes. A write takes the place of those its author had seen; concurrent ones stay
 * side by side until a later write or removal has seen them. What is read from them (the largest timestamp, all of them, any
 * true one) is the business of the type.
 *
 * At the root a last-writer-wins register keeps the winner only. Below a removable key it must keep every write that is
 * neither removed nor overwritten: if the loser were dropped at once, a removal that saw only the winner would leave nothing
 * here and the loser there.
 *
 * The winning write is held inline, because nearly always it is the only one.
 */

import { epochOf, replicaId, replicaOf } from '../causality/actor.ts'
import { dotActor, dotCounter } from '../causality/dot.ts'
import { type JsonValue, readJson, writeJson } from '../codec/json.ts'
import { compareUtf8 } from '../codec/utf8.ts'
import { refuse } from '../errors.ts'
import { FAST_PATHS } from '../fast-paths.ts'
import * as limits from '../limits.ts'
import type { Decoder, Encoder } from './codec.ts'
import { Ascending, dotOrder, readDots, readOwnDot, writeDot, writeDots } from './dots.ts'
import { isPending, isPrivate, knows, sees } from './seen.ts'
import type { Site } from './site.ts'

/** When and by whom a register was written, if not now and by the local replica. */
export interface Stamp {
  /** Microseconds since 1970. */
  readonly timeMicros?: number
  /** The replica whose name orders this write among writes of the same time. */
  readonly replica?: string
}

export interface Write {
  readonly dot: number
  readonly time: number
  /** Replica of the timestamp where it is not the actor's own. */
  readonly by: string | undefined
  readonly value: JsonValue
}

/**
 * Which other writes stay when one is made: none but the winner; those that its author had not seen; those and the younger
 * ones, where writes carry times of their own and the youngest is what is read.
 */
export type Keep = 'winner' | 'unseen' | 'younger'

/** Refuses a time that no block could carry. Throws `CORE_VALUE_INVALID`. */
export function checkMicros(micros: number): void {
  if (!Number.isSafeInteger(micros) || micros < 0) {
    refuse('CORE_VALUE_INVALID', 'not a time in microseconds')
  }
}

/** Refuses a stamp that no block could carry. Throws `CORE_VALUE_INVALID`, `CORE_ID_INVALID`. */
export function checkStamp({ timeMicros, replica }: Stamp): void {
  if (timeMicros !== undefined) checkMicros(timeMicros)
  if (replica !== undefined) replicaId(replica)
}

/** A decoded block of a cell. */
export interface CellDelta {
  readonly writes: readonly Write[]
  readonly removed: readonly number[]
}

const HAS_TIME = 1
const HAS_REPLICA = 2

/** Order of timestamps: time, replica id, epoch, counter. */
export function compareWrites(site: Site, a: Omit<Write, 'value'>, b: Omit<Write, 'value'>): number {
  if (a.time !== b.time) return a.time - b.time
  const { actors } = site
  const actorA = dotActor(a.dot)
  const actorB = dotActor(b.dot)
  if (a.by !== undefined || b.by !== undefined) {
    const [idA, idB] = [actors.id(actorA), actors.id(actorB)]
    const order = compareUtf8(a.by ?? replicaOf(idA), b.by ?? replicaOf(idB)) || compareUtf8(epochOf(idA), epochOf(idB))
    if (order !== 0) return order
  }
  return actors.compare(actorA, actorB) || dotCounter(a.dot) - dotCounter(b.dot)
}

/** The writes of one register, wherever they are kept: the winning one, and what changes them. */
export interface RegisterCell extends Write {
  /** All live writes, the winner first. */
  live(): readonly Write[]
  set(site: Site, value: JsonValue, stamp: Stamp | undefined, keep: Keep): void
  remove(site: Site): void
  isBottom(site: Site): boolean
  mentions(site: Site, actor: number): boolean
  clear(): void
  writePending(out: Encoder): void
  writeState(out: Encoder): void
  join(input: Decoder, delta: CellDelta, keep: Keep): boolean
}

const BOTTOM: Write = { dot: 0, time: 0, by: undefined, value: null }

export class Cell implements RegisterCell {
  /** The winning write; dot 0 when there is none. */
  dot = 0
  time = 0
  by: string | undefined = undefined
  value: JsonValue = null
  /** Other live writes. */
  rest: Write[] | undefined = undefined
  /** Dots removed since the last take, pending ones left out. */
  gone: number[] | undefined = undefined
  /** Dots removed here before they arrived. */
  early: Set<number> | undefined = undefined
  /** Whether an owner has this cell on its list of things to take. */
  queued = false

  live(): readonly Write[] {
    if (this.dot === 0) return []
    return this.rest === undefined ? [this] : [this, ...this.rest]
  }

  /** Writes a value in place of those that `keep` does not keep. */
  set(site: Site, value: JsonValue, stamp: Stamp | undefined, keep: Keep): void {
    const time = stamp?.timeMicros ?? site.time()
    const by = stamp?.replica
    // What the same author writes next comes after this one.
    if (stamp !== undefined) site.clock.observe(time)
    const dot = site.mark()
    if (this.#givesWay(site, time, keep)) {
      if (this.dot !== 0 && keep !== 'winner') this.#forget(site, this.dot)
      // No write as an object of its own: it would be garbage at once.
      this.#hold(dot, time, by, value)
      return
    }
    const write: Write = { dot, time, by, value }
    if (keep === 'winner') {
      if (compareWrites(site, write, this) >= 0) this.#take(write)
      return
    }
    const kept = this.live().filter((other) => {
      if (!sees(site, other.dot) || (keep === 'younger' && compareWrites(site, other, write) > 0)) return true
      this.#forget(site, other.dot)
      return false
    })
    // A younger write under the same dot stays in place of this one: they will never be apart.
    const writes = kept.some(({ dot }) => dot === write.dot) ? kept : [...kept, write]
    // The winner is this cell itself: copy it before it is overwritten.
    this.#put(site, writes.map(copyWrite))
  }

  /** Removes what the author of the change in progress has seen. */
  remove(site: Site): void {
    const kept = this.live().filter((write) => {
      if (!sees(site, write.dot)) return true
      this.#forget(site, write.dot)
      return false
    })
    this.#put(site, kept.map(copyWrite))
  }

  #forget(site: Site, dot: number): void {
    // A removal that finds nothing it has seen is no change, and takes no dot.
    site.mark()
    if (!isPrivate(site, dot)) this.#gone(dot)
  }

  /** Notes a dot whose removal the next delta must name. */
  #gone(dot: number): void {
    if (this.gone === undefined) this.gone = [dot]
    else this.gone.push(dot)
  }

  #put(site: Site, writes: Write[]): void {
    writes.sort((a, b) => compareWrites(site, b, a))
    this.#take(writes[0] ?? BOTTOM)
    this.rest = writes.length > 1 ? writes.slice(1) : undefined
  }

  /** Whether nothing but a later write at this time is left, as nearly always: no list of writes is needed then. */
  #givesWay(site: Site, time: number, keep: Keep): boolean {
    if (!FAST_PATHS || (keep !== 'winner' && this.rest !== undefined)) return false
    return this.dot === 0 || (time > this.time && (keep === 'winner' || sees(site, this.dot)))
  }

  #take({ dot, time, by, value }: Write): void {
    this.#hold(dot, time, by, value)
  }

  #hold(dot: number, time: number, by: string | undefined, value: JsonValue): void {
    this.dot = dot
    this.time = time
    this.by = by
    this.value = value
  }

  isBottom(site: Site): boolean {
    this.#settleEarly(site)
    return this.dot === 0 && this.early === undefined
  }

  clear(): void {
    this.#take(BOTTOM)
    this.rest = undefined
    this.gone = undefined
    this.early = undefined
    this.queued = false
  }

  writePending(out: Encoder): void {
    const { site } = out
    const gone = this.gone ?? NONE
    this.gone = undefined
    // A change has a time, which goes without saying; a stand-alone delta has none.
    const time = this.dot === 0 || site.standalone ? undefined : site.time()
    if (!FAST_PATHS || this.rest !== undefined) {
      const writes = this.live().filter((write) => isPending(site, write.dot))
      writeBlock(out, writes, gone, time)
      return
    }
    // The winner alone, as nearly always: no lists.
    const pending = this.dot !== 0 && isPending(site, this.dot)
    out.writer.varint((pending ? 2 : 0) + (gone.length > 0 ? 1 : 0))
    if (pending) writeOne(out, this, time)
    if (gone.length > 0) writeDots(out, gone)
  }

  writeState(out: Encoder): void {
    this.#settleEarly(out.site)
    writeBlock(out, this.live(), [...(this.early ?? [])], undefined)
  }

  mentions(site: Site, actor: number): boolean {
    this.#settleEarly(site)
    return this.early !== undefined && mentionsActor(this.early, actor)
  }

  /** Early removals whose dots have arrived meanwhile have done their work. */
  #settleEarly(site: Site): void {
    if (this.early === undefined) return
    for (const dot of this.early) if (knows(site, dot)) this.early.delete(dot)
    if (this.early.size === 0) this.early = undefined
  }

  /** Joins a decoded block. Answers whether anything changed. */
  join(input: Decoder, delta: CellDelta, keep: Keep): boolean {
    const { site, context } = input
    // What is written here from now on comes after what was read here.
    for (const { time } of delta.writes) site.clock.observe(time)
    if (this.#isReplacedBy(site, delta, keep, context)) {
      this.#take(delta.writes[0] as Write)
      return true
    }
    const removed = new Set(delta.removed)
    const fresh = delta.writes.filter(
      ({ dot }) => !knows(site, dot) && !removed.has(dot) && this.early?.has(dot) !== true,
    )
    const shown = context === undefined ? undefined : new Set(delta.writes.map((write) => write.dot))
    const kept = this.live().filter(({ dot }) => {
      if (!removed.has(dot) && (shown === undefined || !context?.has(dot) || shown.has(dot))) return true
      // A pending write that others removed was shown to them before its delta: the delta must not claim it in silence.
      if (isPending(site, dot)) this.#gone(dot)
      return false
    })
    for (const dot of delta.removed) if (!knows(site, dot)) this.#removeEarly(site, dot)
    if (fresh.length === 0 && kept.length === this.live().length) return false
    this.#put(site, [...kept.map(copyWrite), ...fresh])
    if (keep === 'winner') this.rest = undefined
    return true
  }

  /** Whether a delta is simply one write in place of the only one here, as nearly all are. */
  #isReplacedBy(site: Site, { writes, removed }: CellDelta, keep: Keep, context: Decoder['context']): boolean {
    const write = writes[0]
    if (!FAST_PATHS || write === undefined || writes.length > 1) return false
    if (this.rest !== undefined || this.early !== undefined) return false
    if (knows(site, write.dot)) return false
    // What a whole state vouches for and does not show may be here.
    if (context !== undefined && this.dot !== 0) return false
    if (this.dot === 0 || keep === 'winner') {
      return removed.length === 0 && (this.dot === 0 || compareWrites(site, write, this) > 0)
    }
    return removed.length === 1 && removed[0] === this.dot && !isPending(site, this.dot)
  }

  #removeEarly(site: Site, dot: number): void {
    site.mentioned.add(dotActor(dot))
    this.early ??= new Set()
    this.early.add(dot)
  }
}

/** Whether one of these dots is of this actor. */
export function mentionsActor(dots: Iterable<number>, actor: number): boolean {
  for (const dot of dots) if (dotActor(dot) === actor) return true
  return false
}

function copyWrite({ dot, time, by, value }: Write): Write {
  return { dot, time, by, value }
}

/**
 * `writes << 1 | has removals`, writes, removed dots. A write: dot, what follows, [time], [replica], value.
 * @param time of the change, where there is one: writes that have it leave it out.
 */
function writeBlock(
  out: Encoder,
  writes: readonly Write[],
  removed: readonly number[],
  time: number | undefined,
): void {
  const { writer } = out
  writer.varint(writes.length * 2 + (removed.length > 0 ? 1 : 0))
  const order = dotOrder(out)
  const ascending = writes.length > 1 ? [...writes].sort((a, b) => order(a.dot, b.dot)) : writes
  for (const write of ascending) writeOne(out, write, time)
  if (removed.length > 0) writeDots(out, removed)
}

function writeOne(out: Encoder, { dot, time, by, value }: Write, implied: number | undefined): void {
  const { writer } = out
  writeDot(out, dot)
  writer.byte((time === implied ? 0 : HAS_TIME) | (by === undefined ? 0 : HAS_REPLICA))
  if (time !== implied) writer.varint(time)
  if (by !== undefined) writer.string(by)
  writeJson(writer, value)
}

const NONE: readonly number[] = []

/** Reads and checks a block; touches nothing. */
export function readCell(input: Decoder): CellDelta {
  const { reader } = input
  const head = reader.varint()
  const count = Math.floor(head / 2)
  if (count * 4 > reader.remaining) reader.invalid('not as announced')
  const writes: Write[] = []
  const order = count > 1 ? new Ascending() : undefined
  for (let i = 0; i < count; i += 1) {
    const dot = readOwnDot(input, order)
    const flags = reader.byte()
    if (flags > (HAS_TIME | HAS_REPLICA)) reader.invalid('unknown kind')
    if ((flags & HAS_TIME) === 0 && input.author === undefined) reader.invalid('not canonical')
    const time = flags & HAS_TIME ? input.believed(reader.varint()) : input.time
    const by = flags & HAS_REPLICA ? reader.string(limits.replicaIdBytesMax) : undefined
    writes.push({ dot, time, by, value: readJson(reader) })
  }
  return { writes, removed: head % 2 === 1 ? readDots(input) : [] }
}
