/**
 * Entries in the order of a key, then of their ids: blocks of bounded length, so that a write moves few, and a range is found by two
 * searches.
 */
import type { Bitset } from './bitset.ts'
import { type Bound, compareKeys, type IndexKey, type KeyRange } from './index-key.ts'

/** Order of entries with the same key, by their numbers. */
type CompareEntries = (a: number, b: number) => number

interface Block {
  readonly keys: IndexKey[]
  readonly entries: number[]
}

const BLOCK_LENGTH_MAX = 512
/** Texts that many entries have are kept once. */
const SHARED_TEXTS_MAX = 65_536

/** Where a walk begins, the place itself left out. */
export interface IndexPlace {
  readonly key: IndexKey
  /** Order of the place among those of its key: negative where it comes before an entry. */
  readonly compare: (entry: number) => number
}

/** Answers false to end the walk. */
type Visit = (entry: number, key: IndexKey) => boolean

export class OrderedIndex {
  readonly #compare: CompareEntries
  readonly #texts = new Map<string, string>()
  #blocks: Block[] = []

  constructor(compare: CompareEntries) {
    this.#compare = compare
  }

  /** Takes the place of everything: entries by key, each list in order. */
  build(groups: ReadonlyMap<IndexKey, readonly number[]>): void {
    this.#blocks = []
    const length = BLOCK_LENGTH_MAX / 2
    let block: Block = { keys: [], entries: [] }
    for (const key of sortedKeys(groups.keys())) {
      for (const entry of groups.get(key) as readonly number[]) {
        if (block.keys.length === 0 || block.keys.length >= length) {
          block = { keys: [], entries: [] }
          this.#blocks.push(block)
        }
        block.keys.push(key)
        block.entries.push(entry)
      }
    }
  }

  insert(key: IndexKey, entry: number): void {
    if (this.#blocks.length === 0) this.#blocks.push({ keys: [], entries: [] })
    const [at, within] = this.#find((otherKey, other) => this.#order(otherKey, other, key, entry) < 0)
    const block = this.#blocks[at] as Block
    block.keys.splice(within, 0, this.#shared(key))
    block.entries.splice(within, 0, entry)
    if (block.keys.length > BLOCK_LENGTH_MAX) this.#split(at, block)
  }

  /** The entry must still have the id that it was put in with. */
  delete(key: IndexKey, entry: number): void {
    const [at, within] = this.#find((otherKey, other) => this.#order(otherKey, other, key, entry) < 0)
    const block = this.#blocks[at]
    if (
      block === undefined ||
      block.entries[within] !== entry ||
      compareKeys(block.keys[within] as IndexKey, key) !== 0
    )
      return
    block.keys.splice(within, 1)
    block.entries.splice(within, 1)
    if (block.keys.length === 0) this.#blocks.splice(at, 1)
  }

  /** Adds the entries of a range to a set. Blocks that are in it whole are not looked into. */
  collect({ min, max }: KeyRange, into: Bitset): void {
    const [from, within] = min === undefined ? [0, 0] : this.#find((key) => isBefore(key, min))
    for (let at = from; at < this.#blocks.length; at += 1) {
      const { keys, entries } = this.#blocks[at] as Block
      const first = at === from ? within : 0
      const isWhole = max === undefined || !isBeyond(keys[keys.length - 1] as IndexKey, max)
      if (isWhole && first === 0) into.addAll(entries)
      else {
        for (let i = first; i < keys.length; i += 1) {
          if (!isWhole && isBeyond(keys[i] as IndexKey, max)) return
          into.add(entries[i] as number)
        }
      }
      if (!isWhole) return
    }
  }

  /** Visits entries in order, behind a place or from the beginning, until `visit` answers false. */
  walk(visit: Visit, after?: IndexPlace): void {
    const [from, within] = after === undefined ? [0, 0] : this.#find((key, entry) => orderOf(after, key, entry) <= 0)
    for (let at = from; at < this.#blocks.length; at += 1) {
      const { keys, entries } = this.#blocks[at] as Block
      for (let i = at === from ? within : 0; i < keys.length; i += 1) {
        if (!visit(entries[i] as number, keys[i] as IndexKey)) return
      }
    }
  }

  /** The same, backwards. */
  walkBack(visit: Visit, before?: IndexPlace): void {
    const end: [number, number] = [this.#blocks.length - 1, Number.POSITIVE_INFINITY]
    const [from, within] = before === undefined ? end : this.#find((key, entry) => orderOf(before, key, entry) < 0)
    for (let at = from; at >= 0; at -= 1) {
      const block = this.#blocks[at]
      if (block === undefined) continue
      for (let i = Math.min(at === from ? within : Number.POSITIVE_INFINITY, block.keys.length) - 1; i >= 0; i -= 1) {
        if (!visit(block.entries[i] as number, block.keys[i] as IndexKey)) return
      }
    }
  }

  get size(): number {
    return this.#blocks.reduce((sum, { keys }) => sum + keys.length, 0)
  }

  /** The first pair for which `isBefore` does not hold any more, as block and place in it. */
  #find(isLess: (key: IndexKey, entry: number) => boolean): [number, number] {
    let [low, high] = [0, this.#blocks.length]
    // The last block whose first pair is less: what is looked for is in it, or right behind it.
    while (low < high) {
      const middle = (low + high) >>> 1
      const { keys, entries } = this.#blocks[middle] as Block
      if (isLess(keys[0] as IndexKey, entries[0] as number)) low = middle + 1
      else high = middle
    }
    const at = Math.max(0, low - 1)
    const block = this.#blocks[at]
    if (block === undefined) return [0, 0]
    let [from, to] = [0, block.keys.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (isLess(block.keys[middle] as IndexKey, block.entries[middle] as number)) from = middle + 1
      else to = middle
    }
    return from === block.keys.length && at + 1 < this.#blocks.length ? [at + 1, 0] : [at, from]
  }

  #order(keyA: IndexKey, a: number, keyB: IndexKey, b: number): number {
    return compareKeys(keyA, keyB) || this.#compare(a, b)
  }

  #split(at: number, { keys, entries }: Block): void {
    const half = keys.length >>> 1
    this.#blocks.splice(at + 1, 0, { keys: keys.splice(half), entries: entries.splice(half) })
  }

  #shared(key: IndexKey): IndexKey {
    if (typeof key === 'number') return key
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    if (this.#texts.size < SHARED_TEXTS_MAX) this.#texts.set(key, key)
    return key
  }
}

/** Numbers, then texts by their units: what `compareKeys` says, sorted much faster than by asking it. */
function sortedKeys(keys: Iterable<IndexKey>): IndexKey[] {
  const numbers: number[] = []
  const texts: string[] = []
  for (const key of keys) {
    if (typeof key === 'number') numbers.push(key)
    else texts.push(key)
  }
  return [...Float64Array.from(numbers).sort(), ...texts.sort()]
}

function isBefore(key: IndexKey, min: Bound): boolean {
  const order = compareKeys(key, min.key)
  return order < 0 || (order === 0 && !min.inclusive)
}

function isBeyond(key: IndexKey, max: Bound): boolean {
  const order = compareKeys(key, max.key)
  return order > 0 || (order === 0 && !max.inclusive)
}

/** Order of a pair and a place. */
function orderOf(place: IndexPlace, key: IndexKey, entry: number): number {
  return compareKeys(key, place.key) || -place.compare(entry)
}
