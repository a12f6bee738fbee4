/** How comparisons with peers go: for status pages, metrics and alerts. */
import type { NodeId } from '../ports.ts'

export interface AntiEntropyFigures {
  /** Comparisons that this node began. */
  readonly rounds: number
  /** Those whose peer was heard of. */
  readonly answered: number
  /** Those whose peer was not heard of for `ANSWER_MS`. */
  readonly failed: number
  /** Times that a difference was found, and later none any more. */
  readonly syncs: number
  /** What these took, from the first difference to the first comparison that found none, in all. */
  readonly syncMs: number
  /** How long there has been a difference now; 0 for none. */
  readonly differsMs: number
}

/** Longer than a round trip to the other side of the world, with a retransmission. */
const ANSWER_MS = 5_000

export class ComparisonFigures {
  #rounds = 0
  #answered = 0
  #failed = 0
  #syncs = 0
  #syncMs = 0
  #differsSinceMs: number | undefined
  /** Peers that have not been heard of since a comparison was begun. */
  readonly #open = new Map<NodeId, number>()

  begun(to: NodeId, nowMs: number): void {
    this.#rounds += 1
    if (!this.#open.has(to)) this.#open.set(to, nowMs)
    this.#expire(nowMs)
  }

  heard(from: NodeId): void {
    if (this.#open.delete(from)) this.#answered += 1
  }

  #expire(nowMs: number): void {
    for (const [node, sinceMs] of this.#open) {
      if (nowMs - sinceMs < ANSWER_MS) continue
      this.#open.delete(node)
      this.#failed += 1
    }
  }

  differs(nowMs: number): void {
    this.#differsSinceMs ??= nowMs
  }

  equal(nowMs: number): void {
    if (this.#differsSinceMs === undefined) return
    this.#syncs += 1
    this.#syncMs += nowMs - this.#differsSinceMs
    this.#differsSinceMs = undefined
  }

  figures(nowMs: number): AntiEntropyFigures {
    this.#expire(nowMs)
    return {
      rounds: this.#rounds,
      answered: this.#answered,
      failed: this.#failed,
      syncs: this.#syncs,
      syncMs: this.#syncMs,
      differsMs: this.#differsSinceMs === undefined ? 0 : nowMs - this.#differsSinceMs,
    }
  }
}
