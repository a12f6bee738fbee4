/**
 * Enable-wins flag: a boolean in which enabling wins over a concurrent disabling (Baquero, Almeida et al. 2016).
 *
 * For users: "keep it on unless everyone who switched it on was seen by whoever switched it off". Conflicts: enable wins.
 * Space: one entry per concurrent write. Left out: the opposite rule (see `DisableWinsFlag`).
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import type { RegisterCell } from '../kernel/cell.ts'
import type { Place } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { Register } from '../kernel/register.ts'
import { tags } from './tags.ts'

export class EnableWinsFlag extends Register {
  readonly tag: number = tags.ewflag

  /** @param cell where a map already holds the flag. */
  constructor(at: Actor | Place, cell?: RegisterCell) {
    super(at, true, cell)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): EnableWinsFlag {
    return loadEncoded(new EnableWinsFlag(actor), bytes)
  }

  enable(): void {
    this.write(true)
  }

  disable(): void {
    this.write(false)
  }

  /** Whether any concurrent writer enabled it. False while it was never set. */
  get value(): boolean {
    const writes = this.cell.live()
    return writes.some((write) => write.value === true)
  }

  toJSON(): JsonValue {
    return this.value
  }
}
