/**
 * Payloads that no message can carry whole. The sender keeps them for a while, the receiver asks for piece after piece and begins
 * where it was when a piece was lost; either side may forget, and then the next round of anti-entropy begins again.
 */
import { limits } from '@joinery/core'
import type { Context } from '../context.ts'
import { PART_BYTES_MAX } from '../gossip/packets.ts'
import { type Hash64, hash64, hashText, sameHash } from '../hash64.ts'
import type { LifeKey, PartMessage, WantPartMessage } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { Timers } from '../timers.ts'
import type { RepairBudget } from './budget.ts'

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
  readonly #leaving = new Map<string, Uint8Array>()
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

  /** Sends the first piece; the rest is asked for. */
  begin(to: NodeId, life: LifeKey, payload: Uint8Array): void {
    const transfer = hash64(this.#context.hashKey, payload)
    const name = hashText(transfer)
    if (!this.#leaving.has(name)) this.#leavingBytes += payload.length
    this.#leaving.delete(name)
    this.#leaving.set(name, payload)
    for (const [old, bytes] of this.#leaving) {
      if (this.#leavingBytes <= this.#context.limits.transfersBytesMax || old === name) break
      this.#leaving.delete(old)
      this.#leavingBytes -= bytes.length
    }
    this.#send(to, life, transfer, payload, 0)
  }

  wanted(from: NodeId, { life, transfer, offset }: WantPartMessage): void {
    const payload = this.#leaving.get(hashText(transfer))
    if (payload !== undefined && offset < payload.length) this.#send(from, life, transfer, payload, offset)
  }

  #send(to: NodeId, life: LifeKey, transfer: Hash64, payload: Uint8Array, offset: number): void {
    const bytes = payload.subarray(offset, offset + PART_BYTES_MAX)
    if (!this.#budget.take(to, bytes.length)) return
    const part: PartMessage = { kind: 'part', life, ended: false, transfer, total: payload.length, offset, bytes }
    this.#context.send(to, part, 'repair')
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
    this.#again.add(this.#context.nowMs + this.#context.limits.askAgainMs, { arriving, asked: arriving.asked })
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
