/**
 * How much repair a peer is sent: what one that comes back after days lacks must not keep it, or anybody, from what is new. What is
 * beyond the budget is dropped, not queued: it is asked for again.
 */
import { TokenBucket } from '../../session/token-bucket.ts'
import type { Context } from '../context.ts'
import type { NodeId } from '../ports.ts'

/** A token stands for so many bytes. */
const TOKEN_BYTES = 1024

export class RepairBudget {
  readonly #context: Context
  readonly #buckets = new Map<NodeId, TokenBucket>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Whether a peer may be sent so many bytes now; they count as sent. */
  take(to: NodeId, bytes: number): boolean {
    const { nowMs } = this.#context
    const bucket = this.#bucketOf(to)
    if (bucket.take(nowMs) > 0) return false
    bucket.spend(bytes / TOKEN_BYTES)
    return true
  }

  #bucketOf(node: NodeId): TokenBucket {
    const known = this.#buckets.get(node)
    if (known !== undefined) return known
    const { repairBytesPerSecondMax, repairBurstBytesMax, membersMax } = this.#context.limits
    const perSecond = repairBytesPerSecondMax / TOKEN_BYTES
    const bucket = new TokenBucket(perSecond, repairBurstBytesMax / TOKEN_BYTES, this.#context.nowMs)
    // Peers come and go; a new bucket is a full one, so forgetting costs nothing but a burst.
    if (this.#buckets.size >= membersMax) this.#buckets.clear()
    this.#buckets.set(node, bucket)
    return bucket
  }
}
