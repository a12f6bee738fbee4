/**
 * Signatures of simulated nodes. They are as good as real ones against whoever has no way to look into the memory of another node,
 * which no part of a simulation has; against anybody else they are worth nothing.
 */
import type { Signing } from '@joinery/sync/replication'

const HASH_WORDS = 8

/** 32 bytes that differ where the parts do: FNV-1a with a last mix, eight times. */
function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(4 * HASH_WORDS))
  for (let word = 0; word < HASH_WORDS; word += 1) {
    let state = Math.imul(0x811c_9dc5, 2 * word + 1)
    for (const part of parts) for (const byte of part) state = Math.imul(state ^ byte, 0x0100_0193)
    state = Math.imul(state ^ (state >>> 15), 0x85eb_ca6b)
    out.setUint32(4 * word, (state ^ (state >>> 13)) >>> 0)
  }
  return new Uint8Array(out.buffer)
}

/** All nodes that have a key, by name. */
export class SimSigners {
  readonly #secrets: ReadonlyMap<string, Uint8Array>

  constructor(names: readonly string[]) {
    this.#secrets = new Map(names.map((name) => [name, hash(Uint8Array.from(name, (char) => char.charCodeAt(0)))]))
  }

  /** What a node has: its own secret, and a way to check those of others. */
  of(node: string): Signing {
    const signature = (secret: Uint8Array, digest: Uint8Array): Uint8Array =>
      Uint8Array.from([...hash(secret, digest), ...hash(digest, secret)])
    return {
      hash,
      sign: (digest) => signature(this.#secrets.get(node) ?? new Uint8Array(0), digest),
      verify: (signer, digest, given) => {
        const secret = this.#secrets.get(signer)
        const expected = secret && signature(secret, digest)
        return expected?.every((byte, i) => byte === given[i])
      },
    }
  }
}
