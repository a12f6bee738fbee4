/**
 * Disable-wins flag: a boolean in which disabling wins over a concurrent enabling (Baquero, Almeida et al. 2016).
 *
 * For users: access, consent, safety switches: one "no" is enough. Conflicts: disable wins. Space: one entry per concurrent
 * write. Left out: the opposite rule (see `EnableWinsFlag`).
 */
import type { Actor } from '../causality/actor.ts'
import { Flag } from '../kernel/flag.ts'
import { loadEncoded } from '../kernel/frame.ts'
import * as tags from './tag-numbers.ts'

export class DisableWinsFlag extends Flag {
  readonly tag: number = tags.dwflag

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): DisableWinsFlag {
    return loadEncoded(new DisableWinsFlag(actor), bytes)
  }

  /** Whether it was enabled, and no concurrent writer disabled it. False while it was never set. */
  get value(): boolean {
    const writes = this.cell.live()
    return writes.length > 0 && writes.every((write) => write.value === true)
  }
}
