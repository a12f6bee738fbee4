/**
 * Bounded counter: a counter that never goes below its bound, without coordination (Balegas et al., "Extending eventually
 * consistent cloud databases for enforcing numeric invariants", 2015).
 *
 * For users: credits, stock, quotas. Whoever adds holds the right to take away again; rights can be handed to others. A
 * replica that lacks rights is refused at once (`CORE_PRECONDITION_FAILED`), although others may hold some.
 * Conflicts: there are none; every number is raised by one actor only. Space: two numbers per actor plus one per pair that
 * ever transferred. The bound holds wherever changes are applied in causal order, as in documents; a stand-alone replica that
 * lacks a delta may read less until it arrives. Left out: asking others for rights, which needs a conversation; it cannot be reset.
 */
import { type Actor, type ActorId, parseActorId } from '../causality/actor.ts'
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { refuse } from '../errors.ts'
import { type Decoder, type Encoder, reusedActor } from '../kernel/codec.ts'
import type { Apply, Place } from '../kernel/container.ts'
import { Counter } from '../kernel/counter.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { SELF, type Site } from '../kernel/site.ts'
import type { Tally } from '../kernel/tally.ts'
import * as tags from './tag-numbers.ts'

/** Giver and receiver as one number. */
type Pair = number

export class BoundedCounter extends Counter {
  readonly tag: number = tags.bcounter
  /** Totals handed over. */
  readonly #transfers = new Map<Pair, number>()
  readonly #pending = new Set<Pair>()

  constructor(at: Actor | Place) {
    super(at, 2)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): BoundedCounter {
    return loadEncoded(new BoundedCounter(actor), bytes)
  }

  /** Counts up and gains as many rights. O(1). Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  increment(by = 1): void {
    this.count(this.up, by)
  }

  /** Counts down, using rights held here. O(transfers). Throws `CORE_PRECONDITION_FAILED` beyond `rights()`. */
  decrement(by = 1): void {
    this.down.requireRoom(by)
    this.#requireRights(by)
    this.count(this.down, by)
  }

  /** What was used or handed over meanwhile cannot be taken back. */
  protected override uncount(tally: Tally, by: number): void {
    if (tally === this.down || this.rights() >= by) super.uncount(tally, by)
  }

  /** Hands rights to another actor. Throws `CORE_PRECONDITION_FAILED` beyond `rights()`, and to oneself; `CORE_ID_INVALID`. */
  transfer(to: ActorId, amount: number): void {
    this.#requireRights(amount)
    const { site } = this.place
    if (!(amount > 0) || !Number.isSafeInteger(amount)) refuse('CORE_VALUE_INVALID', 'not a positive safe integer')
    const receiver = site.actors.intern(parseActorId(to))
    if (receiver === SELF) refuse('CORE_PRECONDITION_FAILED', 'a transfer to oneself')
    const pair = packDot(SELF, receiver)
    const total = this.#transferred(pair) + amount
    if (total > Number.MAX_SAFE_INTEGER) refuse('CORE_LIMIT_EXCEEDED', 'above 2^53 - 1')
    this.touch()
    site.mark()
    site.mentioned.add(receiver)
    this.#transfers.set(pair, total)
    this.#pending.add(pair)
  }

  #transferred(pair: Pair): number {
    return this.#transfers.get(pair) ?? 0
  }

  #requireRights(amount: number): void {
    const held = this.rights()
    if (amount > held) refuse('CORE_PRECONDITION_FAILED', `${amount} asked for, ${held} held by this replica`)
  }

  /** What this replica may still take away. */
  rights(): number {
    let held = this.up.own() - this.down.own()
    for (const [pair, amount] of this.#transfers) {
      held += (dotCounter(pair) === SELF ? amount : 0) - (dotActor(pair) === SELF ? amount : 0)
    }
    return held
  }

  override isBottom(): boolean {
    return super.isBottom() && this.#transfers.size === 0
  }

  override mentions(actor: number): boolean {
    const pairs = [...this.#transfers.keys()]
    return super.mentions(actor) || pairs.some((pair) => dotActor(pair) === actor || dotCounter(pair) === actor)
  }

  override writePending(out: Encoder): void {
    super.writePending(out)
    this.#write(out, [...this.#pending])
    this.#pending.clear()
  }

  override writeState(out: Encoder): void {
    super.writeState(out)
    const reference = (pair: Pair): number => packDot(out.reference(dotActor(pair)), out.reference(dotCounter(pair)))
    this.#write(
      out,
      [...this.#transfers.keys()].sort((a, b) => reference(a) - reference(b)),
    )
  }

  #write(out: Encoder, pairs: readonly Pair[]): void {
    out.writer.varint(pairs.length)
    for (const pair of pairs) {
      out.actor(dotActor(pair))
      out.actor(dotCounter(pair))
      out.writer.varint(this.#transferred(pair))
    }
  }

  override read(input: Decoder): Apply {
    const apply = super.read(input)
    const { reader, author, site } = input
    const transfers: [Pair, number][] = []
    for (let count = reader.count(3); count > 0; count -= 1) {
      const from = input.actor()
      const to = input.actor()
      const amount = reader.varint()
      if (amount === 0 || from === to) reader.invalid('out of range')
      if (author !== undefined && from !== author) reader.invalid('not vouched for')
      const pair = packDot(from, to)
      if (from === SELF && this.#mustKnow(site) && amount > this.#transferred(pair)) reusedActor()
      transfers.push([pair, amount])
    }
    return () => {
      for (const [pair, amount] of transfers) {
        this.#transfers.set(pair, Math.max(amount, this.#transferred(pair)))
        site.mentioned.add(dotActor(pair)).add(dotCounter(pair))
      }
      apply()
    }
  }

  /** A stand-alone value that hears of own transfers it does not know of has lost its state, and could spend twice. */
  #mustKnow({ standalone, resuming }: Site): boolean {
    return standalone && !resuming && this.place.parent === undefined
  }

  override reset(): void {
    refuse('CORE_PRECONDITION_FAILED', 'cannot be reset')
  }

  override clear(): void {
    super.clear()
    this.#transfers.clear()
    this.#pending.clear()
  }
}
