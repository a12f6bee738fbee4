/**
 * What `Cell` is to one register below a removable key, this is to many under keys: writes that are neither removed nor
 * overwritten by somebody who had seen them, what is pending, and removals that arrived before what they remove.
 */
import { dotActor } from '../causality/dot.ts'
import type { JsonValue } from '../codec/json.ts'
import { pushTo } from '../lists.ts'
import { mentionsActor, type Stamp, type Write } from './cell.ts'
import type { Decoder, Encoder } from './codec.ts'
import { writeDots } from './dots.ts'
import { isPending, isPrivate, knows, sees } from './seen.ts'
import type { Site } from './site.ts'
import { type SingleWrite, type WriteBlock, writeSingle, writeWrites } from './write-block.ts'
import { NONE, WriteTable } from './write-table.ts'
import type { Removal, WritesDelta } from './writes-delta.ts'

/** Takes note of a key that is about to change. */
type Changes = (key: string) => void

export class KeyedWrites {
  #table = new WriteTable()
  /** Dots removed here before they arrived. */
  readonly #early = new Map<string, Set<number>>()
  /** Keys with something pending, and the row of the write of each. */
  #queue: string[] = []
  #queuedRows: number[] = []
  /** Whether a key may be queued twice, and a row be another by now. */
  #repeats = false
  /** Dots removed since the last take, by key, pending ones left out. */
  readonly #gone = new Map<string, number[]>()

  get size(): number {
    return this.#table.size
  }

  has(key: string): boolean {
    return this.#table.has(key)
  }

  keys(): IterableIterator<string> {
    return this.#table.keys()
  }

  /** Where the youngest write of a key is, until something changes here. */
  head(key: string): number {
    return this.#table.head(key)
  }

  /** The value of the youngest write of a key. */
  value(key: string): JsonValue | undefined {
    const row = this.#table.head(key)
    return row === NONE ? undefined : this.#table.valueAt(row)
  }

  /** The youngest write of a key. */
  winner(key: string): Write | undefined {
    const row = this.#table.head(key)
    return row === NONE ? undefined : this.#table.writeAt(row)
  }

  /** Live writes of a key, the winner first. */
  live(key: string): Write[] {
    const writes: Write[] = []
    for (let row = this.#table.head(key); row !== NONE; row = this.#table.after(row))
      writes.push(this.#table.writeAt(row))
    return writes
  }

  /** Keys with several live writes. */
  contested(): string[] {
    return this.#table.contested()
  }

  visitTags(visit: (dot: number) => void): void {
    const table = this.#table
    for (const [, head] of table.heads())
      for (let row = head; row !== NONE; row = table.after(row)) visit(table.dotAt(row))
  }

  /**
   * Writes a value in place of those writes that its author has seen and that are not younger.
   * @param row where the youngest write of the key is.
   */
  set(site: Site, key: string, row: number, value: JsonValue, stamp: Stamp | undefined): void {
    const table = this.#table
    const time = stamp?.timeMicros ?? site.time()
    // What the same author writes next comes after this one.
    if (stamp !== undefined) site.clock.observe(time)
    const dot = site.mark()
    table.tidy()
    const number = table.stamps.add(dot, time, stamp?.replica)
    if (row === NONE) this.#enqueue(key, table.insert(key, number, value))
    else if (table.after(row) !== NONE) this.#setAmong(site, key, number, value)
    else if (table.stampAt(row) === number) table.replace(row, number, value)
    else if (time > table.timeAt(row) && sees(site, table.dotAt(row))) {
      this.#overwritten(site, key, row)
      table.replace(row, number, value)
    } else this.#setAmong(site, key, number, value)
  }

  /** A dot is replaced: what others may have seen of it must be told. */
  #overwritten(site: Site, key: string, row: number): void {
    const dot = this.#table.dotAt(row)
    // What is private was written in this change, so its key is queued.
    if (isPrivate(site, dot)) return
    this.#forgotten(key, dot)
    this.#enqueue(key, row)
  }

  #enqueue(key: string, row: number): void {
    this.#queue.push(key)
    this.#queuedRows.push(row)
  }

  #setAmong(site: Site, key: string, stamp: number, value: JsonValue): void {
    const table = this.#table
    const dot = table.stamps.dots[stamp]
    this.#requeue(key)
    let replaced = false
    table.retain(site, key, (row) => {
      if (sees(site, table.dotAt(row)) && table.stamps.compare(site, table.stampAt(row), stamp) <= 0) {
        this.#forget(site, key, row)
        return false
      }
      // A younger write under the same dot stays in place of this one: they will never be apart.
      if (table.dotAt(row) === dot) replaced = true
      return true
    })
    if (!replaced) table.add(site, key, stamp, value)
  }

  /** Removes what the author of the change in progress has seen of a key. */
  remove(site: Site, key: string): void {
    const table = this.#table
    table.retain(site, key, (row) => {
      if (!sees(site, table.dotAt(row))) return true
      this.#requeue(key)
      this.#forget(site, key, row)
      return false
    })
  }

  #requeue(key: string): void {
    this.#enqueue(key, NONE)
    this.#repeats = true
  }

  /** A write is about to be taken away by the author of the change in progress. */
  #forget(site: Site, key: string, row: number): void {
    const dot = this.#table.dotAt(row)
    // A removal that finds nothing it has seen is no change, and takes no dot.
    site.mark()
    if (!isPrivate(site, dot)) this.#forgotten(key, dot)
  }

  /** Notes a dot whose removal the next delta must name. */
  #forgotten(key: string, dot: number): void {
    pushTo(this.#gone, key, dot)
  }

  isBottom(site: Site): boolean {
    this.#settleEarly(site)
    return this.#table.size === 0 && this.#early.size === 0
  }

  mentions(site: Site, actor: number): boolean {
    this.#settleEarly(site)
    for (const dots of this.#early.values()) if (mentionsActor(dots, actor)) return true
    return false
  }

  /** Dots of a key that were removed before they arrived. */
  earlyOf(key: string): Iterable<number> {
    return this.#early.get(key) ?? []
  }

  /** Early removals whose dots have arrived meanwhile have done their work. */
  #settleEarly(site: Site): void {
    for (const [key, dots] of this.#early) {
      for (const dot of dots) if (knows(site, dot)) dots.delete(dot)
      if (dots.size === 0) this.#early.delete(key)
    }
  }

  clear(): void {
    this.#table = new WriteTable()
    this.#early.clear()
    this.#gone.clear()
    this.#queue = []
    this.#queuedRows = []
    this.#repeats = false
  }

  writePending(out: Encoder): void {
    const { site, writer } = out
    const queue = this.#queue
    if (queue.length === 0) {
      writer.varint(0)
      writer.varint(0)
      return
    }
    const rows = this.#queuedRows
    this.#queue = []
    this.#queuedRows = []
    // A change has a time, which goes without saying; a stand-alone delta has none.
    const time = site.standalone ? 0 : site.time()
    const table = this.#table
    const repeats = this.#repeats || site.shown >= site.first
    this.#repeats = false
    if (queue.length === 1 && !repeats) {
      const row = rows[0] as number
      writeSingle(out, queue[0] as string, table.valueAt(row), table.stamps, table.stampAt(row), time)
      this.#writeGone(out, queue)
      return
    }
    const block = repeats ? this.#pending(site, new Set(queue)) : this.#blockOf(queue, rows)
    writeWrites(out, block, time)
    this.#writeGone(out, block.keys)
  }

  /** Pending writes of keys, ascending by dot. */
  #pending(site: Site, keys: Iterable<string>): WriteBlock {
    const table = this.#table
    const names: string[] = []
    const rows: number[] = []
    for (const key of keys) {
      for (let row = table.head(key); row !== NONE; row = table.after(row)) {
        if (!isPending(site, table.dotAt(row))) continue
        names.push(key)
        rows.push(row)
      }
    }
    return this.#blockOf(names, rows)
  }

  /** Writes with their keys, ascending by dot. */
  #blockOf(keys: readonly string[], rows: readonly number[]): WriteBlock {
    const table = this.#table
    const stamps = Int32Array.from(rows, (row) => table.stampAt(row))
    const values = rows.map((row) => table.valueAt(row))
    const { dots } = table.stamps
    const dotAt = (i: number): number => dots[stamps[i] as number] as number
    if (stamps.every((_, i) => i === 0 || dotAt(i) >= dotAt(i - 1)))
      return { keys, stamps, table: table.stamps, values }
    const order = rows.map((_, i) => i).sort((a, b) => dotAt(a) - dotAt(b))
    return {
      keys: order.map((i) => keys[i] as string),
      stamps: Int32Array.from(order, (i) => stamps[i] as number),
      table: table.stamps,
      values: order.map((i) => values[i] as JsonValue),
    }
  }

  /** @param keys of the writes that stand before. */
  #writeGone(out: Encoder, keys: readonly string[]): void {
    const gone = this.#gone
    out.writer.varint(gone.size)
    if (gone.size === 0) return
    const places = new Map<string, number>()
    for (const [i, key] of keys.entries()) if (gone.has(key)) places.set(key, i + 1)
    for (const [key, dots] of gone) {
      const place = places.get(key) ?? 0
      out.writer.varint(place)
      if (place === 0) out.writer.string(key)
      writeDots(out, dots)
    }
    gone.clear()
  }

  writeState(out: Encoder): void {
    const { site, writer } = out
    writeWrites(out, this.#table.block(site), 0)
    this.#settleEarly(site)
    writer.varint(this.#early.size)
    for (const key of [...this.#early.keys()].sort()) {
      writer.varint(0)
      writer.string(key)
      writeDots(out, [...(this.#early.get(key) as Set<number>)])
    }
  }

  /**
   * Joins a decoded block.
   * @param changes is told of a key before it changes.
   */
  join(input: Decoder, delta: WritesDelta, changes: Changes | undefined): void {
    const { site } = input
    const { single, block, removed } = delta
    if (input.context !== undefined && this.#table.size > 0) this.#takeAway(input, delta, changes)
    for (const removal of removed) this.#joinRemoval(site, removal, changes)
    if (single !== undefined) this.#joinSingle(site, single, changes)
    else if (block !== undefined) this.#joinBlock(input, block, changes)
    this.#table.tidy()
  }

  #joinSingle(site: Site, { key, dot, time, by, value }: SingleWrite, changes: Changes | undefined): void {
    if (knows(site, dot) || this.#isEarly(key, dot)) return
    // What is written here from now on comes after what was read here.
    site.clock.observe(time)
    changes?.(key)
    this.#table.add(site, key, this.#table.stamps.add(dot, time, by), value)
  }

  #joinBlock(input: Decoder, block: WriteBlock, changes: Changes | undefined): void {
    const { site } = input
    const table = this.#table
    const known = block.table.dots.map((dot) => knows(site, dot))
    if (table.size === 0 && this.#early.size === 0 && changes === undefined && !known.includes(true)) {
      for (const time of block.table.times) site.clock.observe(time)
      this.#table = WriteTable.of(site, block, isCanonical(input))
      return
    }
    const { keys, stamps, values } = block
    const numbers = new Int32Array(known.length).fill(NONE)
    table.reserve(keys.length)
    for (let i = 0; i < keys.length; i += 1) {
      const stamp = stamps[i] as number
      if (known[stamp]) continue
      const key = keys[i] as string
      if (this.#early.size > 0 && this.#isEarly(key, block.table.dots[stamp] as number)) continue
      if (numbers[stamp] === NONE) numbers[stamp] = this.#learn(site, block, stamp)
      changes?.(key)
      table.add(site, key, numbers[stamp] as number, values[i] as JsonValue)
    }
  }

  /** Takes over a stamp of a block. */
  #learn(site: Site, { table }: WriteBlock, stamp: number): number {
    const time = table.times[stamp] as number
    site.clock.observe(time)
    return this.#table.stamps.add(table.dots[stamp] as number, time, table.by(stamp))
  }

  #isEarly(key: string, dot: number): boolean {
    return this.#early.get(key)?.has(dot) === true
  }

  #joinRemoval(site: Site, { key, dots }: Removal, changes: Changes | undefined): void {
    const table = this.#table
    // A dot that has not arrived is remembered, and what the same block shows of it does not come in.
    for (const dot of dots) if (!knows(site, dot)) this.#removeEarly(site, key, dot)
    if (!table.has(key)) return
    const removed = new Set(dots)
    table.retain(site, key, (row) => !removed.has(table.dotAt(row)) || this.#lose(site, key, row, changes))
  }

  #removeEarly(site: Site, key: string, dot: number): void {
    site.mentioned.add(dotActor(dot))
    const early = this.#early.get(key)
    if (early === undefined) this.#early.set(key, new Set([dot]))
    else early.add(dot)
  }

  /** A write is about to be taken away by others. */
  #lose(site: Site, key: string, row: number, changes: Changes | undefined): false {
    const dot = this.#table.dotAt(row)
    // A pending write that others removed was shown to them before its delta: the delta must not claim it in silence.
    if (isPending(site, dot)) this.#forgotten(key, dot)
    this.#repeats = true
    changes?.(key)
    return false
  }

  /** Takes away the writes that a whole state vouches for and does not show. */
  #takeAway(input: Decoder, delta: WritesDelta, changes: Changes | undefined): void {
    const { site, context } = input
    const table = this.#table
    const claimed = table.stamps.dots.map((dot) => context?.has(dot) === true)
    if (!claimed.includes(true)) return
    const shown = this.#shownRows(site, delta)
    for (const [key, head] of table.heads()) {
      let all = true
      for (let row = head; row !== NONE && all; row = table.after(row))
        all = !claimed[table.stampAt(row)] || shown[row] === 1
      if (all) continue
      table.retain(site, key, (row) => {
        return !claimed[table.stampAt(row)] || shown[row] === 1 || this.#lose(site, key, row, changes)
      })
    }
  }

  /** Marks the rows whose writes a whole state shows. */
  #shownRows(site: Site, { single, block }: WritesDelta): Uint8Array {
    const table = this.#table
    const shown = new Uint8Array(table.rowCount)
    const find = rowFinder(table)
    const mark = (key: string, dot: number): void => {
      const row = find(key, dot)
      if (row !== NONE) shown[row] = 1
    }
    if (single !== undefined) mark(single.key, single.dot)
    if (block === undefined) return shown
    const known = block.table.dots.map((dot) => knows(site, dot))
    for (let i = 0; i < block.keys.length; i += 1) {
      const stamp = block.stamps[i] as number
      if (known[stamp]) mark(block.keys[i] as string, block.table.dots[stamp] as number)
    }
    return shown
  }
}

/** Whether a block is a whole state whose order is the canonical one here too: that is the order of its table of actors. */
function isCanonical({ context, actors, site }: Decoder): boolean {
  const { compare } = site.actors
  return context !== undefined && actors.every((actor, i) => i === 0 || compare(actors[i - 1] as number, actor) < 0)
}

/** Writes of one key that are passed one by one to find one. */
const STEPS_MAX = 16

/** Answers what finds the row of a key and dot, at a bounded cost even where one key has very many writes. */
function rowFinder(table: WriteTable): (key: string, dot: number) => number {
  const indices = new Map<string, Map<number, number>>()
  return (key, dot) => {
    let row = table.head(key)
    for (let steps = 0; row !== NONE && table.dotAt(row) !== dot; steps += 1) {
      if (steps === STEPS_MAX) {
        const index = indices.get(key) ?? byDot(table, key)
        indices.set(key, index)
        return index.get(dot) ?? NONE
      }
      row = table.after(row)
    }
    return row
  }
}

function byDot(table: WriteTable, key: string): Map<number, number> {
  const index = new Map<number, number>()
  for (let row = table.head(key); row !== NONE; row = table.after(row)) index.set(table.dotAt(row), row)
  return index
}
