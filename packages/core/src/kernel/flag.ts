/** What the two flags share: dotted boolean writes. They differ in which of two concurrent ones wins. */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import type { RegisterCell } from './cell.ts'
import type { Place } from './container.ts'
import { Register } from './register.ts'

export abstract class Flag extends Register {
  /** @param cell where a map already holds the flag. */
  constructor(at: Actor | Place, cell?: RegisterCell) {
    super(at, true, cell)
  }

  abstract get value(): boolean

  enable(): void {
    this.write(true)
  }

  disable(): void {
    this.write(false)
  }

  protected override shown(): JsonValue {
    return this.value
  }

  toJSON(): JsonValue {
    return this.value
  }
}
