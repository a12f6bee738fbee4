/** Seeded randomness, the same sequence in every process and on every machine. */

/** mulberry32: numbers in [0, 1). */
export function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** An integer in [0, below). */
export const below = (random, limit) => Math.floor(random() * limit)

/** A string of lower-case letters. */
export function letters(random, length) {
  let text = ''
  for (let i = 0; i < length; i += 1) text += String.fromCharCode(97 + below(random, 26))
  return text
}

/** A word of 2 to 9 letters and a space. */
export const word = (random) => `${letters(random, 2 + below(random, 8))} `
