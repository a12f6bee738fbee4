/** The writes of one key of many, in the form in which a register's handle uses them. */
import type { JsonValue } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import { mentionsActor, type RegisterCell, type Stamp, type Write } from './cell.ts'
import type { KeyedWrites } from './keyed-writes.ts'
import type { Site } from './site.ts'

export class KeyedCell implements RegisterCell {
  readonly #writes: KeyedWrites
  readonly #key: string

  constructor(writes: KeyedWrites, key: string) {
    this.#writes = writes
    this.#key = key
  }

  get #winner(): Write | undefined {
    return this.#writes.winner(this.#key)
  }

  get dot(): number {
    return this.#winner?.dot ?? 0
  }

  get time(): number {
    return this.#winner?.time ?? 0
  }

  get by(): string | undefined {
    return this.#winner?.by
  }

  get value(): JsonValue {
    return this.#writes.value(this.#key) ?? null
  }

  live(): readonly Write[] {
    return this.#writes.live(this.#key)
  }

  set(site: Site, value: JsonValue, stamp: Stamp | undefined): void {
    this.#writes.set(site, this.#key, this.#writes.head(this.#key), value, stamp)
  }

  remove(site: Site): void {
    this.#writes.remove(site, this.#key)
  }

  isBottom(): boolean {
    return !this.#writes.has(this.#key)
  }

  mentions(_site: Site, actor: number): boolean {
    return mentionsActor(this.#writes.earlyOf(this.#key), actor)
  }

  clear(): never {
    return byItsMap()
  }

  writePending(): never {
    return byItsMap()
  }

  writeState(): never {
    return byItsMap()
  }

  join(): never {
    return byItsMap()
  }
}

function byItsMap(): never {
  return refuse('CORE_PRECONDITION_FAILED', 'done by its map')
}
