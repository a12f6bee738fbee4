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
import { refuse } from '../errors.ts'
import { type Decoder, type Encoder, reusedActor } from '../kernel/codec.ts'
import type { Apply, Place } from '../kernel/container.ts'
import { Counter } from '../kernel/counter.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { SELF } from '../kernel/site.ts'
import type { Tally } from '../kernel/tally.ts'
import * as tags from './tag-numbers.ts'

interface Transfer {
  readonly from: number
  readonly to: number
  readonly amount: number
}

export class BoundedCounter extends Counter {
  readonly tag: number = tags.bcounter
  /** Totals handed over: giver, then receiver. */
  readonly #transfers = new Map<number, Map<number, number>>()
  #transferred = new Set<number>()

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
    const total = (this.#transfers.get(SELF)?.get(receiver) ?? 0) + amount
    if (total > Number.MAX_SAFE_INTEGER) refuse('CORE_LIMIT_EXCEEDED', 'above 2^53 - 1')
    this.touch()
    site.mark()
    site.mentioned.add(receiver)
    this.#raiseTransfer({ from: SELF, to: receiver, amount: total })
    this.#transferred.add(receiver)
  }

  #requireRights(amount: number): void {
    const held = this.rights()
    if (amount > held) refuse('CORE_PRECONDITION_FAILED', `${amount} asked for, ${held} held by this replica`)
  }

  /** What this replica may still take away. */
  rights(): number {
    let held = this.up.own() - this.down.own()
    for (const [from, row] of this.#transfers) {
      for (const [to, amount] of row) held += (to === SELF ? amount : 0) - (from === SELF ? amount : 0)
    }
    return held
  }

  override isBottom(): boolean {
    return super.isBottom() && this.#transfers.size === 0
  }

  override mentions(actor: number): boolean {
    return (
      super.mentions(actor) || this.#transfers.has(actor) || [...this.#transfers.values()].some((row) => row.has(actor))
    )
  }

  #raiseTransfer({ from, to, amount }: Transfer): void {
    const row = this.#transfers.get(from) ?? new Map<number, number>()
    this.#transfers.set(from, row)
    row.set(to, Math.max(amount, row.get(to) ?? 0))
  }

  override writePending(out: Encoder): void {
    super.writePending(out)
    const row = this.#transfers.get(SELF)
    const pending = [...this.#transferred].map((to) => ({ from: SELF, to, amount: row?.get(to) ?? 0 }))
    writeTransfers(out, pending)
    this.#transferred = new Set()
  }

  override writeState(out: Encoder): void {
    super.writeState(out)
    const all = [...this.#transfers].flatMap(([from, row]) => [...row].map(([to, amount]) => ({ from, to, amount })))
    const order = (a: Transfer, b: Transfer): number =>
      out.reference(a.from) - out.reference(b.from) || out.reference(a.to) - out.reference(b.to)
    writeTransfers(out, all.sort(order))
  }

  override read(input: Decoder): Apply {
    const apply = super.read(input)
    const transfers: Transfer[] = []
    for (let count = input.reader.count(3); count > 0; count -= 1) {
      const transfer = { from: input.actor(), to: input.actor(), amount: input.reader.varint() }
      if (transfer.amount === 0 || transfer.from === transfer.to) input.reader.invalid('out of range')
      if (input.author !== undefined && transfer.from !== input.author) input.reader.invalid('not vouched for')
      this.#requireKnown(input, transfer)
      transfers.push(transfer)
    }
    return () => {
      for (const transfer of transfers) {
        this.#raiseTransfer(transfer)
        input.site.mentioned.add(transfer.from).add(transfer.to)
      }
      apply()
    }
  }

  /** A stand-alone value that hears of own transfers it does not know of has lost its state, and could spend twice. */
  #requireKnown({ site }: Decoder, { from, to, amount }: Transfer): void {
    if (from !== SELF || !site.standalone || site.resuming || this.place.parent !== undefined) return
    if (amount > (this.#transfers.get(SELF)?.get(to) ?? 0)) reusedActor()
  }

  override reset(): void {
    refuse('CORE_PRECONDITION_FAILED', 'cannot be reset')
  }

  override clear(): void {
    super.clear()
    this.#transfers.clear()
    this.#transferred = new Set()
  }
}

function writeTransfers(out: Encoder, transfers: readonly Transfer[]): void {
  out.writer.varint(transfers.length)
  for (const { from, to, amount } of transfers) {
    out.actor(from)
    out.actor(to)
    out.writer.varint(amount)
  }
}
