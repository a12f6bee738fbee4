/**
 * Enable-wins flag: a boolean in which enabling wins over a concurrent disabling (Baquero, Almeida et al. 2016).
 *
 * For users: "keep it on unless everyone who switched it on was seen by whoever switched it off". Conflicts: enable wins.
 * Space: one entry per concurrent write. Left out: the opposite rule (see `DisableWinsFlag`).
 */
import type { Actor } from '../causality/actor.ts'
import { Flag } from '../kernel/flag.ts'
import { loadEncoded } from '../kernel/frame.ts'
import * as tags from './tag-numbers.ts'

export class EnableWinsFlag extends Flag {
  readonly tag: number = tags.ewflag

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): EnableWinsFlag {
    return loadEncoded(new EnableWinsFlag(actor), bytes)
  }

  /** Whether any concurrent writer enabled it. False while it was never set. */
  get value(): boolean {
    const writes = this.cell.live()
    return writes.some((write) => write.value === true)
  }
}
