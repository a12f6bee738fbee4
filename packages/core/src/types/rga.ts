/**
 * RGA: a replicated list (Roh et al., "Replicated abstract data types", 2011), in the order of Fugue (Weidner and Kleppmann
 * 2023).
 *
 * For users: a list of JSON values, or of containers (records, maps, texts) that merge inside. Conflicts: concurrent
 * insertions at one place stand one after the other, never interleaved; deleting an element wins over concurrent edits
 * inside it; an insertion into a stretch that somebody deletes survives; of concurrent moves of one element the youngest wins,
 * and what is edited inside goes along. Space: the visible elements, and a few numbers per run of ids, deleted ones included,
 * and per move.
 */

import type { Actor } from '../causality/actor.ts'
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { type JsonValue, normalizeJson } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, type Container, emit, type Parent, type Place } from '../kernel/container.ts'
import { dotOrder, readDot, writeDot } from '../kernel/dots.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { GapBuffer } from '../kernel/gap-buffer.ts'
import { type Item, MOVED_ITEM, Moved, Nested, readItems, writeItem } from '../kernel/items.ts'
import { checkMoves, readMoves, writeMoves } from '../kernel/move-codec.ts'
import { arrangeMoves } from '../kernel/move-order.ts'
import { type Move, Moves } from '../kernel/moves.ts'
import { Ordered, type Source } from '../kernel/ordered.ts'
import { beginPart, emptyPart, endPart, readPart, skipPart } from '../kernel/parts.ts'
import type { Path } from '../kernel/patch.ts'
import type { Entry } from '../kernel/run-block.ts'
import type { Ids } from '../kernel/runs.ts'
import { isPending } from '../kernel/seen.ts'
import { type Spec, type TypeTable, typesOf } from '../kernel/spec.ts'
import type { Sequence } from '../sequence/sequence.ts'
import { tags } from './tags.ts'

/** @typeParam E what `get` answers: a JSON value, or the handle of a container. */
export class Rga<E = JsonValue> extends Ordered<readonly Item[]> implements Parent {
  readonly tag: number = tags.rga
  readonly #items = new GapBuffer<Item, Item[]>((length) => new Array<Item>(length).fill(null))
  readonly #children = new Map<number, Container>()
  readonly #dirty = new Set<Container>()
  readonly #moves = new Moves()
  /** Moves and deletions of moved elements since the last take. */
  #newMoves: Move[] = []
  #newDead: number[] = []
  /** Elements that a block shows as moved, while it is joined: where they stood they are deleted for that reason. */
  #movedThere: ReadonlySet<number> | undefined
  /** Positions of elements that were only moved, while a delta is written. */
  readonly #away = new Set<number>()
  #elements: Spec<E> | undefined

  /**
   * @param elements the type of the elements where they are containers.
   * @param types makes the types of elements that others put in; by default that of `elements` only.
   */
  constructor(at: Actor | Place, elements?: Spec<E>, types?: TypeTable) {
    super(at)
    this.#elements = elements
    const { site } = this.place
    if (site.standalone) site.types ??= types ?? typesOf(elements)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<E = JsonValue>(bytes: Uint8Array, actor: Actor, elements?: Spec<E>, types?: TypeTable): Rga<E> {
    return loadEncoded(new Rga<E>(actor, elements, types), bytes)
  }

  /** Tells a list that arrived from elsewhere the type of its elements. @internal */
  bind(elements: Spec<E> | undefined): this {
    this.#elements ??= elements
    return this
  }

  /** Inserts values before an index. O(log n + values). Throws `CORE_POSITION_INVALID`, `CORE_VALUE_INVALID`. */
  insert(index: number, ...values: JsonValue[]): void {
    this.checkRange(index, 0)
    const normal = values.map((value) => normalizeJson(value))
    if (normal.length === 0) return
    this.touch()
    this.insertIds(index, normal.length)
    this.insertContent(index, normal, 0, normal.length)
  }

  /** Appends values. */
  push(...values: JsonValue[]): void {
    this.insert(this.length, ...values)
  }

  /**
   * Inserts values behind the element with an id, which may be deleted; undefined for the start. Answers the ids of the new
   * elements. Throws `CORE_POSITION_INVALID` for an id that is not known here.
   */
  insertAfter(id: string | undefined, ...values: JsonValue[]): string[] {
    const normal = values.map((value) => normalizeJson(value))
    return this.insertBehind(id, normal, normal.length)
  }

  /**
   * Inserts a new container before an index (at the end by default) and answers its handle.
   * @param spec its type; by default the one the list was declared with.
   */
  create(index?: number): E
  create<O>(index: number | undefined, spec: Spec<O>): O
  create(index: number = this.length, spec?: Spec): unknown {
    this.checkRange(index, 0)
    const type = spec ?? this.#elements
    if (type === undefined) throw new TypeError('name the type of the element: this list was declared without one')
    this.touch()
    this.insertIds(index, 1)
    const dot = this.dotAt(index)
    const child = type.create(this.placeOf(dot, false))
    this.#children.set(dot, child)
    this.insertContent(index, [new Nested(type.tag)], 0, 1)
    return type.handle(child)
  }

  /** Deletes `count` elements from an index on. O(log n + runs). Throws `CORE_POSITION_INVALID`. */
  delete(index: number, count = 1): void {
    this.checkRange(index, count)
    if (count === 0) return
    this.touch()
    this.deleteRange(index, count)
  }

  /**
   * Moves the element at an index to another one: where it stands when it was taken out and put in again. Concurrent moves of
   * one element end at one place. O(log n). Throws `CORE_POSITION_INVALID`.
   */
  move(from: number, to: number): void {
    this.checkRange(from, 1)
    this.checkRange(to, 1)
    if (from === to) return
    this.touch()
    const { site } = this.place
    const element = this.dotAt(from)
    const item = this.#items.get(from)
    this.takeOut(from)
    // It comes after the move that it takes the place of, whatever the clock says.
    const former = this.#moves.at(this.#moves.slotOf(element))?.time ?? 0
    const move = { slot: this.insertSlot(to), element, time: Math.max(site.time(), former + 1) }
    this.#moves.add(move)
    this.#moves.settle(move)
    this.#newMoves.push(move)
    this.insertContent(to, [item], 0, 1)
  }

  /** The element at an index; undefined outside the list. O(1) for values, O(log n) for containers. */
  get(index: number): E | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) return undefined
    const item = this.#items.get(index)
    if (!(item instanceof Nested)) return item as E
    const child = this.#child(this.dotAt(index), item)
    if (child === undefined) return undefined
    return this.#elements?.tag === item.tag ? this.#elements.handle(child) : (child as E)
  }

  protected override elementOf(dot: number): number {
    return this.#moves.size === 0 ? dot : this.#moves.elementOf(dot)
  }

  protected override slotOf(dot: number): number {
    return this.#moves.size === 0 ? dot : this.#moves.slotOf(dot)
  }

  protected override forget(actor: number, counter: number, count: number): void {
    if (this.#moves.size === 0) {
      super.forget(actor, counter, count)
      return
    }
    for (let i = 0; i < count; i += 1) {
      const element = this.#moves.elementOf(packDot(actor, counter + i))
      super.forget(dotActor(element), dotCounter(element), 1)
      if (this.#moves.isMoved(element)) {
        this.#moves.bury(element)
        this.#newDead.push(element)
      }
    }
  }

  /** Deletes an element that was moved, wherever it stands. */
  #kill(element: number): void {
    this.#moves.bury(element)
    const slot = this.#moves.slotOf(element)
    if (this.sequence.has(dotActor(slot), dotCounter(slot))) this.hide(dotActor(slot), dotCounter(slot), 1)
  }

  protected override bury(actor: number, counter: number, count: number): void {
    this.hide(actor, counter, count)
    this.#killIn(actor, counter, count)
  }

  protected override buryEarly(actor: number, counter: number, count: number): void {
    super.buryEarly(actor, counter, count)
    this.#killIn(actor, counter, count)
  }

  #killIn(actor: number, counter: number, count: number): void {
    for (const element of this.#moves.elementsIn(actor, counter, count)) this.#kill(element)
    for (const slot of this.#moves.slotsIn(actor, counter, count)) this.#kill(this.#moves.elementOf(slot))
  }

  protected override showsElsewhere(element: number): number | undefined {
    const slot = this.#moves.slotOf(element)
    return slot === element || isPending(this.place.site, slot) ? undefined : this.shownAt(element)
  }

  /** What a block shows as deleted because it was moved there is not deleted; whoever knew of no move deleted it. */
  protected override arriveDeleted({ actor, counter, count }: Ids): void {
    for (const element of this.#moves.elementsIn(actor, counter, count)) {
      if (!this.#movedThere?.has(element)) this.#kill(element)
    }
  }

  /** Whether an id shows follows from the moves where there are any. */
  protected override joinDeleted(actor: number, counter: number, count: number): void {
    this.#moves.forEachUnmoved(actor, counter, count, (from, size) => this.hide(actor, from, size))
  }

  /** Notes a move made elsewhere. Its place is decided when its slot arrives. */
  #learn(move: Move): void {
    const { slot, element } = move
    if (this.#moves.at(slot) !== undefined) return
    // What is no move of an element to a new id is none.
    if (this.sequence.has(dotActor(slot), dotCounter(slot))) return
    if (this.#moves.at(element) !== undefined || this.#moves.isMoved(slot)) return
    const first = !this.#moves.isMoved(element)
    this.#moves.add(move)
    if (!first) return
    // An element that was never moved and shows no longer was deleted.
    const [actor, counter] = [dotActor(element), dotCounter(element)]
    const known = this.sequence.has(actor, counter)
    if (known ? !this.sequence.isVisible(actor, counter) : this.isEarly(element)) this.#moves.bury(element)
  }

  /** A slot needs its parent and its element. */
  protected override arrange(entries: readonly Entry<readonly Item[]>[]): readonly Entry<readonly Item[]>[] {
    return this.#moves.size === 0 ? entries : arrangeMoves(entries, this.#moves)
  }

  protected override put(entry: Entry<readonly Item[]>): void {
    const { run } = entry
    const move = this.#moves.at(packDot(run.actor, run.counter))
    if (move === undefined) super.put(entry)
    else this.#putMove(entry, move)
  }

  protected override wait(entry: Entry<readonly Item[]>): void {
    const { run, content } = entry
    // Of two copies of a moved element the one with content is kept.
    const moved = this.#moves.at(packDot(run.actor, run.counter)) !== undefined
    if (moved && !run.deleted && !(content[run.offset] instanceof Moved)) {
      this.dropWaiting(run.actor, run.counter, run.count)
    }
    super.wait(entry)
  }

  #putMove(entry: Entry<readonly Item[]>, move: Move): void {
    const { run, content } = entry
    const { element } = move
    const { sequence } = this
    if (this.lacksParent(run) || !sequence.has(dotActor(element), dotCounter(element))) {
      if (run.placement.parentActor >= 0) this.place.site.mentioned.add(run.placement.parentActor)
      this.wait(entry)
      return
    }
    const wins = !run.deleted && !this.#moves.isDead(element) && this.#moves.wins(this.place.site, move)
    if (!wins) {
      super.put({ run: { ...run, deleted: true }, content })
      return
    }
    const there = this.shownAt(element)
    const sent = content[run.offset] as Item
    if (sent instanceof Moved && there === undefined) {
      // Another move took it away from there and has not arrived.
      this.wait(entry)
      return
    }
    const item = sent instanceof Moved ? this.#items.get(there as number) : sent
    const slot = this.#moves.slotOf(element)
    this.hide(dotActor(slot), dotCounter(slot), 1)
    this.#moves.settle(move)
    super.put({ run: { ...run, offset: 0 }, content: [item] })
  }

  /** The container at an index. @internal */
  find(index: number): Container | undefined {
    const item = index < this.length ? this.#items.get(index) : null
    return item instanceof Nested ? this.#child(this.dotAt(index), item) : undefined
  }

  /** The container of an element, made now if nothing was ever written into it. */
  #child(dot: number, { tag }: Nested): Container | undefined {
    const known = this.#children.get(dot)
    if (known?.tag === tag) return known
    const child = this.place.site.types?.(tag, this.placeOf(dot, false))
    if (child !== undefined) this.#children.set(dot, child)
    return child
  }

  /** The elements in order. */
  *values(): IterableIterator<E> {
    for (let index = 0; index < this.length; index += 1) yield this.get(index) as E
  }

  /** Where an element stands; undefined when it is deleted or unknown. O(log n). */
  indexOf(id: string): number | undefined {
    return this.placeOfId(id)
  }

  childTouched(child: Container): void {
    if (this.shownAt(child.place.step as number) === undefined) {
      refuse('CORE_PRECONDITION_FAILED', 'the element was deleted: nothing inside it can be changed any more')
    }
    this.#dirty.add(child)
  }

  showsChild(child: Container): boolean {
    return this.shownAt(child.place.step as number) !== undefined
  }

  childPath(step: string | number): Path {
    return [...this.path(), this.shownAt(step as number) ?? -1]
  }

  toJSON(): JsonValue {
    const dots = this.visibleDots()
    return Array.from({ length: this.length }, (_, index) => {
      const item = this.#items.get(index)
      return item instanceof Nested ? (this.#child(dots[index] as number, item)?.toJSON() ?? null) : (item as JsonValue)
    })
  }

  override visitTags(visit: (dot: number) => void): void {
    for (const child of this.#children.values()) child.visitTags(visit)
  }

  override mentions(actor: number): boolean {
    if (super.mentions(actor)) return true
    for (const { element } of this.#moves.all()) if (dotActor(element) === actor) return true
    this.#dropDeleted()
    for (const [dot, child] of this.#children) {
      if (!child.isBottom() && (dotActor(dot) === actor || child.mentions(actor))) return true
    }
    return false
  }

  override isBottom(): boolean {
    return super.isBottom() && [...this.#children.values()].every((child) => child.isBottom())
  }

  override clear(): void {
    super.clear()
    this.#items.clear()
    this.#dirty.clear()
    this.#moves.clear()
    this.#newMoves = []
    this.#newDead = []
    for (const [dot, child] of this.#children) {
      child.clear()
      // Handles of elements stay good; the elements of the change that is taken back never were.
      if (isPending(this.place.site, dot)) this.#children.delete(dot)
    }
  }

  #json(item: Item, index: number): JsonValue {
    if (item instanceof Moved) return null
    return item instanceof Nested ? (this.#child(this.dotAt(index), item)?.toJSON() ?? null) : item
  }

  protected insertContent(position: number, content: readonly Item[], offset: number, count: number): void {
    this.#items.insert(position, count, (items, at) => {
      for (let i = 0; i < count; i += 1) {
        const item = content[offset + i] as Item
        items[at + i] = item instanceof Moved ? null : item
      }
    })
    if (this.place.site.patches === undefined) return
    const value = content.slice(offset, offset + count).map((item, i) => this.#json(item, position + i))
    emit(this, (path) => ({ type: 'insert', path, index: position, value }))
  }

  protected deleteContent(position: number, count: number): void {
    this.#items.delete(position, count, (items, from, to) => items.fill(null, from, to))
  }

  protected writePlaced({ writer }: Encoder, from: number, count: number): void {
    for (let i = from; i < from + count; i += 1) {
      writeItem(writer, this.#away.has(i) ? MOVED_ITEM : this.#items.get(i))
    }
  }

  protected writeContent(out: Encoder, sources: readonly Source<readonly Item[]>[]): void {
    for (const { content, from, count } of sources) {
      if (content === undefined) this.writePlaced(out, from, count)
      else for (let i = from; i < from + count; i += 1) writeItem(out.writer, content[i] as Item)
    }
  }

  protected readContent({ reader }: Decoder, count: number): readonly Item[] {
    return readItems(reader, count)
  }

  override writePending(out: Encoder): void {
    // What somebody has already is not sent again with its move.
    for (const { slot, element } of this.#newMoves) {
      const position = this.#moves.slotOf(element) === slot ? this.shownAt(element) : undefined
      if (position !== undefined && !isPending(out.site, element)) this.#away.add(position)
    }
    super.writePending(out)
    this.#away.clear()
    writeMoves(out, this.#newMoves, this.#newDead)
    if (this.#newMoves.length > 0) this.#newMoves = []
    if (this.#newDead.length > 0) this.#newDead = []
    const dirty = [...this.#dirty].filter((child) => this.shownAt(child.place.step as number) !== undefined)
    this.#dirty.clear()
    out.writer.varint(dirty.length)
    for (const child of dirty) {
      const body = beginChild(out, child)
      child.writePending(out)
      endPart(out.writer, body)
    }
  }

  override writeState(out: Encoder): void {
    super.writeState(out)
    writeMoves(out, [...this.#moves.all()], [...this.#moves.dead()])
    this.#dropDeleted()
    const children = [...this.#children.values()].filter((child) => !child.isBottom())
    const order = dotOrder(out)
    children.sort((a, b) => order(a.place.step as number, b.place.step as number))
    out.writer.varint(children.length)
    for (const child of children) {
      const body = beginChild(out, child)
      child.writeState(out)
      endPart(out.writer, body)
    }
  }

  /** Drops containers of elements that were deleted meanwhile, or turned out to be something else. */
  #dropDeleted(): void {
    for (const [dot, child] of this.#children) {
      if (!this.sequence.has(dotActor(dot), dotCounter(dot))) continue
      const position = this.shownAt(dot)
      const item = position === undefined ? null : this.#items.get(position)
      if (!(item instanceof Nested && item.tag === child.tag)) this.#children.delete(dot)
    }
  }

  protected override readMoves(input: Decoder, loaded: Sequence | undefined): Apply {
    const { moves, dead } = readMoves(input)
    if (input.context !== undefined) checkMoves(input, { moves, dead }, loaded)
    return () => {
      this.#movedThere = moves.length === 0 ? undefined : new Set(moves.map(({ element }) => element))
      const adopts = this.isBottom()
      for (const move of moves) {
        this.place.site.mentioned.add(dotActor(move.element))
        if (!adopts) this.#learn(move)
        else {
          this.#moves.add(move)
          const [actor, counter] = [dotActor(move.slot), dotCounter(move.slot)]
          if (loaded?.has(actor, counter) && loaded.isVisible(actor, counter)) this.#moves.settle(move)
        }
      }
      for (const element of dead) if (this.#moves.isMoved(element)) this.#kill(element)
    }
  }

  override read(input: Decoder): Apply {
    const applyRuns = super.read(input)
    const fresh = new Map<number, Container>()
    const listed = new Set<number>()
    const steps: Apply[] = []
    for (let count = input.reader.count(4); count > 0; count -= 1) {
      const dot = readDot(input)
      const tag = input.reader.byte()
      if (listed.has(dot)) input.reader.invalid('element listed twice')
      listed.add(dot)
      const known = this.#children.get(dot)
      const child = known?.tag === tag ? known : input.site.types?.(tag, this.placeOf(dot, false))
      if (child === undefined) {
        skipPart(input)
        continue
      }
      const step = readPart(input, child)
      // Whoever made the element said its type. Whether a block is refused must not depend on what is here, so what has
      // another type is passed over.
      if (known !== undefined && known !== child) continue
      fresh.set(dot, child)
      steps.push(step)
    }
    if (input.context !== undefined) {
      for (const [dot, child] of this.#children) if (!fresh.has(dot)) steps.push(child.read(emptyPart(input)))
    }
    return () => {
      applyRuns()
      this.#movedThere = undefined
      for (const [dot, child] of fresh) {
        this.place.site.mentioned.add(dotActor(dot))
        this.#children.set(dot, child)
      }
      for (const step of steps) step()
    }
  }
}

/** `dot  tag  part`. Answers where the part begins. */
function beginChild(out: Encoder, child: Container): number {
  writeDot(out, child.place.step as number)
  out.writer.byte(child.tag)
  return beginPart(out.writer)
}
