/**
 * LWW-Register: the write with the largest timestamp wins (Johnson, Thomas, RFC 677, 1975; Shapiro et al. 2011).
 *
 * For users: a plain value, last write wins. Timestamps are hybrid-clock times, then replica id, epoch and counter, so they
 * are total and no two writes tie. Conflicts: the larger timestamp wins, the other write is dropped; below a removable key
 * it is kept out of sight until overwritten (see `kernel/cell.ts`). Space: one value. Left out: showing the writes that lost
 * (see `MvRegister`).
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import type { RegisterCell, Stamp } from '../kernel/cell.ts'
import type { Place } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { Register } from '../kernel/register.ts'
import * as tags from './tag-numbers.ts'

export class LwwRegister<T extends JsonValue = JsonValue> extends Register {
  readonly tag: number = tags.lww

  /** @param cell where a map already holds the register. */
  constructor(at: Actor | Place, cell?: RegisterCell) {
    super(at, false, cell)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<T extends JsonValue>(bytes: Uint8Array, actor: Actor): LwwRegister<T> {
    return loadEncoded(new LwwRegister<T>(actor), bytes)
  }

  /**
   * Writes a value. O(1). With a stamp of its own, a write older than the present one has no effect.
   * Throws `CORE_VALUE_INVALID` for what is not JSON.
   */
  set(value: T, stamp?: Stamp): void {
    this.write(value, stamp)
  }

  /** The winning value; undefined while nothing was ever written. */
  get value(): T | undefined {
    return this.cell.dot === 0 ? undefined : (this.cell.value as T)
  }

  /** Time of the winning write in microseconds since 1970; 0 while there is none. */
  get timeMicros(): number {
    return this.cell.time
  }

  /** The value, null while nothing was ever written. */
  toJSON(): JsonValue {
    return this.cell.value
  }
}
