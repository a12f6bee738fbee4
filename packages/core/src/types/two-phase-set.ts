/**
 * 2P-Set: a set from which an element can be removed once and for all (Shapiro et al. 2011).
 *
 * For users: removal wins over everything, for ever; an element that was removed never comes back. For revocation lists and
 * the like. Conflicts: a removal wins. Space: the elements ever added, removed ones included. Left out: adding again (see
 * `OrSet`); it cannot be reset.
 */
import type { Actor } from '../causality/actor.ts'
import { type JsonValue, normalizeJson } from '../codec/json.ts'
import { compareKeys, type ValueKey, valueKey } from '../codec/value-key.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, Container, emit } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { readElems, writeElems } from './g-set.ts'
import { tags } from './tags.ts'

interface Member<T> {
  readonly elem: T
  readonly removed: boolean
}

export class TwoPhaseSet<T extends JsonValue = JsonValue> extends Container {
  readonly tag: number = tags['2pset']
  readonly #members = new Map<ValueKey, Member<T>>()
  #pending = new Set<ValueKey>()
  #size = 0

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<T extends JsonValue>(bytes: Uint8Array, actor: Actor): TwoPhaseSet<T> {
    return loadEncoded(new TwoPhaseSet<T>(actor), bytes)
  }

  /** Adds an element. O(1). Throws `CORE_PRECONDITION_FAILED` for one that was removed: it cannot come back. */
  add(elem: T): void {
    const value = normalizeJson(elem)
    if (this.wasRemoved(value)) refuse('CORE_PRECONDITION_FAILED', 'removed from a 2P-Set is removed for ever')
    this.touch()
    this.place.site.mark()
    this.#merge(value, false, true)
  }

  /** Removes an element for ever. O(1). Answers false, and does nothing, when it is not in the set. */
  remove(elem: T): boolean {
    if (!this.has(elem)) return false
    this.touch()
    this.place.site.mark()
    this.#merge(normalizeJson(elem), true, true)
    return true
  }

  #merge(elem: T, removed: boolean, local: boolean): void {
    const key = valueKey(elem)
    const before = this.#members.get(key)
    if (before !== undefined && (before.removed || !removed)) return
    this.#members.set(key, { elem, removed })
    if (local) this.#pending.add(key)
    const was = before === undefined ? 0 : 1
    this.#size += (removed ? 0 : 1) - was
    if (was !== (removed ? 0 : 1)) emit(this, (path) => ({ type: removed ? 'remove' : 'add', path, elem }))
  }

  has(elem: T): boolean {
    return this.#members.get(valueKey(elem))?.removed === false
  }

  /** True for an element that was in the set and never can be again. */
  wasRemoved(elem: T): boolean {
    return this.#members.get(valueKey(elem))?.removed === true
  }

  get size(): number {
    return this.#size
  }

  /** The elements, in the order in which they arrived here. */
  *values(): IterableIterator<T> {
    for (const { elem, removed } of this.#members.values()) if (!removed) yield elem
  }

  /** The elements in canonical order, the same on every replica. */
  toJSON(): JsonValue {
    return this.#select([...this.#members.keys()].sort(compareKeys), false)
  }

  #select(keys: readonly ValueKey[], removed: boolean): T[] {
    return keys.flatMap((key) => {
      const member = this.#members.get(key)
      return member?.removed === removed ? [member.elem] : []
    })
  }

  isBottom(): boolean {
    return this.#members.size === 0
  }

  mentions(): boolean {
    return false
  }

  #write(out: Encoder, keys: readonly ValueKey[]): void {
    writeElems(out, this.#select(keys, false))
    writeElems(out, this.#select(keys, true))
  }

  writePending(out: Encoder): void {
    this.#write(out, [...this.#pending])
    this.#pending = new Set()
  }

  writeState(out: Encoder): void {
    this.#write(out, [...this.#members.keys()].sort(compareKeys))
  }

  read(input: Decoder): Apply {
    const added = readElems<T>(input)
    const removed = readElems<T>(input)
    return () => {
      for (const elem of added) this.#merge(elem, false, false)
      for (const elem of removed) this.#merge(elem, true, false)
    }
  }

  reset(): void {
    refuse('CORE_PRECONDITION_FAILED', 'a 2P-Set cannot be reset: what was removed stays removed')
  }

  clear(): void {
    this.#members.clear()
    this.#pending = new Set()
    this.#size = 0
  }
}
