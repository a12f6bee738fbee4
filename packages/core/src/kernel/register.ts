/** What the four registers share: a cell at a place. They differ in what they read from it, and in nothing else. */
import type { Actor } from '../causality/actor.ts'
import { dotActor } from '../causality/dot.ts'
import { type JsonValue, normalizeJson } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import { CausalContainer } from './causal-container.ts'
import { Cell, checkStamp, type Keep, type RegisterCell, readCell, type Stamp } from './cell.ts'
import type { Decoder, Encoder } from './codec.ts'
import { type Apply, type Copy, emitValue, noteInverse, type Place } from './container.ts'
import { SELF } from './site.ts'

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
    noteInverse<Register>(this, (now) => {
      if (now.cell.dot === 0 || dotActor(now.cell.dot) !== SELF) return
      if (dot !== 0 || now.#keep === 'winner') now.write(value)
      else now.#unwrite()
    })
  }

  /** Back to never written. */
  #unwrite(): void {
    const { value } = this.cell
    noteInverse<Register>(this, (now) => {
      if (now.cell.dot === 0) now.write(value)
    })
    this.observedReset()
  }

  /** What a copy is to read. */
  protected shown(): JsonValue {
    return this.cell.value
  }

  copy(): Copy {
    const value = this.cell.dot === 0 ? undefined : this.shown()
    return (into) => {
      if (value !== undefined) (into as Register).write(value)
    }
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
