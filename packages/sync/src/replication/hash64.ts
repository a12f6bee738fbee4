/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits under a secret key of 16 bytes, so that who does not know the key cannot
 * make two things look alike, nor choose what a digest cannot tell apart. JavaScript has no 64-bit integers that are quick, so
 * each lane is two halves.
 */

/** 64 bits, as two unsigned halves. */
export interface Hash64 {
  readonly high: number
  readonly low: number
}

export const ZERO: Hash64 = { high: 0, low: 0 }

export interface HashKey {
  readonly words: readonly [number, number, number, number]
}

/** A key from its 16 bytes; shorter keys are filled up with zeros. */
export function hashKey(bytes: Uint8Array): HashKey {
  const word = (at: number): number => {
    let value = 0
    for (let i = 3; i >= 0; i -= 1) value = (value << 8) | (bytes[at + i] ?? 0)
    return value >>> 0
  }
  return { words: [word(0), word(4), word(8), word(12)] }
}

/** The four lanes, low half first: v0, v1, v2, v3. */
const lanes = new Uint32Array(8)

export function hash64(key: HashKey, bytes: Uint8Array, length: number = bytes.length): Hash64 {
  const [k0, k1, k2, k3] = key.words
  lanes[0] = k0 ^ 0x70736575
  lanes[1] = k1 ^ 0x736f6d65
  lanes[2] = k2 ^ 0x6e646f6d
  lanes[3] = k3 ^ 0x646f7261
  lanes[4] = k0 ^ 0x6e657261
  lanes[5] = k1 ^ 0x6c796765
  lanes[6] = k2 ^ 0x79746573
  lanes[7] = k3 ^ 0x74656462
  const whole = length - (length & 7)
  for (let at = 0; at < whole; at += 8) take(wordAt(bytes, at, 4), wordAt(bytes, at + 4, 4))
  take(
    wordAt(bytes, whole, Math.min(4, length - whole)),
    (wordAt(bytes, whole + 4, Math.max(0, Math.min(3, length - whole - 4))) | (length << 24)) >>> 0,
  )
  lanes[4] = (lanes[4] as number) ^ 0xff
  for (let i = 0; i < 4; i += 1) round()
  const low = (lanes[0] as number) ^ (lanes[2] as number) ^ (lanes[4] as number) ^ (lanes[6] as number)
  const high = (lanes[1] as number) ^ (lanes[3] as number) ^ (lanes[5] as number) ^ (lanes[7] as number)
  return { high: high >>> 0, low: low >>> 0 }
}

function wordAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = count - 1; i >= 0; i -= 1) value = (value << 8) | (bytes[at + i] as number)
  return value >>> 0
}

function take(low: number, high: number): void {
  lanes[6] = (lanes[6] as number) ^ low
  lanes[7] = (lanes[7] as number) ^ high
  round()
  round()
  lanes[0] = (lanes[0] as number) ^ low
  lanes[1] = (lanes[1] as number) ^ high
}

function round(): void {
  mix(0, 2, 13)
  turnHalf(0)
  mix(4, 6, 16)
  mix(0, 6, 21)
  mix(4, 2, 17)
  turnHalf(4)
}

/** `a += b; b = rotl(b, bits) ^ a`. */
function mix(a: number, b: number, bits: number): void {
  const bLow = lanes[b] as number
  const bHigh = lanes[b + 1] as number
  const low = (lanes[a] as number) + bLow
  lanes[a] = low
  lanes[a + 1] = (lanes[a + 1] as number) + bHigh + (low > 0xffff_ffff ? 1 : 0)
  lanes[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ (lanes[a] as number)
  lanes[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ (lanes[a + 1] as number)
}

/** `a = rotl(a, 32)`. */
function turnHalf(a: number): void {
  const low = lanes[a] as number
  lanes[a] = lanes[a + 1] as number
  lanes[a + 1] = low
}

export function sameHash(a: Hash64, b: Hash64): boolean {
  return a.high === b.high && a.low === b.low
}

/** The sum modulo 2^64. */
export function addHash(a: Hash64, b: Hash64): Hash64 {
  const low = a.low + b.low
  return { high: (a.high + b.high + (low > 0xffff_ffff ? 1 : 0)) >>> 0, low: low >>> 0 }
}

/** The difference modulo 2^64. */
export function subtractHash(a: Hash64, b: Hash64): Hash64 {
  return { high: (a.high - b.high - (a.low < b.low ? 1 : 0)) >>> 0, low: (a.low - b.low) >>> 0 }
}

/** A key for maps: all 64 bits as text. */
export function hashText({ high, low }: Hash64): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
