/**
 * First leg of anti-entropy: two nodes find out in which lives they differ. One hash when they do not; where both have few lives,
 * the frontiers of all; otherwise a sketch, cell by cell until it can be read; and where that is of no use, ranges.
 */
import type { Context } from '../context.ts'
import type { Lives } from '../documents/lives.ts'
import { type Hash64, sameHash } from '../hash64.ts'
import type { PeerChoice } from '../membership/peer-choice.ts'
import type { DigestMessage, EqualMessage, MoreMessage, RangesMessage } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { ComparisonFigures } from './figures.ts'
import { Interval } from './interval.ts'
import { compareRanges, wholeRange } from './ranges.ts'
import type { Repair } from './repair.ts'
import { SketchDecoder } from './sketch.ts'

/** Cells that are asked for first. */
const CELLS_FIRST = 16

/** Differences that are passed over in a row. */
const PASSED_OVER_MAX = 3

/** Times that a peer's documents are asked for without anything coming of it. */
const PURSUITS = 3

/** A peer that has something which is not here. */
interface Pursuit {
  readonly from: NodeId
  readonly root: Hash64
  readonly dueMs: number
  readonly tries: number
}

/** A sketch that is being read. */
interface Reading {
  readonly root: Hash64
  /** What was here when it was begun: cells are compared with these. */
  readonly own: Hash64
  readonly decoder: SketchDecoder
}

export class Rounds {
  readonly interval: Interval
  readonly #context: Context
  readonly #lives: Lives
  readonly #repair: Repair
  readonly #choice: PeerChoice
  #newsMs = Number.NEGATIVE_INFINITY
  #passedOver = 0
  #pursuit: Pursuit | undefined
  readonly #readings = new Map<NodeId, Reading>()
  readonly figures: ComparisonFigures = new ComparisonFigures()

  constructor(context: Context, lives: Lives, repair: Repair, choice: PeerChoice) {
    this.#context = context
    this.#lives = lives
    this.#repair = repair
    this.#choice = choice
    this.interval = new Interval(context)
  }

  /** Something was just made here, or pushed here: others may lack it. */
  news(): void {
    this.#newsMs = this.#context.nowMs
    this.interval.reset()
  }

  /** While news keeps coming two nodes differ most of the time, in what is on its way: only every few times is that looked into. */
  #isOnItsWay(): boolean {
    const isRecent = this.#newsMs + this.#context.limits.repairAgeMs > this.#context.nowMs
    this.#passedOver = isRecent && this.#passedOver < PASSED_OVER_MAX ? this.#passedOver + 1 : 0
    return this.#passedOver > 0
  }

  wake(): void {
    this.#pursueAgain()
    if (this.interval.dueMs > this.#context.nowMs) return
    this.interval.next()
    const partner = this.#choice.partner()
    if (partner !== undefined) this.begin(partner)
  }

  /** Compares with a peer, now. */
  begin(to: NodeId): void {
    this.figures.begun(to, this.#context.nowMs)
    this.#send(to, 0, 0)
  }

  #send(to: NodeId, from: number, count: number): void {
    const { root } = this.#lives
    const cells = count === 0 ? [] : this.#lives.sketch.cells(from, count)
    this.#context.send(to, { kind: 'digest', root, count: this.#lives.count, from, cells }, 'repair')
  }

  equal(message: EqualMessage): void {
    if (!sameHash(message.root, this.#lives.root)) return
    this.figures.equal(this.#context.nowMs)
    this.interval.equal()
  }

  receive(from: NodeId, message: DigestMessage): void {
    const { root } = this.#lives
    if (sameHash(root, message.root)) {
      this.figures.equal(this.#context.nowMs)
      this.#readings.delete(from)
      this.#context.send(from, { kind: 'equal', root }, 'repair')
      return
    }
    if (message.cells.length === 0 && this.#isOnItsWay()) return
    this.figures.differs(this.#context.nowMs)
    this.interval.reset()
    const { shortListMax } = this.#context.limits
    if (message.cells.length > 0) this.#read(from, message)
    else if (this.#lives.count <= shortListMax && message.count <= shortListMax) {
      this.#repair.tell(from, [...this.#lives.listed()], { complete: true })
      this.#pursue(from, PURSUITS)
    } else this.#ask(from, message.root, this.#readSoFar(from, message))
  }

  /** Cells of this sketch that are here already: a reading may last for rounds, or have stopped because a message was lost. */
  #readSoFar(from: NodeId, { root }: DigestMessage): number {
    const known = this.#readings.get(from)
    const isSame = known !== undefined && sameHash(known.root, root) && sameHash(known.own, this.#lives.root)
    return isSame ? known.decoder.length : 0
  }

  /** What a peer has is asked for again if nothing comes of it. */
  #pursue(from: NodeId, tries: number): void {
    if (this.#pursuit !== undefined && this.#pursuit.dueMs > this.#context.nowMs) return
    const dueMs = this.#context.nowMs + this.#context.jitter(this.#context.limits.askAgainMs)
    this.#pursuit = { from, root: this.#lives.root, dueMs, tries }
  }

  #pursueAgain(): void {
    const pursuit = this.#pursuit
    if (pursuit === undefined || pursuit.dueMs > this.#context.nowMs) return
    this.#pursuit = undefined
    if (!sameHash(pursuit.root, this.#lives.root) || pursuit.tries === 0) return
    this.#repair.tell(pursuit.from, [...this.#lives.listed()], { complete: true })
    this.#pursue(pursuit.from, pursuit.tries - 1)
  }

  get dueMs(): number {
    return Math.min(this.interval.dueMs, this.#pursuit?.dueMs ?? Number.POSITIVE_INFINITY)
  }

  /** @param read cells at hand already. */
  #ask(to: NodeId, root: Hash64, read: number): void {
    const count = Math.min(this.#context.limits.digestCellsMax, Math.max(CELLS_FIRST, Math.ceil(read / 2)))
    this.#context.send(to, { kind: 'more', root, from: read, count }, 'repair')
  }

  #read(from: NodeId, message: DigestMessage): void {
    const reading = this.#readingOf(from, message)
    if (reading.decoder.length !== message.from) {
      if (message.from > reading.decoder.length) this.#ask(from, message.root, reading.decoder.length)
      return
    }
    const difference = reading.decoder.take(message.cells)
    if (difference !== undefined) {
      this.#readings.delete(from)
      const mine = difference.mine.flatMap((item) => this.#lives.ofItem(item) ?? [])
      this.#repair.tell(from, mine, { unknown: difference.theirs })
      return
    }
    const { length } = reading.decoder
    const useful = 4 * (this.#lives.count + message.count) + CELLS_FIRST
    if (length < Math.min(useful, this.#context.limits.digestCellsTotalMax)) this.#ask(from, message.root, length)
    else {
      this.#readings.delete(from)
      this.#sendRanges(from, wholeRange(this.#items()))
    }
  }

  #readingOf(from: NodeId, { root }: DigestMessage): Reading {
    const own = this.#lives.root
    const known = this.#readings.get(from)
    if (known !== undefined && sameHash(known.root, root) && sameHash(known.own, own)) return known
    const reading: Reading = { root, own, decoder: new SketchDecoder(this.#lives.sketch) }
    this.#readings.delete(from)
    this.#readings.set(from, reading)
    if (this.#readings.size > this.#context.limits.digestsMax) {
      for (const [oldest] of this.#readings) {
        this.#readings.delete(oldest)
        break
      }
    }
    return reading
  }

  /** A peer reads our sketch. When it is another one by now, the peer begins anew with it. */
  more(from: NodeId, message: MoreMessage): void {
    this.interval.reset()
    if (sameHash(message.root, this.#lives.root)) this.#send(from, message.from, message.count)
    else this.#send(from, 0, CELLS_FIRST)
  }

  ranges(from: NodeId, message: RangesMessage): void {
    const { reply, unknown, mine } = compareRanges(this.#items(), message)
    const lives = mine.flatMap((item) => this.#lives.ofItem(item) ?? [])
    if (lives.length > 0 || unknown.length > 0) this.#repair.tell(from, lives, { unknown })
    for (const each of reply) this.#sendRanges(from, each)
  }

  #sendRanges(to: NodeId, ranges: Omit<RangesMessage, 'kind'>): void {
    this.#context.send(to, { kind: 'ranges', ...ranges }, 'repair')
  }

  #items(): Hash64[] {
    return [...this.#lives.items()].sort((a, b) => a.high - b.high || a.low - b.low)
  }
}
