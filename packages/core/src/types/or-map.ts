/**
 * OR-Map: keys present by observed removal, values of any type, merged per value (riak_dt_map, Brown et al. 2014; deltas
 * after Almeida et al. 2018).
 *
 * For users: `set`, `remove`, nest. A removal takes away what its author had seen of the key and everything below it; whatever
 * others did concurrently below the key brings it back with their part only.
 * Conflicts: update wins over removal; values merge by their own type. A key that two replicas gave different types has both
 * slots: the one with the youngest presence is shown, the other is a conflict that keeps its edits.
 * Space: per key its value and, where the value is not itself a register, one presence dot. What a removed counter or
 * sequence must remember stays. Left out: an order of keys (see `Rga`).
 *
 * A register's live writes are its presence. Plain values stand in columns (`kernel/keyed-writes.ts`), other registers cost one
 * cell each and no container.
 */

import { type Actor, replicaOf } from '../causality/actor.ts'
import { type Dot, dotActor, dotCounter } from '../causality/dot.ts'
import { type JsonValue, normalizeJson } from '../codec/json.ts'
import { valueKey } from '../codec/value-key.ts'
import { CausalContainer } from '../kernel/causal-container.ts'
import { Cell, checkStamp, compareWrites, readCell, type Stamp, type Write } from '../kernel/cell.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, type Container, type Inverse, noteInverse, type Parent, type Place } from '../kernel/container.ts'
import { CutTally } from '../kernel/cut-tally.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { KeyedCell } from '../kernel/keyed-cell.ts'
import { KeyedWrites } from '../kernel/keyed-writes.ts'
import { emptyPart, endPart, ListOrder, readPart, skipPart } from '../kernel/parts.ts'
import type { Path } from '../kernel/patch.ts'
import { isPrivate } from '../kernel/seen.ts'
import { requireResettable, type Spec, specIn, type TypeTable, typesOf } from '../kernel/spec.ts'
import { NONE } from '../kernel/write-table.ts'
import { readWrites, type WritesDelta } from '../kernel/writes-delta.ts'
import * as limits from '../limits.ts'
import { isRegister, openRegister } from './registers.ts'
import { beginSlot, type Slot, Slots } from './slots.ts'
import { checkKey } from './struct.ts'
import * as tags from './tag-numbers.ts'

/** A plain value under a key, and who wrote it when. Of several the one with the largest (time, replica, actor, counter) shows. */
export interface KeyWrite {
  readonly value: JsonValue
  /** Microseconds since 1970, by the clock of whoever wrote it. */
  readonly timeMicros: number
  readonly replica: string
  readonly dot: Dot
}

/** A type under a key, with the write that makes it present. */
interface Presence {
  readonly tag: number
  readonly write: Omit<Write, 'value'>
}

/** No type. */
const NOTHING = 0

export class OrMap<H = unknown> extends CausalContainer implements Parent {
  readonly tag: number = tags.ormap
  /** Plain values. */
  readonly #plain = new KeyedWrites()
  /** Other values. */
  readonly #slots = new Slots()
  #queue: Slot[] = []
  #values: Spec<H> | undefined

  /**
   * @param values the type of the values, for `open`; plain JSON needs none.
   * @param types makes the types of values that others put in; by default that of `values` only.
   */
  constructor(at: Actor | Place, values?: Spec<H>, types?: TypeTable) {
    super(at)
    this.#values = values
    if (values !== undefined) requireResettable(values)
    const { site } = this.place
    site.cutTally ??= (place) => new CutTally(place)
    if (site.standalone) site.types ??= types ?? typesOf(values)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<H>(bytes: Uint8Array, actor: Actor, values?: Spec<H>, types?: TypeTable): OrMap<H> {
    return loadEncoded(new OrMap<H>(actor, values, types), bytes)
  }

  /** Tells a map that arrived from elsewhere the type of its values. @internal */
  bind(values: Spec<H> | undefined): this {
    this.#values ??= values
    return this
  }

  /** Writes a plain value under a key, last writer wins. O(1). Throws `CORE_VALUE_INVALID`. */
  setLww(key: string, value: JsonValue, stamp?: Stamp): void {
    const normal = normalizeJson(value)
    if (stamp !== undefined) checkStamp(stamp)
    this.requireOpen()
    const row = this.#plain.head(key)
    if (row === NONE) checkKey(key)
    this.touch()
    const was = this.#heard(key)
    this.#noteSet(key, normal)
    this.#plain.set(this.place.site, key, row, normal, stamp)
    if (this.place.site.patches !== undefined) this.#tell(key, was, true)
  }

  /** The plain value under a key; undefined when there is none. O(1). */
  getLww(key: string): JsonValue | undefined {
    return this.#plain.value(key)
  }

  /**
   * All plain values under a key that nobody who had seen them has overwritten or removed, the one that shows first: several where
   * replicas wrote at the same time. What lost shows again if the one that won is removed by somebody who had not seen it. O(1) for
   * one write.
   */
  writes(key: string): KeyWrite[] {
    const { actors } = this.place.site
    return this.#plain.live(key).map(({ dot, time, by, value }) => {
      const actor = actors.id(dotActor(dot))
      return { value, timeMicros: time, replica: by ?? replicaOf(actor), dot: { actor, counter: dotCounter(dot) } }
    })
  }

  /** The keys with several plain values, of which one shows: see `writes`. O(keys) where there are any, else O(1). */
  contested(): string[] {
    return this.#plain.contested()
  }

  /**
   * The value of a type under a key, there or not: mutating it makes the key present.
   * @param spec the type; by default the one the map was declared with.
   */
  open(key: string): H
  open<O>(key: string, spec: Spec<O>): O
  open(key: string, spec?: Spec): unknown {
    const type = spec ?? this.#values
    if (type === undefined) throw new TypeError('name the type of the value: this map was declared without one')
    requireResettable(type)
    return type.handle(this.#container(key, type))
  }

  #container(key: string, type: Spec): Container {
    const known = this.#slots.get(key, type.tag)
    if (known?.child !== undefined) return known.child
    const place = this.placeOf(key, true)
    if (type.tag === tags.lww) {
      checkKey(key)
      return this.#plainRegister(key)
    }
    if (isRegister(type.tag)) return openRegister(type.tag, place, this.#slot(key, type.tag).cell)
    checkKey(key)
    return this.#slots.add(this.#newSlot(key, type.tag, type.create(place))).child as Container
  }

  #newSlot(key: string, tag: number, child?: Container): Slot {
    return { key, tag, cell: new Cell(), child, born: this.place.site.made++ }
  }

  /** The container under a key: the one shown, or the one of a type number. @internal */
  override find(step: string | number, tag?: number): Container | undefined {
    const key = `${step}`
    return this.#find(key, tag ?? this.#shown(key))
  }

  #find(key: string, tag: number): Container | undefined {
    if (tag === tags.lww) return this.#plain.has(key) ? this.#plainRegister(key) : undefined
    const slot = this.#slots.get(key, tag)
    return slot === undefined || slot.cell.dot === 0 ? undefined : this.#containerOf(slot)
  }

  #plainRegister(key: string): Container {
    return openRegister(tags.lww, this.placeOf(key, true), new KeyedCell(this.#plain, key))
  }

  #containerOf({ key, tag, cell, child }: Slot): Container {
    return child ?? openRegister(tag, this.placeOf(key, true), cell)
  }

  /** Whether a key is present. */
  has(key: string): boolean {
    if (this.#plain.has(key)) return true
    return this.#slots.of(key).some(({ cell }) => cell.dot !== 0)
  }

  /** The present keys, in an order of this replica. */
  keys(): string[] {
    if (this.#slots.isEmpty) return [...this.#plain.keys()]
    const keys = new Set<string>(this.#plain.keys())
    for (const { key, cell } of this.#slots.all()) if (cell.dot !== 0) keys.add(key)
    return [...keys]
  }

  get size(): number {
    return this.#slots.isEmpty ? this.#plain.size : this.keys().length
  }

  /** Values of other types than the one shown, where replicas gave one key several. */
  conflicts(key: string): JsonValue[] {
    return this.#present(key)
      .slice(1)
      .map(({ tag }) => this.#json(key, tag))
  }

  /** Removes a key as far as the author has seen it, with all below. O(size of the value). @returns whether it was there. */
  remove(key: string): boolean {
    if (!this.has(key)) return false
    this.touch()
    const { site } = this.place
    const { inverses } = site
    const copied = inverses && this.#copyOf(key)
    // What is below comes back with the key.
    site.inverses = undefined
    this.#removeSeen(key)
    site.inverses = inverses
    if (copied !== undefined) noteInverse(this, 'restore', ...copied)
    return true
  }

  /** Undo of a write: the value before, unless somebody else has written since. */
  #noteSet(key: string, value: JsonValue): void {
    if (this.place.site.inverses === undefined) return
    const former = this.#plain.value(key)
    if (former === undefined) noteInverse(this, 'unset', key, value)
    else noteInverse(this, 'set', key, value, former)
  }

  override revert([does, name, ...needs]: Inverse): void {
    const key = name as string
    if (does === 'restore') {
      if (!this.has(key)) this.#paste(key, needs as [number, JsonValue])
    } else if (does === 'disappear') {
      this.#disappear(key, needs[0] as number)
    } else {
      const value = this.#plain.value(key)
      if (value === undefined || valueKey(value) !== valueKey(needs[0] as JsonValue)) return
      if (does === 'set') this.setLww(key, needs[1] as JsonValue)
      else this.remove(key)
    }
  }

  /** What shows under a key, from which `#paste` writes it there again. */
  #copyOf(key: string): [key: string, tag: number, copied: JsonValue] {
    const container = this.find(key) as Container
    return [key, container.tag, container.copy()]
  }

  #paste(key: string, [tag, copied]: readonly [number, JsonValue]): void {
    const again = this.find(key, tag) ?? this.#container(key, specIn(this.place.site.types, tag))
    again.touch()
    again.paste(copied)
  }

  copy(): JsonValue {
    return this.keys().map((key) => this.#copyOf(key))
  }

  paste(copied: JsonValue): void {
    for (const [key, ...value] of copied as [string, number, JsonValue][]) this.#paste(key, value)
  }

  #removeSeen(key: string): void {
    const { site } = this.place
    const was = this.#heard(key)
    const { patches } = site
    // What goes and what stays of the value is told as a whole.
    site.patches = undefined
    this.#plain.remove(site, key)
    for (const slot of this.#slots.of(key)) {
      slot.cell.remove(site)
      slot.child?.reset()
      // The next mutation below must make the key present again.
      if (slot.child !== undefined) slot.child.stamp = 0
      this.#enqueue(slot)
    }
    site.patches = patches
    this.#tell(key, was, true)
  }

  /** The type shown under a key, while someone listens; 0 for none. */
  #heard(key: string): number {
    return this.place.site.patches === undefined ? NOTHING : this.#shown(key)
  }

  /** Tells subscribers the value under a key where it is of another type than it was, or in any case. */
  #tell(key: string, was: number, always: boolean): void {
    const { patches } = this.place.site
    if (patches === undefined || !this.shows()) return
    const now = this.#shown(key)
    if (now === NOTHING) {
      if (was !== NOTHING) patches.push({ type: 'unset', path: this.childPath(key) })
    } else if (now !== was || always) {
      patches.push({ type: 'set', path: this.childPath(key), value: this.#json(key, now) })
    }
  }

  reset(): void {
    for (const key of this.keys()) this.#removeSeen(key)
  }

  /** The type shown under a key: the one with the youngest presence; 0 for none. */
  #shown(key: string): number {
    if (this.#slots.isEmpty) return this.#plain.has(key) ? tags.lww : NOTHING
    return this.#present(key)[0]?.tag ?? NOTHING
  }

  /** Types present under a key, the youngest presence first. */
  #present(key: string): Presence[] {
    const present: Presence[] = []
    const plain = this.#plain.winner(key)
    if (plain !== undefined) present.push({ tag: tags.lww, write: plain })
    for (const { tag, cell } of this.#slots.of(key)) if (cell.dot !== 0) present.push({ tag, write: cell })
    if (present.length < 2) return present
    const { site } = this.place
    return present.sort((a, b) => compareWrites(site, b.write, a.write) || a.tag - b.tag)
  }

  #slot(key: string, tag: number): Slot {
    const known = this.#slots.get(key, tag)
    if (known !== undefined) return known
    checkKey(key)
    return this.#slots.add(this.#newSlot(key, tag))
  }

  #enqueue(slot: Slot): void {
    if (slot.cell.queued) return
    slot.cell.queued = true
    this.#queue.push(slot)
  }

  childTouched(child: Container): void {
    // A plain value takes note of its own writes.
    if (child.tag === tags.lww) return
    const slot = this.#slots.get(child.place.step as string, child.tag) as Slot
    const { site } = this.place
    // In a document all of a change has one time; a stand-alone presence is as young as the last update.
    const refreshed = !site.standalone && slot.cell.rest === undefined && isPrivate(site, slot.cell.dot)
    const was = this.#heard(slot.key)
    if (slot.child !== undefined && slot.cell.dot === 0) noteInverse(this, 'disappear', slot.key, slot.tag)
    if (slot.child !== undefined && !refreshed) slot.cell.set(site, null, undefined, 'unseen')
    this.#enqueue(slot)
    this.#tell(slot.key, was, false)
  }

  /** Undo of making a key present, unless somebody else works below it, too. */
  #disappear(key: string, tag: number): void {
    const cell = this.#slots.get(key, tag)?.cell
    if (cell === undefined || cell.dot === 0) return
    if (cell.live().every(({ dot }) => this.place.site.selves.has(dotActor(dot)))) this.remove(key)
  }

  showsChild(child: Container): boolean {
    return this.#shown(child.place.step as string) === child.tag
  }

  childPath(key: string | number): Path {
    return [...this.path(), key]
  }

  /** Present keys in code-unit order, each with the value shown. */
  toJSON(): JsonValue {
    return Object.fromEntries(
      this.keys()
        .sort()
        .map((key) => [key, this.#json(key, this.#shown(key))]),
    )
  }

  #json(key: string, tag: number): JsonValue {
    if (tag === tags.lww) return this.#plain.value(key) as JsonValue
    return this.#containerOf(this.#slots.get(key, tag) as Slot).toJSON()
  }

  override visitTags(visit: (dot: number) => void): void {
    this.#plain.visitTags(visit)
    for (const { cell, child } of this.#slots.all()) {
      for (const { dot } of cell.live()) visit(dot)
      child?.visitTags(visit)
    }
  }

  #isEmpty({ cell, child }: Slot): boolean {
    return cell.isBottom(this.place.site) && (child === undefined || child.isBottom())
  }

  mentions(actor: number): boolean {
    if (this.#plain.mentions(this.place.site, actor)) return true
    for (const { cell, child } of this.#slots.all()) {
      if (cell.mentions(this.place.site, actor) || child?.mentions(actor)) return true
    }
    return false
  }

  isBottom(): boolean {
    if (!this.#plain.isBottom(this.place.site)) return false
    for (const slot of this.#slots.all()) if (!this.#isEmpty(slot)) return false
    return true
  }

  clear(): void {
    this.#plain.clear()
    for (const { cell, child } of this.#slots.all()) {
      cell.clear()
      child?.clear()
    }
    this.#slots.keep(({ born }) => born < this.place.site.madeMax)
    this.#queue = []
  }

  writePending(out: Encoder): void {
    this.#plain.writePending(out)
    const queue = this.#queue
    if (queue.length > 0) this.#queue = []
    out.writer.varint(queue.length)
    for (const slot of queue) {
      slot.cell.queued = false
      const body = beginSlot(out.writer, slot)
      slot.cell.writePending(out)
      slot.child?.writePending(out)
      endPart(out.writer, body)
    }
  }

  writeState(out: Encoder): void {
    this.#plain.writeState(out)
    const slots = [...this.#slots.all()].filter((slot) => !this.#isEmpty(slot))
    slots.sort((a, b) => (a.key === b.key ? a.tag - b.tag : a.key < b.key ? -1 : 1))
    out.writer.varint(slots.length)
    for (const slot of slots) {
      const body = beginSlot(out.writer, slot)
      slot.cell.writeState(out)
      slot.child?.writeState(out)
      endPart(out.writer, body)
    }
  }

  read(input: Decoder): Apply {
    const plain = readWrites(input)
    const count = input.reader.count(4)
    if (count === 0 && (input.context === undefined || this.#slots.isEmpty)) return () => this.#joinPlain(input, plain)
    const { fresh, steps } = this.#readSlots(input, count)
    return () => {
      this.#joinPlain(input, plain)
      for (const slot of fresh) this.#slots.add(slot)
      for (const step of steps) step()
    }
  }

  #joinPlain(input: Decoder, plain: WritesDelta): void {
    if (this.place.site.patches === undefined) {
      this.#plain.join(input, plain, undefined)
      return
    }
    const shown = new Map<string, number>()
    this.#plain.join(input, plain, (key) => {
      if (!shown.has(key)) shown.set(key, this.#shown(key))
    })
    for (const [key, was] of shown) this.#tell(key, was, true)
  }

  /** Reads the slots that are not plain: those that are new here, and what applies them all. */
  #readSlots(input: Decoder, count: number): { fresh: readonly Slot[]; steps: readonly Apply[] } {
    const { reader } = input
    const fresh: Slot[] = []
    const steps: Apply[] = []
    const shown = input.context && !this.#slots.isEmpty ? new Set<Slot>() : undefined
    const order = new ListOrder(reader, input.context !== undefined)
    for (let left = count; left > 0; left -= 1) {
      const key = reader.string(limits.keyBytesMax)
      const tag = reader.byte()
      if (tag === tags.lww) reader.invalid('not canonical')
      order.pass(key, tag)
      const known = this.#slots.get(key, tag)
      const slot = known ?? this.#arriving(input, key, tag)
      if (slot === undefined) {
        skipPart(input)
        continue
      }
      if (known === undefined) fresh.push(slot)
      shown?.add(slot)
      steps.push(readPart(input, { read: () => this.#readSlot(input, slot) }))
    }
    if (shown !== undefined) {
      for (const slot of this.#slots.all()) {
        if (!shown.has(slot)) steps.push(this.#readSlot(emptyPart(input), slot))
      }
    }
    return { fresh, steps }
  }

  #arriving(input: Decoder, key: string, tag: number): Slot | undefined {
    if (isRegister(tag)) return this.#newSlot(key, tag)
    const child = input.site.types?.(tag, this.placeOf(key, true))
    return child === undefined ? undefined : this.#newSlot(key, tag, child)
  }

  #readSlot(input: Decoder, slot: Slot): Apply {
    const delta = readCell(input)
    const apply = slot.child?.read(input)
    return () => {
      const { site } = this.place
      const was = this.#heard(slot.key)
      const changed = slot.cell.join(input, delta, 'unseen')
      const { patches } = site
      // Where another value shows now, it is told as a whole.
      if (this.#heard(slot.key) !== was) site.patches = undefined
      apply?.()
      site.patches = patches
      this.#tell(slot.key, was, changed && slot.child === undefined)
    }
  }
}
