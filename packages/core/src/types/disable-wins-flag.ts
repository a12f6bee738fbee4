/**
 * Disable-wins flag: a boolean in which disabling wins over a concurrent enabling (Baquero, Almeida et al. 2016).
 *
 * For users: access, consent, safety switches: one "no" is enough. Conflicts: disable wins. Space: one entry per concurrent
 * write. Left out: the opposite rule (see `EnableWinsFlag`).
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import type { RegisterCell } from '../kernel/cell.ts'
import type { Place } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { Register } from '../kernel/register.ts'
import { tags } from './tags.ts'

export class DisableWinsFlag extends Register {
  readonly tag: number = tags.dwflag

  /** @param cell where a map already holds the flag. */
  constructor(at: Actor | Place, cell?: RegisterCell) {
    super(at, true, cell)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): DisableWinsFlag {
    return loadEncoded(new DisableWinsFlag(actor), bytes)
  }

  enable(): void {
    this.write(true)
  }

  disable(): void {
    this.write(false)
  }

  /** Whether it was enabled, and no concurrent writer disabled it. False while it was never set. */
  get value(): boolean {
    const writes = this.cell.live()
    return writes.length > 0 && writes.every((write) => write.value === true)
  }

  toJSON(): JsonValue {
    return this.value
  }
}
