/** What the four registers share: a cell at a place. They differ in what they read from it, and in nothing else. */
import type { Actor } from '../causality/actor.ts'
import { dotActor } from '../causality/dot.ts'
import { type JsonValue, normalizeJson } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import { CausalContainer } from './causal-container.ts'
import { Cell, checkStamp, type Keep, type RegisterCell, readCell, type Stamp } from './cell.ts'
import type { Decoder, Encoder } from './codec.ts'
import { type Apply, emitValue, type Inverse, noteInverse, type Place } from './container.ts'

export abstract class Register extends CausalContainer {
  /** @internal */
  readonly cell: RegisterCell
  readonly #keep: Keep

  /** @param all whether all writes count that no other has seen, or the youngest alone. */
  constructor(at: Actor | Place, all: boolean, cell: RegisterCell = new Cell()) {
    super(at)
    this.#keep = all ? 'unseen' : this.place.removable ? 'younger' : 'winner'
    this.cell = cell
  }

  protected write(value: JsonValue, stamp?: Stamp): void {
    const normal = normalizeJson(value)
    if (stamp !== undefined) checkStamp(stamp)
    this.touch()
    this.#noteWrite()
    this.cell.set(this.place.site, normal, stamp, this.#keep)
    if (this.place.site.patches !== undefined) emitValue(this)
  }

  /** Undo of a write: the value before, unless somebody else has written since. */
  #noteWrite(): void {
    if (this.place.site.inverses === undefined) return
    const { dot, value } = this.cell
    if (dot !== 0 || this.#keep === 'winner') noteInverse(this, 'write', value)
    else noteInverse(this, 'unwrite')
  }

  override revert([does, value]: Inverse): void {
    const { dot } = this.cell
    if (does === 'rewrite') {
      if (dot === 0) this.write(value as JsonValue)
    } else if (dot !== 0 && this.place.site.selves.has(dotActor(dot))) {
      if (does === 'write') this.write(value as JsonValue)
      else this.#unwrite()
    }
  }

  /** Back to never written. */
  #unwrite(): void {
    noteInverse(this, 'rewrite', this.cell.value)
    this.observedReset()
  }

  /** What a copy is to read. */
  protected shown(): JsonValue {
    return this.cell.value
  }

  copy(): JsonValue {
    return this.cell.dot === 0 ? [] : [this.shown()]
  }

  paste(copied: JsonValue): void {
    for (const value of copied as JsonValue[]) this.write(value)
  }

  isBottom(): boolean {
    return this.cell.isBottom(this.place.site)
  }

  mentions(actor: number): boolean {
    return this.cell.mentions(this.place.site, actor)
  }

  writePending(out: Encoder): void {
    this.cell.writePending(out)
  }

  writeState(out: Encoder): void {
    this.cell.writeState(out)
  }

  read(input: Decoder): Apply {
    const delta = readCell(input)
    return () => {
      if (this.cell.join(input, delta, this.#keep)) emitValue(this)
    }
  }

  reset(): void {
    if (this.#keep === 'winner') refuse('CORE_PRECONDITION_FAILED', 'cannot be reset')
    this.cell.remove(this.place.site)
  }

  override visitTags(visit: (dot: number) => void): void {
    for (const { dot } of this.cell.live()) visit(dot)
  }

  clear(): void {
    this.cell.clear()
  }
}
