/** Deflate from Node's zlib, for sessions. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Compression } from '@joinery/sync'

/** The quickest there is: documents are columns of numbers already, and what more effort gains is a sixth for thrice the time. */
const LEVEL = 1

export const nodeCompression: Compression = {
  deflate: (bytes) => plain(deflateRawSync(bytes, { level: LEVEL })),
  inflate: (bytes, length) => plain(inflateRawSync(bytes, { maxOutputLength: Math.max(1, length) })),
}

/** One kind of bytes everywhere: a `Buffer` copies nothing when it is sliced. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
