/**
 * Who fetches deltas, and how far each has come. Nothing is put aside for them: what is pending for a consumer is what the documents of
 * the catalog have beyond what it acknowledged, so that nothing which was not acknowledged can be dropped, whatever happens to this
 * node, and consumers that never come back cost nothing. Acknowledgements are durable; what was merely returned is forgotten by a
 * restart, and returned again.
 */
import { ownValuePrefix, type Store } from '@joinery/sync'
import { CatalogError } from '../errors.ts'
import type { CatalogLimits } from '../limits.ts'
import { type Covered, Reach, type ReachJson } from './reach.ts'

const PREFIX = `${ownValuePrefix}catalog/consumer/`

/** What is acknowledged: names of changes, a version, or everything that was returned. */
export type Clearing = { readonly changes: readonly string[] } | { readonly version: number } | 'returned'

/** One answer. */
interface Page {
  readonly version: number
  readonly changes: ReadonlyMap<string, Covered>
}

type ConsumerLimits = Pick<CatalogLimits, 'consumersMax' | 'consumerVersionsMax'>

export class Consumer {
  readonly cleared: Reach
  readonly #limits: ConsumerLimits
  /** Everything returned since the start, acknowledged or not. */
  readonly #returned = new Reach()
  #pages: Page[] = []
  #lastVersion = 0

  constructor(cleared: Reach, limits: ConsumerLimits) {
    this.cleared = cleared
    this.#limits = limits
  }

  /** Takes note of what is returned, and answers the version that acknowledges it and everything before it. */
  returned(changes: ReadonlyMap<string, Covered>): number {
    for (const covered of changes.values()) this.#returned.add(covered)
    if (changes.size === 0) return this.#lastVersion
    this.#lastVersion += 1
    this.#pages.push({ version: this.#lastVersion, changes })
    if (this.#pages.length > this.#limits.consumerVersionsMax) this.#pages.shift()
    return this.#lastVersion
  }

  /** Answers how many of the named changes were acknowledged. Throws `CATALOG_VERSION_UNKNOWN`. */
  clear(clearing: Clearing): number {
    if (clearing === 'returned') {
      this.cleared.join(this.#returned)
      return this.#dropPages(this.#lastVersion)
    }
    return 'version' in clearing ? this.#clearVersion(clearing.version) : this.#clearNamed(clearing.changes)
  }

  #clearVersion(version: number): number {
    const oldest = this.#pages[0]?.version ?? this.#lastVersion + 1
    const isKnown = Number.isInteger(version) && version >= oldest - 1 && version <= this.#lastVersion
    if (!isKnown) throw new CatalogError('CATALOG_VERSION_UNKNOWN', `version ${version} is not one that was returned`)
    for (const page of this.#pages) {
      if (page.version <= version) for (const covered of page.changes.values()) this.cleared.add(covered)
    }
    return this.#dropPages(version)
  }

  #dropPages(version: number): number {
    const dropped = this.#pages.filter((page) => page.version <= version)
    this.#pages = this.#pages.slice(dropped.length)
    // Whoever asks twice is given the same twice.
    return new Set(dropped.flatMap(({ changes }) => [...changes.keys()])).size
  }

  #clearNamed(names: readonly string[]): number {
    let count = 0
    for (const name of new Set(names)) {
      const covered = this.#pages.map(({ changes }) => changes.get(name)).find((found) => found !== undefined)
      if (covered === undefined) continue
      this.cleared.add(covered)
      count += 1
    }
    return count
  }
}

export class Consumers {
  readonly #store: Pick<Store, 'value' | 'values' | 'setValue'>
  readonly #limits: ConsumerLimits
  readonly #byName = new Map<string, Consumer>()

  private constructor(store: Pick<Store, 'value' | 'values' | 'setValue'>, limits: ConsumerLimits) {
    this.#store = store
    this.#limits = limits
  }

  static async open(store: Pick<Store, 'value' | 'values' | 'setValue'>, limits: ConsumerLimits): Promise<Consumers> {
    const consumers = new Consumers(store, limits)
    for (const { name, value } of await store.values(PREFIX)) {
      const cleared = Reach.of(JSON.parse(value) as ReachJson)
      consumers.#byName.set(name.slice(PREFIX.length), new Consumer(cleared, limits))
    }
    return consumers
  }

  get count(): number {
    return this.#byName.size
  }

  /** The consumer of this name, from now on one of them. Throws `CATALOG_CONSUMERS_FULL`. */
  obtain(name: string): Consumer {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    if (this.#byName.size >= this.#limits.consumersMax) {
      throw new CatalogError('CATALOG_CONSUMERS_FULL', `there are ${this.#limits.consumersMax} consumers already`)
    }
    const consumer = new Consumer(new Reach(), this.#limits)
    this.#byName.set(name, consumer)
    return consumer
  }

  /** Resolves with the number of changes that were acknowledged when that is durable. Throws `CATALOG_VERSION_UNKNOWN`. */
  async clear(name: string, clearing: Clearing): Promise<number> {
    const consumer = this.obtain(name)
    const count = consumer.clear(clearing)
    if (count > 0) await this.#store.setValue(PREFIX + name, JSON.stringify(consumer.cleared))
    return count
  }
}
