/** A set of small numbers, a bit each: what a query knows of a million entries takes 125 kB, and is joined 32 at a time. */
export class Bitset {
  #words: Uint32Array

  constructor(size = 0) {
    this.#words = new Uint32Array(Math.ceil(size / 32))
  }

  add(n: number): void {
    const at = n >>> 5
    if (at >= this.#words.length) this.#grow(at + 1)
    this.#words[at] = (this.#words[at] as number) | (1 << (n & 31))
  }

  /** Adds the first so many of a list. */
  addAll(numbers: ArrayLike<number>, count: number = numbers.length): void {
    let words = this.#words
    for (let i = 0; i < count; i += 1) {
      const n = numbers[i] as number
      const at = n >>> 5
      if (at >= words.length) {
        this.#grow(at + 1)
        words = this.#words
      }
      words[at] = (words[at] as number) | (1 << (n & 31))
    }
  }

  delete(n: number): void {
    const at = n >>> 5
    if (at < this.#words.length) this.#words[at] = (this.#words[at] as number) & ~(1 << (n & 31))
  }

  has(n: number): boolean {
    return (((this.#words[n >>> 5] ?? 0) >>> (n & 31)) & 1) === 1
  }

  copy(): Bitset {
    const copy = new Bitset()
    copy.#words = this.#words.slice()
    return copy
  }

  /** Keeps what the other one has, too. */
  intersect(other: Bitset): this {
    const [own, others] = [this.#words, other.#words]
    for (let i = 0; i < own.length; i += 1) own[i] = (own[i] as number) & (others[i] ?? 0)
    return this
  }

  unite(other: Bitset): this {
    if (other.#words.length > this.#words.length) this.#grow(other.#words.length)
    const [own, others] = [this.#words, other.#words]
    for (let i = 0; i < others.length; i += 1) own[i] = (own[i] as number) | (others[i] as number)
    return this
  }

  /** Drops what the other one has. */
  subtract(other: Bitset): this {
    const [own, others] = [this.#words, other.#words]
    const count = Math.min(own.length, others.length)
    for (let i = 0; i < count; i += 1) own[i] = (own[i] as number) & ~(others[i] as number)
    return this
  }

  get count(): number {
    let count = 0
    for (const word of this.#words) count += ones(word)
    return count
  }

  /** Visits the numbers, ascending. */
  each(visit: (n: number) => void): void {
    const words = this.#words
    for (let i = 0; i < words.length; i += 1) {
      for (let word = words[i] as number; word !== 0; word &= word - 1) visit(i * 32 + 31 - Math.clz32(word & -word))
    }
  }

  #grow(length: number): void {
    const words = new Uint32Array(Math.max(length, 2 * this.#words.length))
    words.set(this.#words)
    this.#words = words
  }
}

/** Bits of a word that are set (Warren, "Hacker's Delight", 5-1). */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555)
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
