/**
 * Lists whose elements move: what moves add to the common parts of sequences. See `moves.ts` for the rule.
 *
 * An id shows where an element stands; the ids an element left are hidden like deleted ones, and which of the two it was
 * follows from the moves that a block lists.
 */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import type { Sequence } from '../sequence/sequence.ts'
import type { Decoder, Encoder } from './codec.ts'
import { type Apply, type Inverse, noteInverse } from './container.ts'
import { findElementId, formatElementId } from './element-id.ts'
import { type Item, MOVED_ITEM, Moved } from './items.ts'
import { checkMoves, readMoves, writeMoves } from './move-codec.ts'
import { arrangeMoves } from './move-order.ts'
import { type Move, Moves } from './moves.ts'
import { Ordered } from './ordered.ts'
import type { Entry } from './run-block.ts'
import { firstDot, type Ids, type Run, sliceRun } from './runs.ts'
import { isPending } from './seen.ts'
import { SELF } from './site.ts'

/** Content of moved elements that runs bring along. */
function carriedBy(entries: readonly Entry<readonly Item[]>[], moves: Moves): ReadonlyMap<number, Item> | undefined {
  let carried: Map<number, Item> | undefined
  for (const { run, content } of entries) {
    const move = run.deleted ? undefined : moves.at(firstDot(run))
    const item = content[run.offset]
    if (move === undefined || item === undefined || item instanceof Moved) continue
    carried ??= new Map()
    carried.set(move.element, item)
  }
  return carried
}

export abstract class Movable extends Ordered<readonly Item[]> {
  readonly #moves = new Moves()
  /** Moves and deletions of moved elements since the last take. */
  #newMoves: Move[] = []
  #newDead: number[] = []
  /** Elements that a block shows as moved, while it is joined: where they stood they are deleted for that reason. */
  #movedThere: ReadonlySet<number> | undefined
  /** Elements with their content, as places that they were moved to have it in the block that is joined. */
  #carried: ReadonlyMap<number, Item> | undefined
  /** Positions of elements that were only moved, while a delta is written. */
  readonly #away = new Set<number>()

  /**
   * Moves the element at an index to another one: where it stands when it was taken out and put in again. Concurrent moves of
   * one element end at one place. O(log n). Throws `CORE_POSITION_INVALID`.
   */
  move(from: number, to: number): void {
    this.checkRange(from, 1)
    this.checkRange(to, 1)
    if (from === to) return
    this.touch()
    const { site } = this.place
    const element = this.dotAt(from)
    const item = this.itemAt(from)
    this.#noteMoved(element, from)
    this.takeOut(from)
    // It comes after the move that it takes the place of, whatever the clock says.
    const former = this.#moves.at(this.#moves.slotOf(element))?.time ?? 0
    const move = { slot: this.insertSlots(to, 1), element, time: Math.max(site.time(), former + 1) }
    this.#moves.add(move)
    this.#moves.settle(move)
    this.#newMoves.push(move)
    this.insertContent(to, [item], 0, 1)
  }

  /** Undo of a move: the element goes back to where it stood, unless somebody moved or deleted it since. */
  #noteMoved(element: number, from: number): void {
    if (this.place.site.inverses === undefined) return
    const { site } = this.place
    const former = from === 0 ? null : formatElementId(site, this.dotAt(from - 1))
    // The slot that the element is about to get.
    const slot = packDot(SELF, site.last + 1)
    noteInverse(this, 'move', formatElementId(site, element), formatElementId(site, slot), former)
  }

  override revert(inverse: Inverse): void {
    const [does, element, slot, former] = inverse
    if (does === 'move') this.#moveBack(element as string, slot as string, former as string | null)
    else super.revert(inverse)
  }

  #moveBack(id: string, slot: string, former: string | null): void {
    const { site } = this.place
    const moved = findElementId(site, id)
    if (moved === undefined) return
    const element = this.standIn(moved)
    const at = this.shownAt(element)
    // A copy stands where it was put until somebody moves it.
    const there = element === moved ? findElementId(site, slot) : element
    if (at === undefined || this.#moves.slotOf(element) !== there) return
    const neighbour = former === null ? undefined : findElementId(site, former)
    const before = neighbour === undefined ? undefined : this.shownNow(neighbour)
    const to = before === undefined ? 0 : before < at ? before + 1 : before
    this.move(at, Math.min(to, this.length - 1))
  }

  protected override elementOf(dot: number): number {
    return this.#moves.size === 0 ? dot : this.#moves.elementOf(dot)
  }

  protected override slotOf(dot: number): number {
    return this.#moves.size === 0 ? dot : this.#moves.slotOf(dot)
  }

  protected override forget(actor: number, counter: number, count: number): void {
    if (this.#moves.size === 0) {
      super.forget(actor, counter, count)
      return
    }
    for (let i = 0; i < count; i += 1) {
      const element = this.#moves.elementOf(packDot(actor, counter + i))
      super.forget(dotActor(element), dotCounter(element), 1)
      if (this.#moves.isMoved(element)) {
        this.#moves.bury(element)
        this.#newDead.push(element)
      }
    }
  }

  /** Whether an element is alive and shows nowhere: it was moved to a place that has not arrived. */
  protected isUnderWay(element: number): boolean {
    return this.#moves.isMoved(element) && !this.#moves.isDead(element) && this.shownAt(element) === undefined
  }

  /** Deletes an element that was moved, wherever it stands. */
  #kill(element: number): void {
    this.#moves.bury(element)
    const slot = this.#moves.slotOf(element)
    if (this.sequence.has(dotActor(slot), dotCounter(slot))) this.hide(dotActor(slot), dotCounter(slot), 1)
  }

  protected override bury(actor: number, counter: number, count: number): void {
    this.hide(actor, counter, count)
    this.#killIn(actor, counter, count)
  }

  protected override buryEarly(actor: number, counter: number, count: number): void {
    super.buryEarly(actor, counter, count)
    this.#killIn(actor, counter, count)
  }

  #killIn(actor: number, counter: number, count: number): void {
    for (const element of this.#moves.elementsIn(actor, counter, count)) this.#kill(element)
    for (const slot of this.#moves.slotsIn(actor, counter, count)) this.#kill(this.#moves.elementOf(slot))
  }

  protected override showsElsewhere(element: number): number | undefined {
    const slot = this.#moves.slotOf(element)
    return slot === element || isPending(this.place.site, slot) ? undefined : this.shownAt(element)
  }

  /** What a block shows as deleted because it was moved there is not deleted; whoever knew of no move deleted it. */
  protected override arriveDeleted({ actor, counter, count }: Ids): void {
    for (const element of this.#moves.elementsIn(actor, counter, count)) {
      if (!this.#movedThere?.has(element)) this.#kill(element)
    }
  }

  /** Whether an id shows follows from the moves where there are any. */
  protected override joinDeleted(actor: number, counter: number, count: number): void {
    this.#moves.forEachUnmoved(actor, counter, count, (from, size) => this.hide(actor, from, size))
  }

  /** Notes a move made elsewhere. Its place is decided when its slot arrives. */
  #learn(move: Move): void {
    const { slot, element } = move
    if (this.#moves.at(slot) !== undefined) return
    // What is no move of an element to a new id is none.
    if (this.sequence.has(dotActor(slot), dotCounter(slot))) return
    if (this.#moves.at(element) !== undefined || this.#moves.isMoved(slot)) return
    const first = !this.#moves.isMoved(element)
    this.#moves.add(move)
    if (!first) return
    // An element that was never moved and shows no longer was deleted.
    const [actor, counter] = [dotActor(element), dotCounter(element)]
    const known = this.sequence.has(actor, counter)
    if (known ? !this.sequence.isVisible(actor, counter) : this.isEarly(element)) this.#moves.bury(element)
  }

  /** A slot needs its parent and its element. */
  protected override arrange(entries: readonly Entry<readonly Item[]>[]): readonly Entry<readonly Item[]>[] {
    if (this.#moves.size === 0) return entries
    const arranged = arrangeMoves(entries, this.#moves)
    this.#carried = this.place.site.standalone ? carriedBy(arranged, this.#moves) : undefined
    return arranged
  }

  protected override put(entry: Entry<readonly Item[]>): void {
    const { run } = entry
    const move = this.#moves.at(packDot(run.actor, run.counter))
    if (move !== undefined) this.#putMove(entry, move)
    else if (run.deleted && this.#carried !== undefined) this.#putMoved(run, this.#carried)
    else super.put(entry)
  }

  /**
   * Elements that a block does not show where they were made, because it shows them elsewhere: they begin where they were made, with
   * the content that came along, and go on from there if the other place is here already. Else they stay until it is.
   */
  #putMoved(run: Run, carried: ReadonlyMap<number, Item>): void {
    let from = 0
    for (const element of this.#moves.elementsIn(run.actor, run.counter, run.count)) {
      const item = carried.get(element)
      if (item === undefined || this.#moves.isDead(element)) continue
      const at = dotCounter(element) - run.counter
      if (at > from) super.put({ run: sliceRun(run, from, at), content: [] })
      super.put({ run: { ...sliceRun(run, at, at + 1), deleted: false, offset: 0 }, content: [item] })
      from = at + 1
    }
    if (from < run.count) super.put({ run: sliceRun(run, from, run.count), content: [] })
  }

  protected override wait(entry: Entry<readonly Item[]>): void {
    const { run, content } = entry
    // Of two copies of a moved element the one with content is kept.
    const moved = this.#moves.at(packDot(run.actor, run.counter)) !== undefined
    if (moved && !run.deleted && !(content[run.offset] instanceof Moved)) {
      this.dropWaiting(run.actor, run.counter, run.count)
    }
    super.wait(entry)
  }

  #putMove(entry: Entry<readonly Item[]>, move: Move): void {
    const { run, content } = entry
    const { element } = move
    const { sequence } = this
    if (this.lacksParent(run) || !sequence.has(dotActor(element), dotCounter(element))) {
      if (run.placement.parentActor >= 0) this.place.site.mentioned.add(run.placement.parentActor)
      this.wait(entry)
      return
    }
    const wins = !run.deleted && !this.#moves.isDead(element) && this.#moves.wins(this.place.site, move)
    if (!wins) {
      super.put({ run: { ...run, deleted: true }, content })
      return
    }
    const there = this.shownAt(element)
    const sent = content[run.offset] as Item
    if (sent instanceof Moved && there === undefined) {
      // Another move took it away from there and has not arrived.
      this.wait(entry)
      return
    }
    const item = sent instanceof Moved ? this.itemAt(there as number) : sent
    const slot = this.#moves.slotOf(element)
    this.hide(dotActor(slot), dotCounter(slot), 1)
    this.#moves.settle(move)
    super.put({ run: { ...run, offset: 0 }, content: [item] })
  }

  protected override readMoves(input: Decoder, loaded: Sequence | undefined): Apply {
    const { moves, dead } = readMoves(input)
    if (input.context !== undefined) checkMoves(input, { moves, dead }, loaded)
    return () => {
      this.#movedThere = moves.length === 0 ? undefined : new Set(moves.map(({ element }) => element))
      const adopts = this.isBottom()
      for (const move of moves) {
        this.place.site.mentioned.add(dotActor(move.element))
        if (!adopts) this.#learn(move)
        else {
          this.#moves.add(move)
          const [actor, counter] = [dotActor(move.slot), dotCounter(move.slot)]
          if (loaded?.has(actor, counter) && loaded.isVisible(actor, counter)) this.#moves.settle(move)
        }
      }
      for (const element of dead) if (this.#moves.isMoved(element)) this.#kill(element)
    }
  }

  protected abstract itemAt(position: number): Item

  /** The item at a position as a delta or state carries it. */
  protected itemToSend(position: number): Item {
    return this.#away.has(position) ? MOVED_ITEM : this.itemAt(position)
  }

  override mentions(actor: number): boolean {
    if (super.mentions(actor)) return true
    for (const { element } of this.#moves.all()) if (dotActor(element) === actor) return true
    return false
  }

  override clear(): void {
    super.clear()
    this.#moves.clear()
    this.#newMoves = []
    this.#newDead = []
  }

  override writePending(out: Encoder): void {
    // What somebody has already is not sent again with its move.
    for (const { slot, element } of this.#newMoves) {
      const position = this.#moves.slotOf(element) === slot ? this.shownAt(element) : undefined
      // A stand-alone delta may come before what it builds on, so it brings its own.
      if (position !== undefined && !out.site.standalone && !isPending(out.site, element)) this.#away.add(position)
    }
    super.writePending(out)
    this.#away.clear()
    writeMoves(out, this.#newMoves, this.#newDead)
    if (this.#newMoves.length > 0) this.#newMoves = []
    if (this.#newDead.length > 0) this.#newDead = []
  }

  override writeState(out: Encoder): void {
    super.writeState(out)
    writeMoves(out, [...this.#moves.all()], [...this.#moves.dead()])
  }

  override read(input: Decoder): Apply {
    const apply = super.read(input)
    return () => {
      apply()
      this.#movedThere = undefined
    }
  }
}
