/**
 * When and by whom things were written: dot, time, and where it is not the actor's own the replica of the timestamp. What one
 * change writes shares one stamp, so a row of a table refers to it by a small number.
 */
import { compareWrites } from './cell.ts'
import type { Site } from './site.ts'

export class Stamps {
  readonly dots: number[] = []
  readonly times: number[] = []
  #by: Map<number, string> | undefined

  get length(): number {
    return this.dots.length
  }

  /** Whether any stamp names a replica. */
  get named(): boolean {
    return this.#by !== undefined
  }

  /** Replica of the timestamp where it is not the actor's own. */
  by(stamp: number): string | undefined {
    return this.#by?.get(stamp)
  }

  /** The number of a stamp; the same as before for what is written in one go. */
  add(dot: number, time: number, by: string | undefined): number {
    const last = this.dots.length - 1
    if (last >= 0 && this.dots[last] === dot && this.times[last] === time && this.by(last) === by) return last
    this.dots.push(dot)
    this.times.push(time)
    if (by !== undefined) this.#name(last + 1, by)
    return last + 1
  }

  #name(stamp: number, by: string): void {
    this.#by ??= new Map()
    this.#by.set(stamp, by)
  }

  /** Order of timestamps. */
  compare(site: Site, a: number, b: number): number {
    const apart = (this.times[a] as number) - (this.times[b] as number)
    if (apart !== 0 || a === b) return apart
    return compareWrites(site, this.#stamp(a), this.#stamp(b))
  }

  #stamp(stamp: number): { dot: number; time: number; by: string | undefined } {
    return { dot: this.dots[stamp] as number, time: this.times[stamp] as number, by: this.by(stamp) }
  }
}
