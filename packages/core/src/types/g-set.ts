/**
 * G-Set: a set that only grows (Shapiro et al. 2011).
 *
 * For users: what any replica added is in the set of all. Elements are JSON values, equal when their canonical form is.
 * Conflicts: there are none. Space: the elements. Left out: removal (see `OrSet`); it cannot be reset.
 */
import type { Actor } from '../causality/actor.ts'
import { type JsonValue, normalizeJson } from '../codec/json.ts'
import { valueKey } from '../codec/value-key.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, Container, emit } from '../kernel/container.ts'
import { Elems, pasteElements, readElems } from '../kernel/elems.ts'
import { loadEncoded } from '../kernel/frame.ts'
import * as tags from './tag-numbers.ts'

export class GSet<T extends JsonValue = JsonValue> extends Container {
  readonly tag: number = tags.gset
  readonly #elems = new Elems<T>()

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<T extends JsonValue>(bytes: Uint8Array, actor: Actor): GSet<T> {
    return loadEncoded(new GSet<T>(actor), bytes)
  }

  /** Adds an element. O(1). Throws `CORE_VALUE_INVALID` for what is not JSON. */
  add(elem: T): void {
    const value = normalizeJson(elem)
    this.touch()
    this.place.site.mark()
    this.#insert(value, true)
  }

  #insert(elem: T, local: boolean): void {
    const key = valueKey(elem)
    if (this.#elems.has(key)) return
    this.#elems.add(key, elem, local)
    emit(this, (path) => ({ type: 'add', path, elem }))
  }

  has(elem: T): boolean {
    return this.#elems.has(valueKey(elem))
  }

  get size(): number {
    return this.#elems.size
  }

  /** The elements, in the order in which they arrived here. */
  values(): IterableIterator<T> {
    return this.#elems.values()
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values()
  }

  /** The elements in canonical order, the same on every replica. */
  toJSON(): JsonValue {
    return this.#elems.sorted()
  }

  copy(): JsonValue {
    return [...this.values()]
  }

  paste(copied: JsonValue): void {
    pasteElements(this, copied)
  }

  isBottom(): boolean {
    return this.#elems.size === 0
  }

  mentions(): boolean {
    return false
  }

  writePending(out: Encoder): void {
    this.#elems.writePending(out)
  }

  writeState(out: Encoder): void {
    this.#elems.writeState(out)
  }

  read(input: Decoder): Apply {
    const elems = readElems<T>(input)
    return () => {
      for (const elem of elems) this.#insert(elem, false)
    }
  }

  reset(): void {
    refuse('CORE_PRECONDITION_FAILED', 'cannot be reset')
  }

  clear(): void {
    this.#elems.clear()
  }
}
