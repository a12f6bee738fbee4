/**
 * 2P-Set: a set from which an element can be removed once and for all (Shapiro et al. 2011).
 *
 * For users: removal wins over everything, for ever; an element that was removed never comes back. For revocation lists and
 * the like. Conflicts: a removal wins. Space: the elements ever added, removed ones included. Left out: adding again (see
 * `OrSet`); it cannot be reset.
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

export class TwoPhaseSet<T extends JsonValue = JsonValue> extends Container {
  readonly tag: number = tags.twoPhaseSet
  /** Elements in the set, and elements that were removed. */
  readonly #live = new Elems<T>()
  readonly #removed = new Elems<T>()

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<T extends JsonValue>(bytes: Uint8Array, actor: Actor): TwoPhaseSet<T> {
    return loadEncoded(new TwoPhaseSet<T>(actor), bytes)
  }

  /** Adds an element. O(1). Throws `CORE_PRECONDITION_FAILED` for one that was removed: it cannot come back. */
  add(elem: T): void {
    const value = normalizeJson(elem)
    if (this.wasRemoved(value)) refuse('CORE_PRECONDITION_FAILED', 'removed for ever')
    this.touch()
    this.place.site.mark()
    this.#insert(value, true)
  }

  /** Removes an element for ever. O(1). Answers false, and does nothing, when it is not in the set. */
  remove(elem: T): boolean {
    if (!this.has(elem)) return false
    this.touch()
    this.place.site.mark()
    this.#bury(normalizeJson(elem), true)
    return true
  }

  #insert(elem: T, local: boolean): void {
    const key = valueKey(elem)
    if (this.#live.has(key) || this.#removed.has(key)) return
    this.#live.add(key, elem, local)
    emit(this, (path) => ({ type: 'add', path, elem }))
  }

  #bury(elem: T, local: boolean): void {
    const key = valueKey(elem)
    if (this.#removed.has(key)) return
    // What was added since the last take leaves as removed, whoever removed it.
    this.#removed.add(key, elem, local || this.#live.isPending(key))
    if (this.#live.delete(key)) emit(this, (path) => ({ type: 'remove', path, elem }))
  }

  has(elem: T): boolean {
    return this.#live.has(valueKey(elem))
  }

  /** True for an element that was in the set and never can be again. */
  wasRemoved(elem: T): boolean {
    return this.#removed.has(valueKey(elem))
  }

  get size(): number {
    return this.#live.size
  }

  /** The elements, in the order in which they arrived here. */
  values(): IterableIterator<T> {
    return this.#live.values()
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values()
  }

  /** The elements in canonical order, the same on every replica. */
  toJSON(): JsonValue {
    return this.#live.sorted()
  }

  copy(): JsonValue {
    return [...this.values()]
  }

  paste(copied: JsonValue): void {
    pasteElements(this, copied)
  }

  isBottom(): boolean {
    return this.#live.size === 0 && this.#removed.size === 0
  }

  mentions(): boolean {
    return false
  }

  writePending(out: Encoder): void {
    this.#live.writePending(out)
    this.#removed.writePending(out)
  }

  writeState(out: Encoder): void {
    this.#live.writeState(out)
    this.#removed.writeState(out)
  }

  read(input: Decoder): Apply {
    const added = readElems<T>(input)
    const removed = readElems<T>(input)
    return () => {
      for (const elem of added) this.#insert(elem, false)
      for (const elem of removed) this.#bury(elem, false)
    }
  }

  reset(): void {
    refuse('CORE_PRECONDITION_FAILED', 'cannot be reset')
  }

  clear(): void {
    this.#live.clear()
    this.#removed.clear()
  }
}
