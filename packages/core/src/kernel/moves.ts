/**
 * Where list elements were moved to. An element is named by the id it was created with; each move gives it another id to stand
 * at, its slot, and the youngest move wins (Kleppmann, "Moving elements in list CRDTs", 2020). So concurrent moves end at one
 * place, what is edited inside goes along, and an element that somebody deletes is deleted wherever it is moved to.
 *
 * Once a slot lost it never shows again: the winner's timestamp only grows. What is kept is one entry per move.
 */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { firstWhere } from '../search.ts'
import type { Site } from './site.ts'

export interface Move {
  /** The id that the element stands at by this move. */
  readonly slot: number
  /** The id it was created with. */
  readonly element: number
  /** Microseconds since 1970. */
  readonly time: number
}

export class Moves {
  readonly #bySlot = new Map<number, Move>()
  /** The slot that won so far; the element's own id while none of its moves is in place. */
  readonly #slots = new Map<number, number>()
  readonly #dead = new Set<number>()
  /** Slots, then elements, ascending: made when somebody asks for those of a stretch of ids, and anew after the next move. */
  #sorted: readonly [slots: readonly number[], elements: readonly number[]] | undefined

  get size(): number {
    return this.#bySlot.size
  }

  all(): Iterable<Move> {
    return this.#bySlot.values()
  }

  /** Elements that were moved and deleted. */
  dead(): Iterable<number> {
    return this.#dead
  }

  at(slot: number): Move | undefined {
    return this.#bySlot.get(slot)
  }

  /** The element that an id stands for. */
  elementOf(id: number): number {
    return this.#bySlot.get(id)?.element ?? id
  }

  /** The id that an element stands at. */
  slotOf(element: number): number {
    return this.#slots.get(element) ?? element
  }

  isMoved(element: number): boolean {
    return this.#slots.has(element)
  }

  isDead(element: number): boolean {
    return this.#dead.has(element)
  }

  add(move: Move): void {
    this.#bySlot.set(move.slot, move)
    this.#sorted = undefined
    if (!this.#slots.has(move.element)) this.#slots.set(move.element, move.element)
  }

  /** The element stands at this slot from now on. */
  settle({ slot, element }: Move): void {
    this.#slots.set(element, slot)
  }

  bury(element: number): void {
    this.#dead.add(element)
  }

  /** Whether a move wins over those that are in place. */
  wins(site: Site, { slot, element, time }: Move): boolean {
    const other = this.#bySlot.get(this.slotOf(element))
    if (other === undefined) return true
    if (time !== other.time) return time > other.time
    const [actor, otherActor] = [dotActor(slot), dotActor(other.slot)]
    if (actor !== otherActor) return site.actors.compare(actor, otherActor) > 0
    return slot > other.slot
  }

  /** Slots among consecutive ids, ascending. O(log n) beside what it answers. */
  slotsIn(actor: number, counter: number, count: number): readonly number[] {
    if (this.size === 0) return NONE
    const first = packDot(actor, counter)
    return count <= FEW ? these(first, count, this.#bySlot) : within(this.#index()[0], first, count)
  }

  /** Moved elements among consecutive ids, ascending. O(log n) beside what it answers. */
  elementsIn(actor: number, counter: number, count: number): readonly number[] {
    if (this.size === 0) return NONE
    const first = packDot(actor, counter)
    return count <= FEW ? these(first, count, this.#slots) : within(this.#index()[1], first, count)
  }

  #index(): readonly [readonly number[], readonly number[]] {
    const ascending = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b)
    this.#sorted ??= [ascending(this.#bySlot.keys()), ascending(this.#slots.keys())]
    return this.#sorted
  }

  /** Visits the stretches of consecutive ids that no move is about. */
  forEachUnmoved(actor: number, counter: number, count: number, visit: (counter: number, count: number) => void): void {
    const moved = [...this.elementsIn(actor, counter, count), ...this.slotsIn(actor, counter, count)]
    let at = counter
    for (const id of moved.sort((a, b) => a - b)) {
      if (dotCounter(id) > at) visit(at, dotCounter(id) - at)
      at = dotCounter(id) + 1
    }
    if (at < counter + count) visit(at, counter + count - at)
  }

  clear(): void {
    this.#bySlot.clear()
    this.#slots.clear()
    this.#dead.clear()
    this.#sorted = undefined
  }
}

const NONE: readonly number[] = []
/** So few ids are looked up one by one. */
const FEW = 8

function these(first: number, count: number, among: ReadonlyMap<number, unknown>): number[] {
  return Array.from({ length: count }, (_, i) => first + i).filter((id) => among.has(id))
}

function within(sorted: readonly number[], first: number, count: number): readonly number[] {
  const from = firstWhere(sorted.length, (i) => (sorted[i] as number) >= first)
  const to = firstWhere(sorted.length, (i) => (sorted[i] as number) >= first + count)
  return sorted.slice(from, to)
}
