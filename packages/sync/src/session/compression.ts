/**
 * Payloads that travel smaller than they are: deflated, behind a byte that no change, bundle or snapshot begins with, and their length.
 * Many clients get the same payload, so each is deflated once.
 */
import { CoreError, Reader, Writer } from '@joinery/core'
import { deflateBytesMax, deflateBytesMin } from './limits.ts'
import { SessionRefusal } from './refusal.ts'

/** Deflate (RFC 1951, no header), from the platform or a library. */
export interface Compression {
  deflate(bytes: Uint8Array): Uint8Array
  /** Throws where the bytes are not deflated, or would become more than `length` bytes. Must not allocate more than that. */
  inflate(bytes: Uint8Array, length: number): Uint8Array
}

/** The first byte of a payload that was deflated. */
export const DEFLATED = 0x1d
/** Deflated it has to be this much smaller to be worth the other side's time. */
const GAIN_MIN = 0.9
/** The byte, and the length. */
const HEAD_BYTES = 10

export class Packer {
  readonly #compression: Compression
  readonly #packed = new WeakMap<Uint8Array, Uint8Array>()

  constructor(compression: Compression) {
    this.#compression = compression
  }

  /** The payload as it travels: deflated where that pays, as it is where it does not. It must not change any more. */
  pack(payload: Uint8Array): Uint8Array {
    if (payload.length < deflateBytesMin || payload.length > deflateBytesMax) return payload
    const known = this.#packed.get(payload)
    if (known !== undefined) return known
    const packed = this.#pack(payload)
    this.#packed.set(payload, packed)
    return packed
  }

  #pack(payload: Uint8Array): Uint8Array {
    const deflated = this.#compression.deflate(payload)
    if (deflated.length > GAIN_MIN * payload.length) return payload
    const writer = new Writer(deflated.length + HEAD_BYTES)
    writer.byte(DEFLATED)
    writer.varint(payload.length)
    writer.append(deflated)
    return writer.finish()
  }

  /** The payload as it was. Throws `SessionRefusal`. */
  unpack(payload: Uint8Array, bytesMax: number): Uint8Array {
    if (payload[0] !== DEFLATED) return payload
    const { length, at } = headOf(payload)
    if (length > bytesMax) throw new SessionRefusal('payload_too_large', `at most ${bytesMax} bytes, not ${length}`)
    const bytes = this.#inflated(payload.subarray(at), length)
    if (bytes.length !== length) throw new SessionRefusal('malformed', 'a payload is not as long as it says')
    return bytes
  }

  #inflated(deflated: Uint8Array, length: number): Uint8Array {
    try {
      return this.#compression.inflate(deflated, length)
    } catch (cause) {
      throw new SessionRefusal('malformed', 'a payload cannot be inflated', { cause })
    }
  }
}

/** How long a payload will be, read without unpacking it. Throws `SessionRefusal` (`malformed`). */
export function unpackedLength(payload: Uint8Array): number {
  return payload[0] === DEFLATED ? headOf(payload).length : payload.length
}

function headOf(payload: Uint8Array): { readonly length: number; readonly at: number } {
  const reader = new Reader(payload, 1)
  try {
    const length = reader.varint()
    return { length, at: payload.length - reader.remaining }
  } catch (error) {
    if (!(error instanceof CoreError)) throw error
    throw new SessionRefusal('malformed', 'a payload says nothing of its length', { cause: error })
  }
}
