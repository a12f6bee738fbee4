/**
 * A seeded disk: what is written becomes durable a moment later, each write whole or not at all. When its node crashes, each write
 * that was out turns out to have been durable or lost.
 */
import { openChange } from '@joinery/core'
import type { LifeKey, LifeWrite, StoredLife } from '@joinery/sync/replication'
import type { SeededRandom } from '../random.ts'

/** First byte of a change: docs/FORMAT.md. */
const KIND_CHANGE = 0x13

export interface DiskLife {
  readonly key: LifeKey
  readonly ended: boolean
  readonly parts: readonly Uint8Array[]
  readonly summary: string
}

/** Everything on a disk at one moment. */
export type DiskImage = ReadonlyMap<string, DiskLife>

export class Disk {
  readonly #lives = new Map<string, DiskLife>()
  #out: LifeWrite[] = []
  /** The last durable dot of each actor in each life, as far as changes say: for checkers. */
  readonly #durable = new Map<string, number>()

  lives(): StoredLife[] {
    return [...this.#lives.values()].map(({ key, ended, summary }) => ({ ...key, ended, summary }))
  }

  read(key: LifeKey): Pick<DiskLife, 'parts'> & Partial<Pick<DiskLife, 'summary'>> {
    return this.#lives.get(nameOf(key)) ?? { parts: [] }
  }

  isEnded(key: LifeKey): boolean {
    return this.#lives.get(nameOf(key))?.ended ?? false
  }

  parts(key: LifeKey): readonly Uint8Array[] {
    return this.#lives.get(nameOf(key))?.parts ?? []
  }

  /** A write has begun. */
  begin(write: LifeWrite): void {
    this.#out.push(write)
  }

  /** A write has become durable. */
  finish(write: LifeWrite): void {
    this.#out = this.#out.filter((each) => each !== write)
    this.#perform(write)
  }

  /** A write has failed, and left nothing. */
  fail(write: LifeWrite): void {
    this.#out = this.#out.filter((each) => each !== write)
  }

  /** Power is lost: of what was out, some is there and some is not. */
  crash(random: SeededRandom): void {
    for (const write of this.#out) if (random.below(2) === 0) this.#perform(write)
    this.#out = []
  }

  #perform({ document, incarnation, kind, parts, summary }: LifeWrite): void {
    const key = { document, incarnation }
    const before = kind === 'append' ? this.parts(key) : []
    this.#lives.set(nameOf(key), { key, ended: kind === 'end', parts: [...before, ...parts], summary })
    for (const part of parts) {
      if (part[0] !== KIND_CHANGE) continue
      const { actor, first, length } = openChange(part).header
      const name = `${actor} ${nameOf(key)}`
      this.#durable.set(name, Math.max(this.#durable.get(name) ?? 0, first + length - 1))
    }
  }

  /** The last dot of an actor that was ever durable here by a change of its own. */
  reached(key: LifeKey, actor: string): number {
    return this.#durable.get(`${actor} ${nameOf(key)}`) ?? 0
  }

  /** A bit of a stored part turns, and nobody notices. Answers whether there was one. */
  rot(random: SeededRandom): boolean {
    const lives = [...this.#lives.values()].filter(({ ended, parts }) => !ended && parts.length > 0)
    const life = lives[random.below(Math.max(1, lives.length))]
    if (life === undefined) return false
    const index = random.below(life.parts.length)
    const parts = life.parts.map((part, i) => (i === index ? flipped(part, random) : part))
    this.#lives.set(nameOf(life.key), { ...life, parts })
    return true
  }

  image(): DiskImage {
    return new Map(this.#lives)
  }

  /** Everything is as it was when an image was taken, here or on another disk. */
  restore(image: DiskImage): void {
    this.#lives.clear()
    for (const [name, life] of image) this.#lives.set(name, life)
    this.#durable.clear()
    this.#out = []
  }
}

function flipped(part: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = part.slice()
  const at = random.below(copy.length)
  copy[at] = (copy[at] as number) ^ (1 << random.below(8))
  return copy
}

function nameOf({ document, incarnation }: LifeKey): string {
  return `${incarnation}\n${document}`
}
