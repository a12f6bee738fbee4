/**
 * What goes over a connection between nodes, inside of TLS:
 *
 *     length (4 bytes, big-endian)  kind (1 byte)  body
 *
 * The length counts kind and body.
 */
const HEAD_BYTES = 4

export const frameKind = {
  /** Who speaks: the first frame of each end. */
  hello: 1,
  /** That it knows the secret of the cluster. */
  proof: 2,
  message: 3,
  /** A sign of life, without a body. */
  ping: 4,
  /** Why the connection ends. */
  bye: 5,
} as const

export function encodeNodeFrame(kind: number, body: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + 1 + body.length)
  frame.writeUInt32BE(body.length + 1)
  frame[HEAD_BYTES] = kind
  frame.set(body, HEAD_BYTES + 1)
  return frame
}

/** Cuts what arrives into frames. Memory is taken for a frame only once its length was seen to be allowed. */
export class NodeFrameReader {
  /** Bytes of a body. May be raised as more is known of the other end. */
  bytesMax: number
  readonly #head = new Uint8Array(HEAD_BYTES)
  #headBytes = 0
  #frame: Uint8Array | undefined
  #frameBytes = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /**
   * Takes the next bytes. A body is handed over as it is: it may be a part of `chunk`.
   * @param take answers false when nothing more is wanted.
   * @returns false where a frame is empty or too long: then nothing after it can be read.
   */
  push(chunk: Uint8Array, take: (kind: number, body: Uint8Array) => boolean): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        at = this.#readHead(chunk, at)
        if (this.#headBytes < HEAD_BYTES) return true
        const length = this.#length()
        if (length === 0 || length > this.bytesMax + 1) return false
        this.#headBytes = 0
        if (chunk.length - at >= length) {
          const frame = chunk.subarray(at, at + length)
          at += length
          if (!take(frame[0] as number, frame.subarray(1))) return true
          continue
        }
        this.#frame = new Uint8Array(length)
        this.#frameBytes = 0
      }
      at = this.#fill(this.#frame, chunk, at)
      if (this.#frameBytes < this.#frame.length) return true
      const frame = this.#frame
      this.#frame = undefined
      if (!take(frame[0] as number, frame.subarray(1))) return true
    }
    return true
  }

  #readHead(chunk: Uint8Array, from: number): number {
    let at = from
    while (this.#headBytes < HEAD_BYTES && at < chunk.length) {
      this.#head[this.#headBytes] = chunk[at] as number
      this.#headBytes += 1
      at += 1
    }
    return at
  }

  #length(): number {
    return new DataView(this.#head.buffer).getUint32(0)
  }

  #fill(frame: Uint8Array, chunk: Uint8Array, at: number): number {
    const count = Math.min(frame.length - this.#frameBytes, chunk.length - at)
    frame.set(chunk.subarray(at, at + count), this.#frameBytes)
    this.#frameBytes += count
    return at + count
  }
}
