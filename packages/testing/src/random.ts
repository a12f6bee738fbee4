/** A seeded generator of random numbers (mulberry32): small, fast, and the same everywhere. Not for secrets. */
export interface SeededRandom {
  /** An integer from 0 to before `bound`. */
  below(bound: number): number
  /** A new array with the same items in another order. */
  shuffle<T>(items: readonly T[]): T[]
  /** Each item with a chance of `numerator / denominator`. */
  some<T>(items: readonly T[], numerator: number, denominator: number): T[]
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return {
    below,
    shuffle<T>(items: readonly T[]): T[] {
      const result = [...items]
      for (let i = result.length - 1; i > 0; i -= 1) {
        const j = below(i + 1)
        const moved = result[i] as T
        result[i] = result[j] as T
        result[j] = moved
      }
      return result
    },
    some: (items, numerator, denominator) => items.filter(() => below(denominator) < numerator),
  }
}
