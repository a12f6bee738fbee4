/** Values under the keys of a map that are not plain, by type and key: nearly always of one type. */
import type { Writer } from '../codec/writer.ts'
import type { Cell } from '../kernel/cell.ts'
import type { Container } from '../kernel/container.ts'
import { beginPart } from '../kernel/parts.ts'

/** For registers the cell is the value; for others the presence of the container. */
export interface Slot {
  readonly key: string
  readonly tag: number
  readonly cell: Cell
  readonly child: Container | undefined
  /** As of containers. */
  readonly born: number
}

export class Slots {
  readonly #byTag = new Map<number, Map<string, Slot>>()

  /** Whether there never was any. */
  get isEmpty(): boolean {
    return this.#byTag.size === 0
  }

  get(key: string, tag: number): Slot | undefined {
    return this.#byTag.get(tag)?.get(key)
  }

  /** Those of all types under a key. */
  of(key: string): Slot[] {
    const found: Slot[] = []
    for (const slots of this.#byTag.values()) {
      const slot = slots.get(key)
      if (slot !== undefined) found.push(slot)
    }
    return found
  }

  *all(): Iterable<Slot> {
    for (const slots of this.#byTag.values()) yield* slots.values()
  }

  keep(isKept: (slot: Slot) => boolean): void {
    for (const [tag, slots] of this.#byTag) {
      for (const [key, slot] of slots) if (!isKept(slot)) slots.delete(key)
      if (slots.size === 0) this.#byTag.delete(tag)
    }
  }

  add(slot: Slot): Slot {
    let slots = this.#byTag.get(slot.tag)
    if (slots === undefined) {
      slots = new Map()
      this.#byTag.set(slot.tag, slots)
    }
    slots.set(slot.key, slot)
    return slot
  }
}

/** `key  tag  part: cell, [container]`. Answers where the part begins. */
export function beginSlot(writer: Writer, { key, tag }: Slot): number {
  writer.string(key)
  writer.byte(tag)
  return beginPart(writer)
}
