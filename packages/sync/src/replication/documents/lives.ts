/** All lives of a node, and what they amount to: the root of the digest, and a sketch that finds what differs. */
import { Sketch } from '../anti-entropy/sketch.ts'
import { addHash, type Hash64, type HashKey, hashText, sameHash, subtractHash, ZERO } from '../hash64.ts'
import type { LifeKey } from '../messages/messages.ts'
import type { EarlyBytes } from './early-changes.ts'
import { Life, lifeName } from './life.ts'

export class Lives {
  readonly #hashKey: HashKey
  readonly #early: EarlyBytes
  readonly #byName = new Map<string, Life>()
  /** Those that have something durable, by what stands for them. */
  readonly #byItem = new Map<string, Life>()
  readonly sketch: Sketch
  #root: Hash64 = ZERO

  constructor(hashKey: HashKey, earlyBytesMax: number) {
    this.#hashKey = hashKey
    this.#early = { sum: 0, max: earlyBytesMax }
    this.sketch = new Sketch(() => this.items())
  }

  /** The sum of all items. */
  get root(): Hash64 {
    return this.#root
  }

  get rootText(): string {
    return hashText(this.#root)
  }

  /** How many have something durable. */
  get count(): number {
    return this.#byItem.size
  }

  /** How many are held, those among them that have nothing durable yet. */
  get held(): number {
    return this.#byName.size
  }

  *items(): Iterable<Hash64> {
    for (const life of this.#byItem.values()) yield life.listed as Hash64
  }

  /** Those that have something durable. */
  listed(): IterableIterator<Life> {
    return this.#byItem.values()
  }

  all(): IterableIterator<Life> {
    return this.#byName.values()
  }

  find(key: LifeKey): Life | undefined {
    return this.#byName.get(lifeName(key))
  }

  ofItem(item: Hash64): Life | undefined {
    return this.#byItem.get(hashText(item))
  }

  create(key: LifeKey): Life {
    const life = new Life({ document: key.document, incarnation: key.incarnation }, this.#hashKey, this.#early)
    this.#byName.set(life.name, life)
    return life
  }

  /** Takes note that something of a life has become durable. What cannot be shared stays out of digests. */
  update(life: Life): void {
    if (life.isPrivate) return
    const item = life.item()
    if (life.listed !== undefined) {
      if (sameHash(life.listed, item)) return
      this.unlist(life)
    }
    life.listed = item
    this.#byItem.set(hashText(item), life)
    this.#root = addHash(this.#root, item)
    this.sketch.add(item)
  }

  /** Nothing of a life is durable any more. */
  unlist(life: Life): void {
    const { listed } = life
    if (listed === undefined) return
    life.listed = undefined
    this.#byItem.delete(hashText(listed))
    this.#root = subtractHash(this.#root, listed)
    this.sketch.remove(listed)
  }

  /** Forgets a life that nothing is known of. */
  forget(life: Life): void {
    this.unlist(life)
    life.early.clear()
    this.#byName.delete(life.name)
  }
}
