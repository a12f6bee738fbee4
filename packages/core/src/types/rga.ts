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
import { dotActor, dotCounter } from '../causality/dot.ts'
import { type JsonValue, normalizeJson } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import { ChunkedBuffer } from '../kernel/chunked-buffer.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, type Container, emit, isTakenBack, type Parent, type Place } from '../kernel/container.ts'
import { dotOrder, readDot, writeDot } from '../kernel/dots.ts'
import { formatElementId } from '../kernel/element-id.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { type Item, Moved, Nested, readItems, writeItem } from '../kernel/items.ts'
import { Movable } from '../kernel/movable.ts'
import type { Source } from '../kernel/ordered.ts'
import { beginPart, emptyPart, endPart, readPart, skipPart } from '../kernel/parts.ts'
import type { Path } from '../kernel/patch.ts'
import { isPending } from '../kernel/seen.ts'
import { type Spec, type TypeTable, typesOf } from '../kernel/spec.ts'
import * as limits from '../limits.ts'
import * as tags from './tag-numbers.ts'

/** Items of a chunk. */
const CHUNK_ITEMS = 2048

type CopiedItem = readonly [value: JsonValue] | readonly [tag: number, copied: JsonValue]

/** @typeParam E what `get` answers: a JSON value, or the handle of a container. */
export class Rga<E = JsonValue> extends Movable implements Parent {
  readonly tag: number = tags.rga
  readonly #items = new ChunkedBuffer<Item, Item[]>(CHUNK_ITEMS, (length) => new Array<Item>(length).fill(null))
  readonly #children = new Map<number, Container>()
  readonly #dirty = new Set<Container>()
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

  /** The element at an index; undefined outside the list. O(1) for values, O(log n) for containers. */
  get(index: number): E | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) return undefined
    const item = this.#items.get(index)
    if (!(item instanceof Nested)) return item as E
    const child = this.#child(this.dotAt(index), item)
    if (child === undefined) return undefined
    return this.#elements?.tag === item.tag ? this.#elements.handle(child) : (child as E)
  }

  /** The container at an index. @internal */
  override find(step: string | number): Container | undefined {
    const index = Number(step)
    const item = Number.isInteger(index) && index >= 0 && index < this.length ? this.#items.get(index) : null
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
  values(): IterableIterator<E> {
    // Not a generator, which takes twice as long.
    let index = 0
    const next = (): IteratorResult<E> => {
      if (index >= this.length) return { done: true, value: undefined }
      const item = this.#items.get(index)
      const value = (item instanceof Nested ? this.get(index) : item) as E
      index += 1
      return { done: false, value }
    }
    return {
      next,
      [Symbol.iterator]() {
        return this
      },
    }
  }

  [Symbol.iterator](): IterableIterator<E> {
    return this.values()
  }

  /** Where an element stands; undefined when it is deleted or unknown. O(log n). */
  indexOf(id: string): number | undefined {
    return this.placeOfId(id)
  }

  childTouched(child: Container): void {
    if (this.shownAt(child.place.step as number) === undefined) {
      refuse('CORE_PRECONDITION_FAILED', 'the element was deleted')
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
    let dots: readonly number[] | undefined
    const json: JsonValue[] = []
    this.#items.stretches(0, this.length, (items, from, to) => {
      for (let i = from; i < to; i += 1) {
        const item = items[i] as Item
        if (item instanceof Nested) {
          dots ??= this.visibleDots()
          json.push(this.#child(dots[json.length] as number, item)?.toJSON() ?? null)
        } else json.push(item as JsonValue)
      }
    })
    return json
  }

  override visitTags(visit: (dot: number) => void): void {
    for (const child of this.#children.values()) child.visitTags(visit)
  }

  override mentions(actor: number): boolean {
    if (super.mentions(actor)) return true
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
    for (const [dot, child] of this.#children) {
      child.clear()
      // Handles of elements stay good; the elements of the change that is taken back never were.
      if (isPending(this.place.site, dot) || isTakenBack(child)) this.#children.delete(dot)
    }
  }

  #json(item: Item, index: number): JsonValue {
    if (item instanceof Moved) return null
    return item instanceof Nested ? (this.#child(this.dotAt(index), item)?.toJSON() ?? null) : item
  }

  protected insertContent(position: number, content: readonly Item[], offset: number, count: number): void {
    this.#items.insert(position, count, (items, at, from, size) => {
      for (let i = 0; i < size; i += 1) {
        const item = content[offset + from + i] as Item
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

  override stepName(step: string | number): string {
    return formatElementId(this.place.site, step as number)
  }

  override childAt(step: string, tag: number): Container | undefined {
    const index = this.namedAt(step)
    const child = index === undefined ? undefined : this.find(index)
    return child?.tag === tag ? child : undefined
  }

  /** Values as they are, alone in an array; containers by type. */
  protected copyContent(position: number, count: number): JsonValue {
    return Array.from({ length: count }, (_, i) => {
      const item = this.#items.get(position + i)
      if (!(item instanceof Nested)) return [item instanceof Moved ? null : item]
      return [item.tag, this.find(position + i)?.copy() ?? null]
    })
  }

  protected pasteContent(copied: JsonValue, behind: number | undefined): number {
    const items = (copied as CopiedItem[]).map((item) => (item.length === 1 ? item[0] : new Nested(item[0])))
    const first = this.insertBehindSlot(behind, items, items.length)
    for (const [i, { 1: value }] of (copied as CopiedItem[]).entries()) {
      if (value !== undefined && value !== null) this.#child(first + i, items[i] as Nested)?.paste(value)
    }
    return first
  }

  protected itemAt(position: number): Item {
    return this.#items.get(position)
  }

  protected writePlaced({ writer }: Encoder, from: number, count: number): void {
    for (let i = from; i < from + count; i += 1) {
      writeItem(writer, this.itemToSend(i))
    }
  }

  protected writeContent(out: Encoder, sources: readonly Source<readonly Item[]>[]): void {
    for (const { content, from, count } of sources) {
      if (content === undefined) this.writePlaced(out, from, count)
      else for (let i = from; i < from + count; i += 1) writeItem(out.writer, content[i] as Item)
    }
  }

  protected readContent({ reader }: Decoder, count: number): readonly Item[] {
    const items = readItems(reader, count)
    // What is read is applied without fail.
    if (this.place.depth >= limits.containerDepthMax && items.some((item) => item instanceof Nested)) {
      reader.invalid('out of range')
    }
    return items
  }

  override writePending(out: Encoder): void {
    super.writePending(out)
    if (this.#dirty.size === 0) {
      out.writer.byte(0)
      return
    }
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
      if (!this.sequence.has(dotActor(dot), dotCounter(dot)) || this.isUnderWay(dot)) continue
      const position = this.shownAt(dot)
      const item = position === undefined ? null : this.#items.get(position)
      if (!(item instanceof Nested && item.tag === child.tag)) this.#children.delete(dot)
    }
  }

  override read(input: Decoder): Apply {
    const applyRuns = super.read(input)
    const count = input.reader.count(4)
    if (count === 0 && input.context === undefined) return applyRuns
    const fresh = new Map<number, Container>()
    const listed = new Set<number>()
    const steps: Apply[] = []
    for (let left = count; left > 0; left -= 1) {
      const dot = readDot(input)
      const tag = input.reader.byte()
      if (listed.has(dot)) input.reader.invalid('listed twice')
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
