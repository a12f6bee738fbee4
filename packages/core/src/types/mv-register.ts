/**
 * MV-Register: keeps every concurrent value until a later write has seen them (DeCandia et al., "Dynamo", 2007; Shapiro et
 * al. 2011).
 *
 * For users: nothing is decided behind your back; `values` shows all candidates, writing resolves them. Conflicts: all are
 * kept. Space: one value per concurrent write. Left out: choosing (see `LwwRegister`).
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import type { RegisterCell, Stamp } from '../kernel/cell.ts'
import type { Place } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { Register } from '../kernel/register.ts'
import * as tags from './tag-numbers.ts'

export class MvRegister<T extends JsonValue = JsonValue> extends Register {
  readonly tag: number = tags.mvreg

  /** @param cell where a map already holds the register. */
  constructor(at: Actor | Place, cell?: RegisterCell) {
    super(at, true, cell)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode<T extends JsonValue>(bytes: Uint8Array, actor: Actor): MvRegister<T> {
    return loadEncoded(new MvRegister<T>(actor), bytes)
  }

  /** Writes a value in place of all that are seen here. O(concurrent values). Throws `CORE_VALUE_INVALID`. */
  set(value: T, stamp?: Stamp): void {
    this.write(value, stamp)
  }

  /** All values that no write has replaced, the youngest first; empty while nothing was ever written. */
  get values(): readonly T[] {
    return this.cell.live().map((write) => write.value as T)
  }

  toJSON(): JsonValue {
    return this.values
  }
}
