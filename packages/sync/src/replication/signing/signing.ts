/**
 * What an engine needs to sign and to check signatures, handed in by its host: synchronous and without state. In Node these are
 * SHA-256 and Ed25519 of `node:crypto`.
 */
export interface Signing {
  /** Hash of parts one after the other: `hashBytes` bytes that nobody can find twice. */
  readonly hash: (...parts: readonly Uint8Array[]) => Uint8Array
  /** Signature of this node: `signatureBytes` bytes. */
  readonly sign: (digest: Uint8Array) => Uint8Array
  /** Whether a node signed a digest; undefined where no key of that node is known. */
  readonly verify: (node: string, digest: Uint8Array, signature: Uint8Array) => boolean | undefined
}

/** SHA-256. */
export const hashBytes = 32
/** Ed25519. */
export const signatureBytes = 64

/** Takes as long as the first difference says: nothing that is compared here is secret. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
