/** Edits that the server will not take: those that were set aside, and those that wait for somebody to decide. */
import type { FieldSpecs } from '@joinery/core'
import type { RefusalCode } from '@joinery/sync'
import { randomName } from '../host.ts'
import type { Kept } from './kept.ts'
import { baseOf, ownChange } from './life.ts'
import type { ParkedEdit } from './records.ts'
import { describeEdits } from './refused-edits.ts'

export class SetAside<S extends FieldSpecs> {
  readonly #kept: Kept<S>
  #parked: readonly ParkedEdit[] = []
  #shown: { readonly of: readonly unknown[]; readonly list: readonly ParkedEdit[] } | undefined

  constructor(kept: Kept<S>) {
    this.#kept = kept
  }

  /** What the storage has. */
  resume(parked: readonly ParkedEdit[]): void {
    this.#parked = parked
  }

  /** Those set aside first. The same list until it is another. */
  get list(): readonly ParkedEdit[] {
    const { refusal, unstored } = this.#kept.life
    const of = [this.#parked, refusal, refusal && unstored.length]
    if (this.#shown === undefined || of.some((each, i) => each !== this.#shown?.of[i])) {
      this.#shown = { of, list: [...this.#parked, ...(refusal === undefined ? [] : this.describe(refusal))] }
    }
    return this.#shown.list
  }

  get count(): number {
    const { refusal, unstored } = this.#kept.life
    return this.#parked.length + (refusal === undefined ? 0 : unstored.length)
  }

  /** What waits for the server, with why it does not take it. */
  describe({ code, message }: { readonly code: RefusalCode; readonly message: string }): readonly ParkedEdit[] {
    const { life } = this.#kept
    if (life.unstored.length === 0) return []
    const base = baseOf(life) ?? []
    const actor = this.#kept.drawActor()
    const scratch = base.length > 0 ? this.#kept.load(base, actor) : this.#kept.blank(actor, life.doc.incarnation)
    return describeEdits(scratch, life.unstored, { code, message })
  }

  add(edits: readonly ParkedEdit[]): void {
    this.#parked = [...this.#parked, ...edits]
  }

  /** Sets changes aside that belong to a state that is gone. Rejects when they could not be kept. */
  async park(changes: readonly Uint8Array[]): Promise<void> {
    if (changes.length === 0) return
    const scratch = this.#kept.blank(this.#kept.life.actor)
    const own = changes.map((bytes) => ownChange(bytes, 0, true))
    const reason = {
      code: 'incarnation_mismatch',
      message: 'made on a state that was given up in another tab',
    } as const
    const edits = describeEdits(scratch, own, reason)
    this.add(edits)
    await this.#kept.journal?.park(randomName(), JSON.stringify(edits))
  }

  /** Forgets what was set aside; answers whether there was something. */
  clear(): boolean {
    const had = this.#parked.length > 0
    this.#parked = []
    return had
  }
}
