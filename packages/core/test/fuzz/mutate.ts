/** Damages valid bytes in the ways that accidents and attackers do. */
import type { Random } from './random.ts'

const BYTES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 127, 128, 129, 254, 255]
/** Varints that announce much: 2^28 - 1, 2^32 - 1, 2^32, 2^53 - 1, not minimal, endless. */
const NUMBERS = [
  [0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
]

type Damage = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array

function spliced(bytes: Uint8Array, at: number, remove: number, insert: ArrayLike<number>): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...Array.from(insert), ...bytes.subarray(at + remove)])
}

const damages: readonly Damage[] = [
  function flipBit(bytes, random) {
    const copy = bytes.slice()
    copy[random.int(copy.length)]! ^= 1 << random.int(8)
    return copy
  },
  function setByte(bytes, random) {
    const copy = bytes.slice()
    copy[random.int(copy.length)] = random.chance(0.7) ? random.pick(BYTES) : random.int(256)
    return copy
  },
  function nudgeByte(bytes, random) {
    const copy = bytes.slice()
    const at = random.int(copy.length)
    copy[at] = copy[at]! + (random.chance(0.5) ? 1 : -1)
    return copy
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random.int(bytes.length))
  },
  function inflate(bytes, random) {
    return spliced(bytes, random.int(bytes.length), 1, random.pick(NUMBERS))
  },
  function append(bytes, random) {
    return spliced(
      bytes,
      bytes.length,
      0,
      Array.from({ length: 1 + random.int(4) }, () => random.int(256)),
    )
  },
  function splice(bytes, random, other) {
    return spliced(
      bytes.subarray(0, random.int(bytes.length)),
      bytes.length,
      0,
      other.subarray(random.int(other.length)),
    )
  },
  function transplant(bytes, random, other) {
    const from = random.int(other.length)
    const size = 1 + random.int(12)
    return spliced(bytes, random.int(bytes.length), size, other.subarray(from, from + size))
  },
  function repeat(bytes, random) {
    const from = random.int(bytes.length)
    const part = bytes.subarray(from, from + 1 + random.int(12))
    return spliced(bytes, from, 0, part)
  },
  function remove(bytes, random) {
    return spliced(bytes, random.int(bytes.length), 1 + random.int(6), [])
  },
  function swap(bytes, random) {
    const copy = bytes.slice()
    const a = random.int(copy.length)
    const b = random.int(copy.length)
    const held = copy[a]!
    copy[a] = copy[b]!
    copy[b] = held
    return copy
  },
]

/** One to three damages. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let result = bytes
  for (let times = random.chance(0.6) ? 1 : 1 + random.int(3); times > 0; times -= 1) {
    if (result.length > 0) result = random.pick(damages)(result, random, other)
  }
  return result
}
