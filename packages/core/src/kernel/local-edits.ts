/** What the local actor does to a list or text, by position or id, and what takes it back. */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import type { JsonValue } from '../codec/json.ts'
import { emit, type Inverse, noteInverse } from './container.ts'
import { findElementId, formatElementId } from './element-id.ts'
import { ElementIds } from './element-ids.ts'
import type { Ids } from './runs.ts'
import { isPrivate } from './seen.ts'
import { SELF } from './site.ts'

/** A stretch of ids that was deleted: its first id, how many, where it stood, and its content. */
type Deleted = readonly [first: string, size: number, at: number, copied: JsonValue]
/** Ids that follow each other. */
type IdRun = readonly [first: string, size: number]

export abstract class LocalEdits<C> extends ElementIds {
  /** Ids whose deletion the next delta must name. */
  protected gone: Ids[] = []
  /** Whether ids were added in the change in progress. */
  protected inserted = false

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

  #noteInserted(first: number, count: number): void {
    if (this.place.site.inverses !== undefined) noteInverse(this, 'delete', this.#ownId(first), count)
  }

  #ownId(counter: number): string {
    return formatElementId(this.place.site, packDot(SELF, counter))
  }

  override revert([does, ...needs]: Inverse): void {
    if (does === 'insert') {
      for (const run of needs as unknown as Deleted[]) this.#insertDeleted(run)
      return
    }
    const [id, count] = needs as unknown as IdRun
    const first = findElementId(this.place.site, id)
    if (first !== undefined) this.#deleteInserted(first, count)
  }

  /** Undo of an insertion: what of it still shows is deleted. */
  #deleteInserted(first: number, count: number): void {
    for (let i = count - 1; i >= 0; i -= 1) {
      // In stretches: what one wrote in one go mostly still stands together.
      const end = this.shownNow(first + i)
      if (end === undefined) continue
      let from = end
      while (i > 0 && from > 0 && this.shownNow(first + i - 1) === from - 1) {
        i -= 1
        from -= 1
      }
      this.touch()
      this.deleteRange(from, end - from + 1)
    }
  }

  copy(): JsonValue {
    const ids: IdRun[] = []
    let last = -1
    for (const dot of this.visibleDots()) {
      if (dot === last + 1) ids[ids.length - 1] = [(ids.at(-1) as IdRun)[0], (ids.at(-1) as IdRun)[1] + 1]
      else ids.push([formatElementId(this.place.site, dot), 1])
      last = dot
    }
    return { ids, content: this.copyContent(0, this.length) } as unknown as JsonValue
  }

  paste(copied: JsonValue): void {
    const { ids, content } = copied as unknown as { readonly ids: readonly IdRun[]; readonly content: JsonValue }
    if (ids.length === 0) return
    let at = this.pasteContent(content, undefined)
    for (const [id, size] of ids) {
      this.#isCopy(findElementId(this.place.site, id), at, size)
      at += size
    }
  }

  /** Takes note of what elements are copies of. */
  #isCopy(first: number | undefined, copy: number, size: number): void {
    if (first === undefined) return
    for (let i = 0; i < size; i += 1) this.place.site.copies.set(first + i, copy + i)
  }

  /** Where an element shows, be it as itself or as the copy that undo brought back. */
  protected shownNow(element: number): number | undefined {
    return this.shownAt(this.standIn(element))
  }

  /** What stands for an element now: itself, or the copy that undo brought back. */
  protected standIn(element: number): number {
    const { copies } = this.place.site
    let at = element
    for (let copy = copies.get(at); copy !== undefined; copy = copies.get(at)) at = copy
    return at
  }

  /** Where the element that an address names shows, be it as itself or as a copy. */
  protected namedAt(id: string): number | undefined {
    const element = findElementId(this.place.site, id)
    return element === undefined ? undefined : this.shownNow(element)
  }

  /** Undo of a deletion: the same content again, beside the ids that it had. */
  #noteDeleted(position: number, count: number): void {
    const { site } = this.place
    if (site.inverses === undefined) return
    const runs: Deleted[] = []
    for (let at = position; at < position + count; ) {
      const { actor, counter } = this.sequence.idAt(at)
      const size = Math.min(this.sequence.stretchAt(at), position + count - at)
      runs.push([formatElementId(site, packDot(actor, counter)), size, at, this.copyContent(at, size)])
      at += size
    }
    noteInverse(this, 'insert', ...(runs as unknown as JsonValue[]))
  }

  #insertDeleted([id, size, at, copied]: Deleted): void {
    const first = findElementId(this.place.site, id)
    const last = first === undefined ? undefined : first + size - 1
    // In a copy of what it was deleted from, its ids are not known, and the position must do.
    const known = last !== undefined && this.sequence.has(dotActor(last), dotCounter(last))
    const copy = this.pasteContent(copied, known ? last : this.#idBefore(Math.min(at, this.length)))
    for (let i = 0; first !== undefined && i < size; i += 1) {
      this.#isCopy(this.elementOf(first + i), copy + i, 1)
    }
  }

  #idBefore(position: number): number | undefined {
    if (position === 0) return undefined
    const { actor, counter } = this.sequence.idAt(position - 1)
    return packDot(actor, counter)
  }

  /** Content as JSON, from which `pasteContent` makes it again. */
  protected abstract copyContent(position: number, count: number): JsonValue
  /** Inserts copied content behind an id, or at the start. Answers the first of the new ids. */
  protected abstract pasteContent(copied: JsonValue, behind: number | undefined): number

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
