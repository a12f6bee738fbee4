/** Positions, ids and cursors of the elements of a list or text. */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { refuse } from '../errors.ts'
import type { Sequence } from '../sequence/sequence.ts'
import { CausalContainer } from './causal-container.ts'
import { formatElementId, parseElementId } from './element-id.ts'

/** Cursors that have no neighbour. */
const START = '<'
const END = '>'

export abstract class ElementIds extends CausalContainer {
  protected abstract get sequence(): Sequence
  /** Number of visible elements (of a text: UTF-16 units). */
  abstract get length(): number

  /** The element that an id stands for, and the id that an element stands at: the same unless elements can move. */
  protected elementOf(dot: number): number {
    return dot
  }

  protected slotOf(dot: number): number {
    return dot
  }

  /** The element at each position. O(n). */
  protected visibleDots(): number[] {
    const dots: number[] = []
    this.sequence.forEachRun((actor, counter, count, deleted) => {
      if (!deleted) for (let i = 0; i < count; i += 1) dots.push(this.elementOf(packDot(actor, counter + i)))
    })
    return dots
  }

  /** The element at a position. */
  protected dotAt(position: number): number {
    const { actor, counter } = this.sequence.idAt(position)
    return this.elementOf(packDot(actor, counter))
  }

  /** The dot of an id that a caller named. Throws `CORE_POSITION_INVALID` when it is not known here. */
  protected known(id: string): number {
    const dot = parseElementId(this.place.site, id)
    if (!this.sequence.has(dotActor(dot), dotCounter(dot))) refuse('CORE_POSITION_INVALID', 'no such element')
    return dot
  }

  /** The id of an element: stays the same whatever is edited around it. Throws `CORE_POSITION_INVALID` for no position. */
  idAt(position: number): string {
    this.checkRange(position, 1)
    return formatElementId(this.place.site, this.dotAt(position))
  }

  /** Ids of all elements, in order. O(n). */
  ids(): string[] {
    return this.visibleDots().map((dot) => formatElementId(this.place.site, dot))
  }

  /**
   * A position that stays with its neighbour whatever is edited: `resolveCursor` tells where it is now. The text can be stored
   * and sent. O(log n). Throws `CORE_POSITION_INVALID` outside the sequence.
   * @param stick which neighbour: the element that follows (text typed here comes before the cursor), or the one before.
   */
  cursorAt(position: number, stick: 'following' | 'former' = 'following'): string {
    this.checkRange(position, 0)
    if (stick === 'following') return position === this.length ? END : `>${this.idAt(position)}`
    return position === 0 ? START : `<${this.idAt(position - 1)}`
  }

  /** Where a cursor is now: next to its neighbour, or to where that was. Throws `CORE_POSITION_INVALID` for no cursor. */
  resolveCursor(cursor: string): number {
    if (cursor === START) return 0
    if (cursor === END) return this.length
    if (!/^[<>]/.test(cursor)) refuse('CORE_POSITION_INVALID', 'not a cursor')
    const slot = this.slotOf(this.known(cursor.slice(1)))
    const position = this.sequence.positionOf(dotActor(slot), dotCounter(slot))
    const behind = cursor[0] === '<' && this.sequence.isVisible(dotActor(slot), dotCounter(slot))
    return behind ? position + 1 : position
  }

  /** Where the element with an id stands; undefined when it is deleted or unknown. */
  protected placeOfId(id: string): number | undefined {
    return this.shownAt(parseElementId(this.place.site, id))
  }

  /** Where an element shows; undefined when it is deleted or unknown. */
  protected shownAt(element: number): number | undefined {
    const slot = this.slotOf(element)
    const actor = dotActor(slot)
    const counter = dotCounter(slot)
    const shows = this.sequence.has(actor, counter) && this.sequence.isVisible(actor, counter)
    return shows ? this.sequence.positionOf(actor, counter) : undefined
  }

  protected checkRange(index: number, count: number): void {
    if (
      !Number.isInteger(index) ||
      !Number.isInteger(count) ||
      index < 0 ||
      count < 0 ||
      index + count > this.sequence.length
    ) {
      refuse('CORE_POSITION_INVALID', `${count} at ${index} is outside a length of ${this.length}`)
    }
  }
}
