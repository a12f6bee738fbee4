/** Source of unpredictable bytes. Store ids and fencing tokens come from it, so two stores must never share its output. */
export type RandomBytes = (count: number) => Uint8Array

/** The platform's cryptographic source, the same in Node and in browsers. */
export const platformRandom: RandomBytes = (count) => crypto.getRandomValues(new Uint8Array(count))

/** 128 bits: among 2^40 stores the chance that any two share an id stays below 2^-48. */
const idBytes = 16

/** A fresh store id, as 32 hexadecimal digits. */
export function newStoreId(random: RandomBytes): string {
  let id = ''
  for (const byte of random(idBytes)) id += byte.toString(16).padStart(2, '0')
  return id
}
