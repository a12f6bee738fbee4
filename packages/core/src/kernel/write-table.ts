/**
 * Writes by key, in columns: a row is a write, and what one row takes is a number for its stamp and its value. The map leads
 * from a key to the row of its winning write; writes that are concurrent with it follow by `next`, in any order.
 *
 * There is no column of keys: whoever wants all rows walks the map, and the keys of a large map are most of its memory.
 */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import type { JsonValue } from '../codec/json.ts'
import type { Write } from './cell.ts'
import type { Site } from './site.ts'
import { Stamps } from './stamps.ts'
import type { WriteBlock } from './write-block.ts'

/** No row. */
export const NONE = -1
/** Stamps that nothing refers to are left until there are this many more than rows. */
const STALE_STAMPS_MAX = 1024

export class WriteTable {
  #rows = new Map<string, number>()
  /** Stamp of each row; -1 for a free row. */
  #stampOf: Int32Array = new Int32Array(0)
  #values: JsonValue[] = []
  /** The row after each of the same key, plus 1; 0 for none. Only where there are concurrent writes. */
  #next: Int32Array | undefined
  #free: number[] = []
  /** Rows in use and free ones. */
  #count = 0
  stamps: Stamps = new Stamps()
  /** Whether rows ascend by dot, then key, and none is free. */
  #ordered = true
  /** Whether the map has the keys in the order of their rows, one each. */
  #sequential = true

  /**
   * A table of the writes of a block, which is given away.
   * @param ordered whether they are in canonical order, as those of a whole state are.
   */
  static of(site: Site, { keys, stamps, table, values }: WriteBlock, ordered: boolean): WriteTable {
    const made = new WriteTable()
    const rows = made.#rows
    made.stamps = table
    for (let row = 0; row < keys.length; row += 1) rows.set(keys[row] as string, row)
    if (rows.size === keys.length) {
      made.#stampOf = stamps
      made.#values = values
      made.#count = keys.length
    } else {
      // Some keys have several writes.
      rows.clear()
      made.reserve(keys.length)
      for (let i = 0; i < keys.length; i += 1)
        made.add(site, keys[i] as string, stamps[i] as number, values[i] as JsonValue)
    }
    made.#ordered = ordered
    return made
  }

  /** How many keys have a write. */
  get size(): number {
    return this.#rows.size
  }

  /** Rows in use and free ones. */
  get rowCount(): number {
    return this.#count
  }

  /** Row of the winning write of a key. */
  head(key: string): number {
    return this.#rows.get(key) ?? NONE
  }

  /** Another write of the same key, which did not win. */
  after(row: number): number {
    return this.#next === undefined ? NONE : (this.#next[row] as number) - 1
  }

  /** Keys with more than the winning write. */
  contested(): string[] {
    if (this.#next === undefined) return []
    return [...this.#rows].filter(([, row]) => this.after(row) !== NONE).map(([key]) => key)
  }

  has(key: string): boolean {
    return this.#rows.has(key)
  }

  keys(): IterableIterator<string> {
    return this.#rows.keys()
  }

  heads(): IterableIterator<[string, number]> {
    return this.#rows.entries()
  }

  stampAt(row: number): number {
    return this.#stampOf[row] as number
  }

  dotAt(row: number): number {
    return this.stamps.dots[this.#stampOf[row] as number] as number
  }

  timeAt(row: number): number {
    return this.stamps.times[this.#stampOf[row] as number] as number
  }

  valueAt(row: number): JsonValue {
    return this.#values[row] as JsonValue
  }

  writeAt(row: number): Write {
    return {
      dot: this.dotAt(row),
      time: this.timeAt(row),
      by: this.stamps.by(this.stampAt(row)),
      value: this.valueAt(row),
    }
  }

  /** Puts another write in the place of one that is the only one of its key. */
  replace(row: number, stamp: number, value: JsonValue): void {
    this.#ordered &&= this.#stampOf[row] === stamp
    this.#stampOf[row] = stamp
    this.#values[row] = value
  }

  /** Adds the first write of a key; answers its row. */
  insert(key: string, stamp: number, value: JsonValue): number {
    const row = this.#take(stamp, value)
    this.#rows.set(key, row)
    return row
  }

  /** Adds a write to those of its key. Compared with the winner alone: of many who write at once each would pass the others. */
  add(site: Site, key: string, stamp: number, value: JsonValue): void {
    const head = this.head(key)
    const row = this.#take(stamp, value)
    if (head === NONE) {
      this.#rows.set(key, row)
      return
    }
    this.#sequential = false
    this.#next ??= new Int32Array(this.#stampOf.length)
    if (this.stamps.compare(site, stamp, this.stampAt(head)) > 0) this.#lead(key, row, head)
    else {
      this.#next[row] = this.#next[head] as number
      this.#next[head] = row + 1
    }
  }

  /** Makes a row the first of its key, before `next`. */
  #lead(key: string, row: number, next: number): void {
    this.#rows.set(key, row)
    if (this.#next !== undefined) this.#next[row] = next + 1
  }

  #take(stamp: number, value: JsonValue): number {
    this.#ordered = false
    const row = this.#free.pop() ?? this.#count
    if (row < this.#count) {
      this.#sequential = false
      this.#values[row] = value
    } else {
      this.reserve(1)
      this.#values.push(value)
      this.#count += 1
    }
    this.#stampOf[row] = stamp
    return row
  }

  /** Makes room for rows. */
  reserve(count: number): void {
    const needed = this.#count + count
    const present = this.#stampOf.length
    if (needed <= present) return
    const room = Math.max(needed, present + (present >> 1) + 8)
    this.#stampOf = grown(this.#stampOf, room)
    if (this.#next !== undefined) this.#next = grown(this.#next, room)
  }

  /** Keeps some of the writes of a key. */
  retain(site: Site, key: string, keeps: (row: number) => boolean): void {
    const head = this.head(key)
    let first = NONE
    let last = NONE
    for (let row = head; row !== NONE; ) {
      const next = this.after(row)
      if (!keeps(row)) this.#release(row)
      else {
        if (last === NONE) first = row
        else if (this.#next !== undefined) this.#next[last] = row + 1
        last = row
      }
      row = next
    }
    if (this.#next !== undefined && last !== NONE) this.#next[last] = 0
    if (first === NONE) this.#rows.delete(key)
    else if (first !== head) this.#crown(site, key, first)
  }

  /** Finds the winner among the writes of a key that lost the one before. */
  #crown(site: Site, key: string, first: number): void {
    let winner = first
    let before = NONE
    for (let last = first, row = this.after(first); row !== NONE; last = row, row = this.after(row)) {
      if (this.stamps.compare(site, this.stampAt(row), this.stampAt(winner)) < 0) continue
      winner = row
      before = last
    }
    if (before === NONE) this.#rows.set(key, winner)
    else {
      if (this.#next !== undefined) this.#next[before] = this.#next[winner] as number
      this.#lead(key, winner, first)
    }
  }

  #release(row: number): void {
    if (this.#next !== undefined) this.#next[row] = 0
    this.#stampOf[row] = NONE
    this.#values[row] = null
    this.#free.push(row)
    this.#ordered = false
    this.#sequential = false
  }

  /** Forgets stamps that no row refers to, once they are many. Ends the use of stamp numbers from before. */
  tidy(): void {
    if (this.stamps.length > 2 * this.#count + STALE_STAMPS_MAX) this.#renumberStamps()
  }

  #renumberStamps(): void {
    const numbers = new Int32Array(this.stamps.length).fill(NONE)
    const { dots, times } = this.stamps
    const stamps = new Stamps()
    for (let row = 0; row < this.#count; row += 1) {
      const stamp = this.stampAt(row)
      if (stamp === NONE) continue
      if (numbers[stamp] === NONE) {
        numbers[stamp] = stamps.add(dots[stamp] as number, times[stamp] as number, this.stamps.by(stamp))
      }
      this.#stampOf[row] = numbers[stamp] as number
    }
    this.stamps = stamps
  }

  /** All writes in canonical order, to be read at once. */
  block(site: Site): WriteBlock {
    const keys = this.#ordered ? this.#keysByRow() : this.#order(site)
    return { keys, stamps: this.#stampOf.subarray(0, this.#count), table: this.stamps, values: this.#values }
  }

  #keysByRow(): string[] {
    if (this.#sequential) return [...this.#rows.keys()]
    const keys = new Array<string>(this.#count)
    const next = this.#next
    if (next === undefined) {
      for (const [key, row] of this.#rows) keys[row] = key
      return keys
    }
    for (const [key, head] of this.#rows)
      for (let row = head; row !== NONE; row = (next[row] as number) - 1) keys[row] = key
    return keys
  }

  /** Brings the rows into canonical order; answers their keys. */
  #order(site: Site): string[] {
    const keys = this.#keysByRow()
    const places = dotPlaces(site, this.stamps.dots)
    const stampOf = this.#stampOf
    const rows: number[] = []
    let ascending = this.#free.length === 0
    for (let row = 0; row < this.#count; row += 1) {
      if (stampOf[row] === NONE) continue
      if (ascending && row > 0) {
        const apart = (places[stampOf[row] as number] as number) - (places[stampOf[row - 1] as number] as number)
        ascending = apart > 0 || (apart === 0 && (keys[row - 1] as string) < (keys[row] as string))
      }
      rows.push(row)
    }
    this.#ordered = true
    if (ascending) return keys
    rows.sort((a, b) => {
      const apart = (places[stampOf[a] as number] as number) - (places[stampOf[b] as number] as number)
      return apart !== 0 ? apart : (keys[a] as string) < (keys[b] as string) ? -1 : 1
    })
    const ordered = rows.map((row) => keys[row] as string)
    this.#renumber(rows, ordered)
    return ordered
  }

  /** @param order rows in the order in which they are to be, with their keys. */
  #renumber(order: readonly number[], keys: readonly string[]): void {
    const numbers = new Int32Array(this.#count)
    const stampOf = new Int32Array(order.length)
    const values = new Array<JsonValue>(order.length)
    for (let i = 0; i < order.length; i += 1) {
      const row = order[i] as number
      numbers[row] = i
      stampOf[i] = this.#stampOf[row] as number
      values[i] = this.#values[row] as JsonValue
    }
    this.#next = this.#renumberNext(order, numbers)
    this.#renumberKeys(numbers, keys)
    this.#stampOf = stampOf
    this.#values = values
    this.#count = order.length
    this.#free = []
  }

  /** Made anew where each key has one row: a map is walked fastest in the order in which it was filled. */
  #renumberKeys(numbers: Int32Array, keys: readonly string[]): void {
    this.#sequential = keys.length === this.#rows.size
    if (!this.#sequential) for (const [key, row] of this.#rows) this.#rows.set(key, numbers[row] as number)
    else {
      const rows = new Map<string, number>()
      for (let row = 0; row < keys.length; row += 1) rows.set(keys[row] as string, row)
      this.#rows = rows
    }
  }

  #renumberNext(order: readonly number[], numbers: Int32Array): Int32Array | undefined {
    if (order.length === this.#rows.size) return undefined
    const next = new Int32Array(order.length)
    for (let i = 0; i < order.length; i += 1) {
      const after = this.after(order[i] as number)
      next[i] = after === NONE ? 0 : (numbers[after] as number) + 1
    }
    return next
  }
}

function grown(column: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length)
  longer.set(column)
  return longer
}

/** Numbers that ascend as the dots do in canonical order: by actor id, then counter. */
function dotPlaces(site: Site, dots: readonly number[]): Float64Array {
  const ranks: number[] = []
  const actors = [...new Set(dots.map(dotActor))].sort(site.actors.compare)
  for (const [rank, actor] of actors.entries()) ranks[actor] = rank
  return Float64Array.from(dots, (dot) => packDot(ranks[dotActor(dot)] as number, dotCounter(dot)))
}
