/** What the local actor does to a list or text, by position or id, and what takes it back. */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { emit, noteInverse } from './container.ts'
import { formatElementId } from './element-id.ts'
import { ElementIds } from './element-ids.ts'
import type { Ids } from './runs.ts'
import { isPrivate } from './seen.ts'
import { SELF } from './site.ts'

/** A stretch of ids that was deleted, and where it stood. */
export interface Deleted<C> {
  readonly first: number
  readonly size: number
  readonly at: number
  /** Inserts the content again behind an id, or at the start; answers the first of the new ids. */
  readonly restore: (into: LocalEdits<C>, behind: number | undefined) => number
}

export abstract class LocalEdits<C> extends ElementIds {
  /** Ids whose deletion the next delta must name. */
  protected gone: Ids[] = []
  /** Whether ids were added in the change in progress. */
  protected inserted = false
  /** What undo brought back, by what it is a copy of. */
  readonly #copies = new Map<number, number>()

  /** Puts `count` items of a block's content, from `offset` on, at a visible position. */
  protected abstract insertContent(position: number, content: C, offset: number, count: number): void
  protected abstract deleteContent(position: number, count: number): void
  /** New ids at a visible position. */
  protected insertIds(position: number, count: number): void {
    this.#noteInserted(this.insertSlots(position, count), count)
  }

  /** The same without a way back. Answers the first of the new ids. */
  protected insertSlots(position: number, count: number): number {
    this.inserted = true
    const first = this.place.site.dots(count)
    this.sequence.insert(position, SELF, first, count)
    return first
  }

  /** Undo of an insertion: what of it still shows is deleted. */
  #noteInserted(first: number, count: number): void {
    noteInverse<LocalEdits<C>>(this, (now) => now.#deleteInserted(first, count))
  }

  #deleteInserted(first: number, count: number): void {
    for (let i = count - 1; i >= 0; i -= 1) {
      // In stretches: what one wrote in one go mostly still stands together.
      const end = this.#shownNow(first + i)
      if (end === undefined) continue
      let from = end
      while (i > 0 && from > 0 && this.#shownNow(first + i - 1) === from - 1) {
        i -= 1
        from -= 1
      }
      this.touch()
      this.deleteRange(from, end - from + 1)
    }
  }

  /** The elements, to tell a copy what its own are copies of. @internal */
  elements(): readonly number[] {
    return this.visibleDots()
  }

  /** Tells a copy what its elements, one after the other, are copies of. @internal */
  copiedFrom(elements: readonly number[]): void {
    const own = this.visibleDots()
    for (const [i, element] of elements.entries()) this.#copies.set(element, own[i] as number)
  }

  /** Where an element shows, be it as itself or as the copy that undo brought back. */
  #shownNow(element: number): number | undefined {
    let at = element
    for (let copy = this.#copies.get(at); copy !== undefined; copy = this.#copies.get(at)) at = copy
    return this.shownAt(at)
  }

  /** Undo of a deletion: the same content again, beside the ids that it had. */
  #noteDeleted(position: number, count: number): void {
    if (this.place.site.inverses === undefined) return
    const runs: Deleted<C>[] = []
    for (let at = position; at < position + count; ) {
      const { actor, counter } = this.sequence.idAt(at)
      const size = Math.min(this.sequence.stretchAt(at), position + count - at)
      runs.push({ first: packDot(actor, counter), size, at, restore: this.copyOf(at, size) })
      at += size
    }
    noteInverse<LocalEdits<C>>(this, (now) => {
      for (const run of runs) now.#insertDeleted(run)
    })
  }

  #insertDeleted({ first, size, at, restore }: Deleted<C>): void {
    const last = first + size - 1
    // In a copy of what it was deleted from, its ids are not known, and the position must do.
    const known = this.sequence.has(dotActor(last), dotCounter(last))
    const copy = restore(this, known ? last : this.#idBefore(Math.min(at, this.length)))
    for (let i = 0; i < size; i += 1) this.#copies.set(this.elementOf(first + i), copy + i)
  }

  #idBefore(position: number): number | undefined {
    if (position === 0) return undefined
    const { actor, counter } = this.sequence.idAt(position - 1)
    return packDot(actor, counter)
  }

  /** Remembers content; the answer inserts it again behind an id and answers the first of the new ids. */
  protected abstract copyOf(position: number, count: number): Deleted<C>['restore']

  /** New content behind the element with an id (deleted or not), or at the start. Answers the new ids. */
  protected insertBehind(id: string | undefined, content: C, count: number): string[] {
    const { site } = this.place
    const reference = id === undefined ? undefined : this.known(id)
    if (count === 0) return []
    const first = this.insertBehindSlot(reference === undefined ? undefined : this.slotOf(reference), content, count)
    return Array.from({ length: count }, (_, i) => formatElementId(site, first + i))
  }

  /** New content behind an id, or at the start. Answers the first of the new ids. @internal */
  insertBehindSlot(slot: number | undefined, content: C, count: number): number {
    this.touch()
    this.inserted = true
    const first = this.place.site.dots(count)
    const actor = slot === undefined ? -1 : dotActor(slot)
    const counter = slot === undefined ? 0 : dotCounter(slot)
    this.insertContent(this.sequence.insertAfter(actor, counter, SELF, first, count).position, content, 0, count)
    this.#noteInserted(first, count)
    return first
  }

  /** Deletes by visible position, content included. */
  protected deleteRange(position: number, count: number): void {
    const { site } = this.place
    site.mark()
    this.#noteDeleted(position, count)
    this.sequence.delete(position, count, (actor, counter, size) => this.forget(actor, counter, size))
    this.cut(position, count)
  }

  /** Deletes one element if it shows. Answers whether it did. */
  protected deleteElement(element: number): boolean {
    if (this.shownAt(element) === undefined) return false
    const slot = this.slotOf(element)
    this.touch()
    this.place.site.mark()
    this.#noteDeleted(this.sequence.positionOf(dotActor(slot), dotCounter(slot)), 1)
    this.hide(dotActor(slot), dotCounter(slot), 1)
    this.forget(dotActor(slot), dotCounter(slot), 1)
    return true
  }

  protected cut(position: number, count: number): void {
    this.deleteContent(position, count)
    if (this.place.site.patches === undefined) return
    emit(this, (path) => ({ type: 'delete', path, index: position, count }))
  }

  /** Notes ids whose deletion the next delta must name. */
  protected forget(actor: number, counter: number, count: number): void {
    if (actor !== SELF || !isPrivate(this.place.site, counter)) this.gone.push({ actor, counter, count })
  }

  /** Makes ids show no longer, content included. */
  protected hide(actor: number, counter: number, count: number): void {
    this.sequence.remove(actor, counter, count, (position, size) => this.cut(position, size))
  }

  /** Ids that were taken out of place and stand somewhere else now. */
  protected takeOut(position: number): void {
    this.sequence.delete(position, 1, () => {})
    this.cut(position, 1)
  }

  /** Deletes the element with an id. Answers whether it was there. Throws `CORE_POSITION_INVALID` for an unknown id. */
  deleteById(id: string): boolean {
    return this.deleteElement(this.known(id))
  }
}
