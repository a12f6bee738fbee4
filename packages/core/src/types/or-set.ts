/**
 * OR-Set without tombstones: a set in which an addition wins over a concurrent removal (Bieniusa et al., "An optimized
 * conflict-free replicated set", 2012; deltas after Almeida et al. 2018).
 *
 * For users: add and remove as often as you like; a removal takes away what its author had seen, so an element that somebody
 * adds at the same time stays. Elements are JSON values.
 * Conflicts: add wins. Space: per element its live dots, nearly always one; nothing for what was removed. Left out: which
 * replica added an element.
 *
 * Elements and dots stand in parallel columns; the map leads from an element's key to its row.
 */

import type { Actor } from '../causality/actor.ts'
import { dotActor } from '../causality/dot.ts'
import { type JsonValue, normalizeJson, readJson, writeJson } from '../codec/json.ts'
import { type ValueKey, valueKey } from '../codec/value-key.ts'
import { readValues, writeValues } from '../codec/values.ts'
import { CausalContainer } from '../kernel/causal-container.ts'
import { mentionsActor } from '../kernel/cell.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, emit, type Inverse, noteInverse } from '../kernel/container.ts'
import { readDotColumn, writeDotColumn } from '../kernel/dot-column.ts'
import { dotOrder, readDots, readOwnDot, writeDot, writeDots } from '../kernel/dots.ts'
import { pasteElements } from '../kernel/elems.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { isPending, isPrivate, knows, sees } from '../kernel/seen.ts'
import * as tags from './tag-numbers.ts'

/** Elements, each with a dot, in columns. */
interface Additions<T> {
  readonly elems: readonly T[]
  readonly dots: readonly number[]
}

export class OrSet<T extends JsonValue = JsonValue> extends CausalContainer {
  readonly tag: number = tags.orset
  readonly #rows = new Map<ValueKey, number>()
  #elems: (T | undefined)[] = []
  /** First live dot of each row; 0 for a free row. */
  #dots: number[] = []
  /** Further live dots of the few rows that several replicas added concurrently. */
  #more: Map<number, number[]> = new Map()
  #free: number[] = []
  /** Row of each dot, built when the first removal from elsewhere needs it. */
  #byDot: Map<number, number> | undefined
  /** Rows with additions since the last take, with the dot of the addition. */
  #addedRows: number[] = []
  #addedDots: number[] = []
  #gone: number[] = []
  /** Dots removed here before they arrived. */
  #early = new Set<number>()

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<T extends JsonValue>(bytes: Uint8Array, actor: Actor): OrSet<T> {
    return loadEncoded(new OrSet<T>(actor), bytes)
  }

  /** Adds an element, or adds it anew so that it survives removals elsewhere that have not seen this. O(1). */
  add(elem: T): void {
    const value = normalizeJson(elem)
    this.touch()
    const key = valueKey(value)
    const { site } = this.place
    const row = this.#rows.get(key)
    if (row === undefined) noteInverse(this, 'unadd', value)
    const dot = site.dot()
    this.#addedRows.push(row ?? this.#insert(key, value, dot))
    this.#addedDots.push(dot)
    if (row !== undefined) {
      // What the author had seen is replaced, what it had not stays beside the new dot.
      const kept = this.#dotsOf(row).filter((other) => !this.#forget(other))
      this.#setDots(row, [...kept, dot])
    }
  }

  /**
   * Removes an element as far as the author has seen it. O(1).
   * @returns whether it was there.
   */
  remove(elem: T): boolean {
    const key = valueKey(elem)
    const row = this.#rows.get(key)
    if (row === undefined) return false
    this.touch()
    noteInverse(this, 'add', elem)
    this.#removeSeen(key, row)
    return true
  }

  override revert([does, value]: Inverse): void {
    const elem = value as T
    if (does === 'unadd') this.#unadd(elem)
    else if (!this.has(elem)) this.add(elem)
  }

  /** Undo of an addition, unless somebody else added the element, too. */
  #unadd(elem: T): void {
    const row = this.#rows.get(valueKey(elem))
    if (row !== undefined && this.#dotsOf(row).every((dot) => this.place.site.selves.has(dotActor(dot))))
      this.remove(elem)
  }

  reset(): void {
    for (const [key, row] of [...this.#rows]) this.#removeSeen(key, row)
  }

  #removeSeen(key: ValueKey, row: number): void {
    const kept = this.#dotsOf(row).filter((dot) => !this.#forget(dot))
    if (kept.length > 0) this.#setDots(row, kept)
    else this.#drop(key, row)
  }

  /** Notes the removal of a dot the author has seen; answers whether it had. */
  #forget(dot: number): boolean {
    const { site } = this.place
    if (!sees(site, dot)) return false
    // A removal that finds nothing it has seen is no change, and takes no dot.
    site.mark()
    this.#byDot?.delete(dot)
    if (!isPrivate(site, dot)) this.#gone.push(dot)
    return true
  }

  has(elem: T): boolean {
    return this.#rows.has(valueKey(elem))
  }

  get size(): number {
    return this.#rows.size
  }

  /** The elements, in an order of this replica. */
  *values(): IterableIterator<T> {
    for (const row of this.#rows.values()) yield this.#elems[row] as T
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values()
  }

  /** The elements in canonical order, the same on every replica. */
  toJSON(): JsonValue {
    const { actors } = this.place.site
    const order = (a: number, b: number): number => actors.compare(dotActor(a), dotActor(b)) || a - b
    return [...new Map(this.#additions(order).elems.map((elem) => [valueKey(elem), elem])).values()]
  }

  #dotsOf(row: number): readonly number[] {
    const dot = this.#dots[row] as number
    const more = this.#more.get(row)
    return more === undefined ? [dot] : [dot, ...more]
  }

  #setDots(row: number, dots: readonly number[]): void {
    this.#dots[row] = dots[0] as number
    if (dots.length > 1) this.#more.set(row, dots.slice(1))
    else if (this.#more.size > 0) this.#more.delete(row)
    if (this.#byDot !== undefined) for (const dot of dots) this.#byDot.set(dot, row)
  }

  #insert(key: ValueKey, elem: T, dot: number): number {
    const row = this.#free.pop() ?? this.#dots.length
    this.#rows.set(key, row)
    if (row === this.#dots.length) {
      this.#elems.push(elem)
      this.#dots.push(dot)
    } else {
      this.#elems[row] = elem
      this.#dots[row] = dot
    }
    this.#byDot?.set(dot, row)
    if (this.place.site.patches !== undefined) emit(this, (path) => ({ type: 'add', path, elem }))
    return row
  }

  #drop(key: ValueKey, row: number): void {
    const elem = this.#elems[row] as T
    this.#rows.delete(key)
    this.#elems[row] = undefined
    this.#dots[row] = 0
    this.#more.delete(row)
    this.#free.push(row)
    if (this.place.site.patches !== undefined) emit(this, (path) => ({ type: 'remove', path, elem }))
  }

  /** Every element with each of its dots, ordered by dot. */
  #additions(order: (a: number, b: number) => number): Additions<T> {
    const elems: T[] = []
    const dots: number[] = []
    for (const row of this.#rows.values()) {
      const more = this.#more.get(row)
      for (const dot of more === undefined ? [this.#dots[row] as number] : this.#dotsOf(row)) {
        elems.push(this.#elems[row] as T)
        dots.push(dot)
      }
    }
    // Rows stand in the order of their arrival, so usually there is nothing to sort.
    if (dots.every((dot, i) => i === 0 || order(dots[i - 1] as number, dot) < 0)) return { elems, dots }
    const places = dots.map((_, i) => i).sort((a, b) => order(dots[a] as number, dots[b] as number))
    return { elems: places.map((i) => elems[i] as T), dots: places.map((i) => dots[i] as number) }
  }

  override visitTags(visit: (dot: number) => void): void {
    for (const dot of this.#allDots()) visit(dot)
  }

  copy(): JsonValue {
    return [...this.values()]
  }

  paste(copied: JsonValue): void {
    pasteElements(this, copied)
  }

  isBottom(): boolean {
    this.#settleEarly()
    return this.#rows.size === 0 && this.#early.size === 0
  }

  mentions(actor: number): boolean {
    this.#settleEarly()
    return mentionsActor(this.#early, actor)
  }

  clear(): void {
    this.#rows.clear()
    this.#elems = []
    this.#dots = []
    this.#more = new Map()
    this.#free = []
    this.#byDot = undefined
    this.#addedRows = []
    this.#addedDots = []
    this.#gone = []
    this.#early.clear()
  }

  writePending(out: Encoder): void {
    // An addition that was itself removed or repeated since has left its row.
    const elems: T[] = []
    const dots: number[] = []
    for (let i = 0; i < this.#addedDots.length; i += 1) {
      const row = this.#addedRows[i] as number
      const dot = this.#addedDots[i] as number
      if (!this.#holds(row, dot)) continue
      elems.push(this.#elems[row] as T)
      dots.push(dot)
    }
    writeAdditions(out, { elems, dots })
    writeDots(out, this.#gone)
    if (this.#addedDots.length > 0) {
      this.#addedRows = []
      this.#addedDots = []
    }
    if (this.#gone.length > 0) this.#gone = []
  }

  #holds(row: number, dot: number): boolean {
    return this.#dots[row] === dot || (this.#more.size > 0 && this.#more.get(row)?.includes(dot) === true)
  }

  writeState(out: Encoder): void {
    writeAdditions(out, this.#additions(dotOrder(out)))
    this.#settleEarly()
    writeDots(out, [...this.#early])
  }

  /** Early removals whose dots have arrived meanwhile have done their work. */
  #settleEarly(): void {
    const { site } = this.place
    for (const dot of this.#early) if (knows(site, dot)) this.#early.delete(dot)
  }

  read(input: Decoder): Apply {
    const additions = readAdditions<T>(input)
    const removed = readDots(input)
    return () => this.#join(input, additions, removed)
  }

  #join({ site, context }: Decoder, { elems, dots }: Additions<T>, removed: readonly number[]): void {
    if (context !== undefined && this.#rows.size > 0) {
      const shown = new Set(dots)
      this.#removeDots(this.#allDots().filter((dot) => context.has(dot) && !shown.has(dot)))
    }
    this.#removeDots(removed)
    for (const dot of removed) {
      if (knows(site, dot)) continue
      this.#early.add(dot)
      site.mentioned.add(dotActor(dot))
    }
    for (let i = 0; i < dots.length; i += 1) {
      const dot = dots[i] as number
      // A dot that is known and no longer here was removed here.
      if (!knows(site, dot) && !this.#early.has(dot)) this.#addDot(elems[i] as T, dot)
    }
  }

  #addDot(elem: T, dot: number): void {
    const key = valueKey(elem)
    const row = this.#rows.get(key)
    if (row === undefined) this.#insert(key, elem, dot)
    else if (!this.#holds(row, dot)) this.#setDots(row, [...this.#dotsOf(row), dot])
  }

  #allDots(): number[] {
    return [...this.#rows.values()].flatMap((row) => this.#dotsOf(row))
  }

  #removeDots(dots: readonly number[]): void {
    if (dots.length === 0) return
    this.#byDot ??= new Map([...this.#rows.values()].flatMap((row) => this.#dotsOf(row).map((dot) => [dot, row])))
    for (const dot of dots) {
      const row = this.#byDot.get(dot)
      if (row === undefined) continue
      this.#byDot.delete(dot)
      // A pending addition that others removed was shown to them before its delta: the delta must not claim it in silence.
      if (isPending(this.place.site, dot)) this.#gone.push(dot)
      const kept = this.#dotsOf(row).filter((other) => other !== dot)
      if (kept.length > 0) this.#setDots(row, kept)
      else this.#drop(valueKey(this.#elems[row] as T), row)
    }
  }
}

/** `count  dots  values`; a single addition, as most changes have, goes without columns: `1  dot  value`. */
function writeAdditions(out: Encoder, { elems, dots }: Additions<JsonValue>): void {
  out.writer.varint(dots.length)
  if (dots.length === 1) {
    writeDot(out, dots[0] as number)
    writeJson(out.writer, elems[0] as JsonValue)
  } else if (dots.length > 1) {
    writeDotColumn(out, dots)
    writeValues(out.writer, elems)
  }
}

function readAdditions<T extends JsonValue>(input: Decoder): Additions<T> {
  const { reader } = input
  const count = reader.count()
  if (count === 0) return NO_ADDITIONS
  if (count === 1) return { dots: [readOwnDot(input)], elems: [readJson(reader) as T] }
  const { dots } = readDotColumn(input, count)
  if (dots.length !== count) reader.invalid('not as announced')
  return { dots, elems: readValues(reader, count) as T[] }
}

const NO_ADDITIONS: Additions<never> = { dots: [], elems: [] }
