/**
 * Payloads that no message can carry whole. The sender keeps them for a while, the receiver asks for piece after piece and begins
 * where it was when a piece was lost; either side may forget, and then the next round of anti-entropy begins again.
 *
 * Few leave at once, and one that is being fetched stays until it was, because all share what may be sent for repair: were more begun
 * than can be fetched in time, their first pieces would take all of it, and none would ever be whole.
 */
import { limits } from '@joinery/core'
import type { Context } from '../context.ts'
import { PART_BYTES_MAX } from '../gossip/packets.ts'
import { type Hash64, hash64, hashText, sameHash } from '../hash64.ts'
import type { LifeKey, PartMessage, WantPartMessage } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { Timers } from '../timers.ts'
import type { RepairBudget } from './budget.ts'

/** To one peer, at a time. */
const LEAVING_MAX = 4
/** One that nobody has asked for so long is forgotten: longer than a receiver asks for one piece. */
const IDLE_MS = 10_000
/** A piece is asked for again after twice the time each, so many times. */
const DOUBLINGS_MAX = 3

interface Leaving {
  readonly payload: Uint8Array
  /** Peers that have not been sent the last piece. */
  readonly to: Set<NodeId>
  askedMs: number
}

interface Arriving {
  readonly from: NodeId
  readonly life: LifeKey
  readonly transfer: Hash64
  readonly bytes: Uint8Array
  length: number
  tries: number
  /** Changes with every piece, so that an old timer does nothing. */
  asked: number
}

export class Transfers {
  readonly #context: Context
  readonly #budget: RepairBudget
  readonly #leaving = new Map<string, Leaving>()
  #leavingBytes = 0
  readonly #arriving = new Map<string, Arriving>()
  #arrivingBytes = 0
  readonly #again = new Timers<{ readonly arriving: Arriving; readonly asked: number }>()

  constructor(context: Context, budget: RepairBudget) {
    this.#context = context
    this.#budget = budget
  }

  get dueMs(): number {
    return this.#again.dueMs
  }

  /** Whether there is room for another payload to a peer, of about this size. Where there is none it is asked for again. */
  hasRoom(to: NodeId, bytes: number): boolean {
    const isFull = (): boolean =>
      this.#leaving.size > 0 && this.#leavingBytes + bytes > this.#context.limits.transfersBytesMax
    let leaving = 0
    for (const [name, each] of this.#leaving) {
      const isIdle = each.askedMs + IDLE_MS < this.#context.nowMs
      // Those of which the last piece was sent are kept only in case that it was lost.
      if (isIdle || (each.to.size === 0 && isFull())) this.#forget(name, each)
      else if (each.to.has(to)) leaving += 1
    }
    return leaving < LEAVING_MAX && !isFull()
  }

  /** Sends the first piece, if there is room; the rest is asked for. */
  begin(to: NodeId, life: LifeKey, payload: Uint8Array): void {
    const transfer = hash64(this.#context.hashKey, payload)
    const name = hashText(transfer)
    const known = this.#leaving.get(name)
    if (known === undefined && !this.hasRoom(to, payload.length)) return
    const leaving = known ?? { payload, to: new Set(), askedMs: 0 }
    if (!this.#send(to, life, transfer, leaving, 0) || known !== undefined) return
    this.#leaving.set(name, leaving)
    this.#leavingBytes += payload.length
  }

  #forget(name: string, { payload }: Leaving): void {
    this.#leaving.delete(name)
    this.#leavingBytes -= payload.length
  }

  wanted(from: NodeId, { life, transfer, offset }: WantPartMessage): void {
    const leaving = this.#leaving.get(hashText(transfer))
    if (leaving === undefined || offset >= leaving.payload.length) return
    leaving.askedMs = this.#context.nowMs
    this.#send(from, life, transfer, leaving, offset)
  }

  /** Answers whether it was sent. */
  #send(to: NodeId, life: LifeKey, transfer: Hash64, leaving: Leaving, offset: number): boolean {
    const { payload } = leaving
    const bytes = payload.subarray(offset, offset + PART_BYTES_MAX)
    if (!this.#budget.take(to, bytes.length)) return false
    const part: PartMessage = { kind: 'part', life, ended: false, transfer, total: payload.length, offset, bytes }
    this.#context.send(to, part, 'repair')
    leaving.askedMs = this.#context.nowMs
    if (offset + bytes.length < payload.length) leaving.to.add(to)
    else leaving.to.delete(to)
    return true
  }

  /** Takes a piece; answers the payload when it is whole. */
  take(from: NodeId, { life, transfer, total, offset, bytes }: PartMessage): Uint8Array | undefined {
    const name = hashText(transfer)
    const arriving = this.#arriving.get(name) ?? this.#begin(name, from, { life, transfer, total })
    if (arriving === undefined || arriving.bytes.length !== total || arriving.length !== offset) return undefined
    arriving.bytes.set(bytes, offset)
    arriving.length += bytes.length
    arriving.tries = 0
    if (arriving.length < total) {
      this.#ask(arriving)
      return undefined
    }
    this.#end(name, arriving)
    return sameHash(hash64(this.#context.hashKey, arriving.bytes), transfer) ? arriving.bytes : undefined
  }

  #begin(name: string, from: NodeId, { life, transfer, total }: Pick<PartMessage, 'life' | 'transfer' | 'total'>) {
    const { transfersBytesMax } = this.#context.limits
    if (total > limits.changeBytesMax + transfersBytesMax || this.#arrivingBytes + total > 2 * transfersBytesMax) {
      return undefined
    }
    const arriving: Arriving = { from, life, transfer, bytes: new Uint8Array(total), length: 0, tries: 0, asked: 0 }
    this.#arriving.set(name, arriving)
    this.#arrivingBytes += total
    return arriving
  }

  #end(name: string, arriving: Arriving): void {
    this.#arriving.delete(name)
    this.#arrivingBytes -= arriving.bytes.length
  }

  #ask(arriving: Arriving): void {
    const { from, life, transfer, length } = arriving
    arriving.asked += 1
    this.#context.send(from, { kind: 'want-part', life, transfer, offset: length }, 'repair')
    const delayMs = this.#context.limits.askAgainMs * 2 ** Math.min(arriving.tries, DOUBLINGS_MAX)
    this.#again.add(this.#context.nowMs + delayMs, { arriving, asked: arriving.asked })
  }

  wake(): void {
    const { nowMs, limits: own } = this.#context
    for (let next = this.#again.take(nowMs); next !== undefined; next = this.#again.take(nowMs)) {
      const { arriving, asked } = next
      const name = hashText(arriving.transfer)
      if (arriving.asked !== asked || this.#arriving.get(name) !== arriving) continue
      arriving.tries += 1
      if (arriving.tries > own.pushTriesMax) this.#end(name, arriving)
      else this.#ask(arriving)
    }
  }
}
