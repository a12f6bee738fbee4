/** The kernel of sets that only grow: elements by key, and which of them were added since the last take. */
import { type JsonValue, readJson, writeJson } from '../codec/json.ts'
import { compareKeys, type ValueKey } from '../codec/value-key.ts'
import type { Decoder, Encoder } from './codec.ts'
import type { Container } from './container.ts'

export class Elems<T extends JsonValue> {
  readonly #byKey = new Map<ValueKey, T>()
  readonly #pending = new Map<ValueKey, T>()

  get size(): number {
    return this.#byKey.size
  }

  has(key: ValueKey): boolean {
    return this.#byKey.has(key)
  }

  isPending(key: ValueKey): boolean {
    return this.#pending.has(key)
  }

  /** In the order in which they arrived here. */
  values(): IterableIterator<T> {
    return this.#byKey.values()
  }

  /** In canonical order. */
  sorted(): T[] {
    return [...this.#byKey].sort(([a], [b]) => compareKeys(a, b)).map(([, elem]) => elem)
  }

  /** @param local whether the next delta must tell of it. */
  add(key: ValueKey, elem: T, local: boolean): void {
    this.#byKey.set(key, elem)
    if (local) this.#pending.set(key, elem)
  }

  delete(key: ValueKey): boolean {
    this.#pending.delete(key)
    return this.#byKey.delete(key)
  }

  clear(): void {
    this.#byKey.clear()
    this.#pending.clear()
  }

  writePending(out: Encoder): void {
    write(out, [...this.#pending.values()])
    this.#pending.clear()
  }

  writeState(out: Encoder): void {
    write(out, this.sorted())
  }
}

function write(out: Encoder, elems: readonly JsonValue[]): void {
  out.writer.varint(elems.length)
  for (const elem of elems) writeJson(out.writer, elem)
}

export function readElems<T extends JsonValue>(input: Decoder): T[] {
  const elems: T[] = []
  for (let count = input.reader.count(); count > 0; count -= 1) elems.push(readJson(input.reader) as T)
  return elems
}

/** A set of any kind. */
interface Elements extends Container {
  values(): Iterable<JsonValue>
  add(elem: JsonValue): void
}

/** Adds elements that `copy` answered. */
export function pasteElements(set: Elements, copied: JsonValue): void {
  for (const elem of copied as JsonValue[]) set.add(elem)
}
