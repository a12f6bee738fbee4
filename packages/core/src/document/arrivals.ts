/** Changes that arrive in any order: applied, kept until what they wait for is there, or dropped as contradictions. */

import type { CausalBuffer } from './causal-buffer.ts'
import { type Change, type ChangeHeader, NO_HEADERS } from './change.ts'
import type { ApplyResult } from './doc-types.ts'
import type { Past } from './past.ts'

type Outcome = { readonly applied: ChangeHeader[]; readonly refused: ChangeHeader[] }

export class Arrivals {
  readonly #past: Past
  readonly #buffer: CausalBuffer
  readonly #apply: (change: Change) => void

  /** @param apply applies a change that is the next one of its author and lacks nothing. */
  constructor(past: Past, buffer: CausalBuffer, apply: (change: Change) => void) {
    this.#past = past
    this.#buffer = buffer
    this.#apply = apply
  }

  /** What became of no change at all. */
  nothing(): ApplyResult {
    return { applied: NO_HEADERS, refused: NO_HEADERS, duplicates: 0, waiting: this.#buffer.size, changed: false }
  }

  /** Takes changes that were checked. */
  take(changes: readonly Change[]): ApplyResult {
    const queue: Change[] = []
    const outcome: Outcome = { applied: [], refused: [] }
    let duplicates = 0
    for (const change of changes) {
      const need = this.#past.need(change.header)
      if (this.#past.isKnown(change.header)) duplicates += 1
      // What waited may have been applied since the change was checked.
      else if (this.#past.isFork(change.header)) outcome.refused.push(change.header)
      else if (need !== undefined) duplicates += this.#buffer.add(change, need) ? 0 : 1
      else {
        queue.push(change)
        this.#drain(queue, outcome)
      }
    }
    const { applied, refused } = outcome
    return { applied, refused, duplicates, waiting: this.#buffer.size, changed: applied.length > 0 }
  }

  /** Applies what waited for dots that a snapshot brought. */
  release(actors: readonly ChangeHeader['actor'][]): ApplyResult {
    const queue: Change[] = []
    const outcome: Outcome = { applied: [], refused: [] }
    for (const actor of actors) this.#admit(this.#buffer.release(actor, this.#past.known(actor)), queue, outcome)
    this.#drain(queue, outcome)
    const { applied, refused } = outcome
    return { applied, refused, duplicates: 0, waiting: this.#buffer.size, changed: true }
  }

  /** Applies a queue of ready changes, and what waited for them. */
  #drain(queue: Change[], outcome: Outcome): void {
    for (const change of queue) {
      const { actor } = change.header
      this.#apply(change)
      outcome.applied.push(change.header)
      this.#admit(this.#buffer.release(actor, this.#past.known(actor)), queue, outcome)
    }
    queue.length = 0
  }

  /** Sorts changes that no longer wait for what they waited for: ready, waiting for something else, or contradicted. */
  #admit(released: readonly Change[], queue: Change[], { refused }: Outcome): void {
    for (const change of released) {
      if (this.#past.isKnown(change.header)) continue
      const need = this.#past.need(change.header)
      if (this.#past.isFork(change.header)) refused.push(change.header)
      else if (need !== undefined) this.#buffer.add(change, need)
      else queue.push(change)
    }
  }
}
