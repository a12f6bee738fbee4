/**
 * Frames of a session as the body of an HTTP message: each behind its length in four bytes, big-endian. A length of zero says that
 * the connection has ended; nothing follows it.
 */
const LENGTH_BYTES = 4

export interface Framed {
  readonly frames: readonly Uint8Array[]
  readonly ended: boolean
}

/** Bytes that a frame takes in a body. */
export const framedBytes = (frame: Uint8Array): number => LENGTH_BYTES + frame.length

/** The body that carries these frames. */
export function joinFrames(frames: readonly Uint8Array[], ended = false): Uint8Array<ArrayBuffer> {
  const size = frames.reduce((sum, frame) => sum + framedBytes(frame), ended ? LENGTH_BYTES : 0)
  const body = new Uint8Array(size)
  const view = new DataView(body.buffer)
  let at = 0
  for (const frame of frames) {
    view.setUint32(at, frame.length)
    body.set(frame, at + LENGTH_BYTES)
    at += framedBytes(frame)
  }
  return body
}

/** What a body carries; undefined when it is malformed, or has a frame of more than `frameBytesMax`. */
export function splitFrames(body: Uint8Array, frameBytesMax: number): Framed | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const frames: Uint8Array[] = []
  let at = 0
  while (at < body.length) {
    if (body.length - at < LENGTH_BYTES) return undefined
    const length = view.getUint32(at)
    at += LENGTH_BYTES
    if (length === 0) return at === body.length ? { frames, ended: true } : undefined
    if (length > frameBytesMax || length > body.length - at) return undefined
    frames.push(body.subarray(at, at + length))
    at += length
  }
  return { frames, ended: false }
}
