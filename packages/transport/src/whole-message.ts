/**
 * Small messages as one buffer, header and all. The library sends header and payload as two, which costs a good part of what
 * sending a small message does; and what goes to many is put together once.
 */

/** Up to here copying is cheaper than a second buffer. */
export const wholeMessageBytesMax = 16_384

/** Final frame of a binary message, RFC 6455 section 5.2. */
const BINARY = 0x82
/** Lengths from here on take two bytes of their own. */
const SHORT = 126

export class WholeMessages {
  #payload: Uint8Array | undefined
  #message: Uint8Array = new Uint8Array(0)

  /** The message of a payload, unmasked as servers send it. Payloads are not written to once they were handed in here. */
  of(payload: Uint8Array): Uint8Array {
    // What goes to everybody in a document goes to one after the other.
    if (payload !== this.#payload) {
      this.#message = messageOf(payload)
      this.#payload = payload
    }
    return this.#message
  }
}

function messageOf(payload: Uint8Array): Uint8Array {
  const { length } = payload
  const header = length < SHORT ? 2 : 4
  const message = Buffer.allocUnsafe(header + length)
  message[0] = BINARY
  if (length < SHORT) message[1] = length
  else {
    message[1] = SHORT
    message.writeUInt16BE(length, 2)
  }
  message.set(payload, header)
  return message
}
