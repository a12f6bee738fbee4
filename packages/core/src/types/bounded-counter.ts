/**
 * Bounded counter: a counter that never goes below its bound, without coordination (Balegas et al., "Extending eventually
 * consistent cloud databases for enforcing numeric invariants", 2015).
 *
 * For users: credits, stock, quotas. Whoever adds holds the right to take away again; rights can be handed to others. A
 * replica that lacks rights is refused at once (`CORE_PRECONDITION_FAILED`), although others may hold some.
 * Conflicts: there are none; every number is raised by one actor only. Space: two numbers per actor plus one per pair that
 * ever transferred. Left out: asking others for rights, which needs a conversation; it cannot be reset.
 */
import { type Actor, type ActorId, parseActorId } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import { type Decoder, type Encoder, reusedActor } from '../kernel/codec.ts'
import { type Apply, Container, emitValue } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { SELF } from '../kernel/site.ts'
import { exact, Tally } from '../kernel/tally.ts'
import { countToJson } from './g-counter.ts'
import { tags } from './tags.ts'

interface Transfer {
  readonly from: number
  readonly to: number
  readonly amount: number
}

export class BoundedCounter extends Container {
  readonly tag: number = tags.bcounter
  /** Rights created, and rights used up. */
  readonly #gained = new Tally(this.place)
  readonly #spent = new Tally(this.place)
  /** Totals handed over: giver, then receiver. */
  readonly #transfers = new Map<number, Map<number, number>>()
  #transferred = new Set<number>()

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): BoundedCounter {
    return loadEncoded(new BoundedCounter(actor), bytes)
  }

  /** Counts up and gains as many rights. O(1). Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  increment(by = 1): void {
    this.#gained.requireRoom(by)
    this.touch()
    this.#gained.raise(this.place.site, by)
    emitValue(this)
  }

  /** Counts down, using rights held here. O(transfers). Throws `CORE_PRECONDITION_FAILED` beyond `rights()`. */
  decrement(by = 1): void {
    this.#spent.requireRoom(by)
    this.#requireRights(by)
    this.touch()
    this.#spent.raise(this.place.site, by)
    emitValue(this)
  }

  /** Hands rights to another actor. Throws `CORE_PRECONDITION_FAILED` beyond `rights()`, and to oneself; `CORE_ID_INVALID`. */
  transfer(to: ActorId, amount: number): void {
    this.#requireRights(amount)
    const { site } = this.place
    if (!(amount > 0) || !Number.isSafeInteger(amount))
      refuse('CORE_VALUE_INVALID', 'a transfer is a positive safe integer')
    const receiver = site.actors.intern(parseActorId(to))
    if (receiver === SELF) refuse('CORE_PRECONDITION_FAILED', 'rights are transferred to another actor')
    const total = (this.#transfers.get(SELF)?.get(receiver) ?? 0) + amount
    if (total > Number.MAX_SAFE_INTEGER) refuse('CORE_LIMIT_EXCEEDED', 'transferred up to 2^53 - 1')
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
    let held = this.#gained.own() - this.#spent.own()
    for (const [from, row] of this.#transfers) {
      for (const [to, amount] of row) held += (to === SELF ? amount : 0) - (from === SELF ? amount : 0)
    }
    return held
  }

  /** What all replicas together may still take away: never below 0. Throws `CORE_VALUE_UNSAFE` beyond 2^53-1. */
  get value(): number {
    return exact(Number(this.#total()))
  }

  /** What was spent may have arrived before the rights it was spent from. */
  #total(): bigint {
    const total = this.#gained.bigTotal() - this.#spent.bigTotal()
    return total < 0n ? 0n : total
  }

  /** A number, or the digits as text where a number would not be exact. */
  toJSON(): JsonValue {
    return countToJson(this.#total())
  }

  isBottom(): boolean {
    return this.#gained.isBottom() && this.#spent.isBottom() && this.#transfers.size === 0
  }

  mentions(actor: number): boolean {
    if (this.#gained.mentions(actor) || this.#spent.mentions(actor)) return true
    return this.#transfers.has(actor) || [...this.#transfers.values()].some((row) => row.has(actor))
  }

  #raiseTransfer({ from, to, amount }: Transfer): void {
    const row = this.#transfers.get(from) ?? new Map<number, number>()
    this.#transfers.set(from, row)
    row.set(to, Math.max(amount, row.get(to) ?? 0))
  }

  writePending(out: Encoder): void {
    this.#gained.writePending(out)
    this.#spent.writePending(out)
    const row = this.#transfers.get(SELF)
    const pending = [...this.#transferred].map((to) => ({ from: SELF, to, amount: row?.get(to) ?? 0 }))
    writeTransfers(out, pending)
    this.#transferred = new Set()
  }

  writeState(out: Encoder): void {
    this.#gained.writeState(out)
    this.#spent.writeState(out)
    const all = [...this.#transfers].flatMap(([from, row]) => [...row].map(([to, amount]) => ({ from, to, amount })))
    const order = (a: Transfer, b: Transfer): number =>
      out.reference(a.from) - out.reference(b.from) || out.reference(a.to) - out.reference(b.to)
    writeTransfers(out, all.sort(order))
  }

  read(input: Decoder): Apply {
    const gained = this.#gained.read(input)
    const spent = this.#spent.read(input)
    const transfers: Transfer[] = []
    for (let count = input.reader.count(3); count > 0; count -= 1) {
      const transfer = { from: input.actor(), to: input.actor(), amount: input.reader.varint() }
      if (transfer.amount === 0 || transfer.from === transfer.to)
        input.reader.invalid('transfer of nothing or to oneself')
      if (input.author !== undefined && transfer.from !== input.author)
        input.reader.invalid('transfer by another actor')
      this.#requireKnown(input, transfer)
      transfers.push(transfer)
    }
    return () => {
      this.#gained.join(input.site, gained)
      this.#spent.join(input.site, spent)
      for (const transfer of transfers) {
        this.#raiseTransfer(transfer)
        input.site.mentioned.add(transfer.from).add(transfer.to)
      }
      emitValue(this)
    }
  }

  /** A stand-alone value that hears of own transfers it does not know of has lost its state, and could spend twice. */
  #requireKnown({ site }: Decoder, { from, to, amount }: Transfer): void {
    if (from !== SELF || !site.standalone || site.resuming || this.place.parent !== undefined) return
    if (amount > (this.#transfers.get(SELF)?.get(to) ?? 0)) reusedActor()
  }

  reset(): void {
    refuse('CORE_PRECONDITION_FAILED', 'a bounded counter cannot be reset: rights may be on their way')
  }

  clear(): void {
    this.#gained.clear()
    this.#spent.clear()
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
