/**
 * MurmurHash3, 32 bits (Austin Appleby, public domain algorithm): the chain check of a change and half of a version hash. It
 * finds accidents, not attackers; signed documents use SHA-256.
 */
export function checksum32(bytes: Uint8Array, seed = 0, from = 0, to: number = bytes.length): number {
  const blocks = to - ((to - from) & 3)
  let hash = blocks - from < VIEW_BYTES_MIN ? mixBytes(bytes, seed, from, blocks) : mixView(bytes, seed, from, blocks)
  let tail = 0
  for (let i = to - 1; i >= blocks; i -= 1) tail = (tail << 8) | (bytes[i] as number)
  hash ^= scramble(tail)
  hash ^= to - from
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}

/** From here on a view, which reads four bytes at once, is worth being made. */
const VIEW_BYTES_MIN = 1024

function mixBytes(bytes: Uint8Array, seed: number, from: number, to: number): number {
  let hash = seed | 0
  for (let i = from; i < to; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    hash = mix(hash, word)
  }
  return hash
}

function mixView(bytes: Uint8Array, seed: number, from: number, to: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let hash = seed | 0
  for (let i = from; i < to; i += 4) hash = mix(hash, view.getInt32(i, true))
  return hash
}

function mix(hash: number, word: number): number {
  const mixed = hash ^ scramble(word)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}
