/** Messages as bytes. What travels is at most `messageBytesMax` long, and what it inflates to is bounded before it is. */
import { CoreError, Reader, Writer } from '@joinery/core'
import type { Compression } from '../../session/compression.ts'
import { ReplicationError } from '../errors.ts'
import { deflateMessageBytesMin, replicationLimits } from '../limits.ts'
import { bodies } from './bodies.ts'
import { kinds, MESSAGE_VERSION, type Message } from './messages.ts'

/** Of the second byte: the body is deflated, behind the length that it has without. */
const DEFLATED = 0x80
/** Deflated it has to be this much smaller to be worth the other side's time. */
const GAIN_MIN = 0.95

const kindOf = new Map<number, Message['kind']>(
  (Object.keys(kinds) as Message['kind'][]).map((kind) => [kinds[kind], kind]),
)

export class MessageCodec {
  readonly #compression: Compression | undefined
  readonly #writer = new Writer(4096)
  /** Bytes of bodies before and after they were deflated, of those that were. */
  readonly measured: { plain: number; deflated: number } = { plain: 0, deflated: 0 }

  /** @param compression none: everything travels as it is, and what comes deflated cannot be read. */
  constructor(compression?: Compression) {
    this.#compression = compression
  }

  /** Throws `REPLICATION_TOO_LARGE`. */
  encode(message: Message): Uint8Array {
    const writer = this.#writer
    writer.length = 0
    writer.byte(MESSAGE_VERSION)
    writer.byte(kinds[message.kind])
    const write = bodies[message.kind].write as (writer: Writer, message: Message) => void
    write(writer, message)
    const plain = writer.length - 2
    const bytes = plain < deflateMessageBytesMin ? writer.finish() : this.#deflated(writer, plain)
    if (bytes.length > replicationLimits.messageBytesMax || plain > replicationLimits.inflatedBytesMax)
      throw new ReplicationError('REPLICATION_TOO_LARGE', `a message of ${plain} bytes`)
    return bytes
  }

  #deflated(writer: Writer, plain: number): Uint8Array {
    const deflated = this.#compression?.deflate(writer.bytes.slice(2, writer.length))
    if (deflated === undefined || deflated.length > GAIN_MIN * plain) return writer.finish()
    this.measured.plain += plain
    this.measured.deflated += deflated.length
    const out = new Writer(deflated.length + 10)
    out.byte(MESSAGE_VERSION)
    out.byte((writer.bytes[1] as number) | DEFLATED)
    out.varint(plain)
    out.append(deflated)
    return out.finish()
  }

  /** Payloads are views of `bytes`, or of what it inflates to. Throws `REPLICATION_*`, and then nothing was changed. */
  decode(bytes: Uint8Array): Message {
    if (bytes.length > replicationLimits.messageBytesMax)
      throw new ReplicationError('REPLICATION_TOO_LARGE', `a message of ${bytes.length} bytes`)
    if (bytes.length > 0 && bytes[0] !== MESSAGE_VERSION)
      throw new ReplicationError('REPLICATION_VERSION', `version ${bytes[0]} of the protocol of nodes`)
    try {
      return this.#decode(bytes)
    } catch (error) {
      if (!(error instanceof CoreError)) throw error
      throw new ReplicationError('REPLICATION_MALFORMED', error.message, { cause: error })
    }
  }

  #decode(bytes: Uint8Array): Message {
    const head = new Reader(bytes, 1)
    const second = head.byte()
    const kind = kindOf.get(second & ~DEFLATED) ?? head.invalid('another kind')
    const reader = second & DEFLATED ? new Reader(this.#inflated(head)) : head
    const message = bodies[kind].read(reader)
    reader.finish()
    return message
  }

  #inflated(head: Reader): Uint8Array {
    const length = head.varint(replicationLimits.inflatedBytesMax)
    const compression = this.#compression ?? head.invalid('deflated')
    try {
      const body = compression.inflate(head.view(head.remaining), length)
      if (body.length === length) return body
    } catch (cause) {
      throw new ReplicationError('REPLICATION_MALFORMED', 'a message cannot be inflated', { cause })
    }
    return head.invalid('not as announced')
  }
}
