/** Writes frames. */
import { Writer } from '@joinery/core'
import { type Changes, type Frame, type From, kinds, type Ping, type Resume } from './frames.ts'

/** Four bytes that no other protocol begins with. */
export const magic: readonly number[] = [0x4a, 0x4e, 0x52, 0x59]

const ways = { nothing: 0, position: 1, vector: 2 } as const
const levels = { received: 1, stored: 2 } as const

/** The frame as bytes of their own. */
export function encodeFrame(frame: Frame): Uint8Array {
  const payload = 'payload' in frame ? frame.payload.length : 'state' in frame ? frame.state.length : 0
  const writer = new Writer(payload + 64)
  writer.byte(kinds[frame.kind])
  const write = members[frame.kind] as (writer: Writer, frame: Frame) => void
  write(writer, frame)
  return writer.finish()
}

type Members = { readonly [K in Frame['kind']]: (writer: Writer, frame: Extract<Frame, { kind: K }>) => void }

const heartbeat = (writer: Writer, { nonce }: Ping): void => numbers(writer, nonce)

const members: Members = {
  hello(writer, { versions, features, tenant, node, credential, agent }) {
    for (const byte of magic) writer.byte(byte)
    numbers(writer, ...versions, features)
    texts(writer, tenant, node, credential, agent)
  },
  welcome(writer, { version, features, storeId, session, serverMicros, frameBytesMax, heartbeatMs }) {
    numbers(writer, version, features)
    texts(writer, storeId, session)
    numbers(writer, serverMicros, frameBytesMax, heartbeatMs)
  },
  subscribe(writer, { request, id, type, actor, window, from, resume }) {
    numbers(writer, request)
    texts(writer, id, type, actor)
    numbers(writer, window)
    writeFrom(writer, from)
    writeResume(writer, resume)
  },
  subscribed(writer, { request, handle, incarnation, version, known, knownCheck, window }) {
    numbers(writer, request, handle)
    texts(writer, incarnation)
    numbers(writer, version, known, knownCheck, window)
  },
  changes(writer, frame) {
    numbers(writer, frame.handle, frame.batch, flagsOf(frame))
    rest(writer, frame.payload)
  },
  upload(writer, frame) {
    numbers(writer, frame.handle, frame.batch, flagsOf(frame), frame.total, frame.offset)
    rest(writer, frame.payload)
  },
  presence(writer, { handle, state }) {
    numbers(writer, handle)
    rest(writer, state)
  },
  unsubscribe: (writer, { handle }) => numbers(writer, handle),
  credit: (writer, { handle, bytes }) => numbers(writer, handle, bytes),
  ping: heartbeat,
  pong: heartbeat,
  update(writer, { handle, version, payload }) {
    numbers(writer, handle, version)
    rest(writer, payload)
  },
  chunk(writer, { handle, version, transfer, total, offset, payload }) {
    numbers(writer, handle, version)
    texts(writer, transfer)
    numbers(writer, total, offset)
    rest(writer, payload)
  },
  synced: (writer, { handle, version }) => numbers(writer, handle, version),
  ack: (writer, { handle, batch, level, version }) => numbers(writer, handle, batch, levels[level], version),
  refused(writer, { handle, batch, accepted, code, message, retryAfterMs, serverMicros }) {
    numbers(writer, handle, batch, accepted)
    texts(writer, code, message)
    numbers(writer, retryAfterMs, serverMicros)
  },
  peers(writer, { handle, peers }) {
    numbers(writer, handle, peers.length)
    for (const { session, node, state } of peers) {
      texts(writer, session, node)
      numbers(writer, state.length)
      rest(writer, state)
    }
  },
  closed(writer, { handle, code, message }) {
    numbers(writer, handle)
    texts(writer, code, message)
  },
  goodbye(writer, { code, message, retryAfterMs, windowMs }) {
    texts(writer, code, message)
    numbers(writer, retryAfterMs, windowMs)
  },
}

const TELL_RECEIVED = 1
const RESTART = 2

function flagsOf({ tellReceived, restart }: Pick<Changes, 'tellReceived' | 'restart'>): number {
  return (tellReceived ? TELL_RECEIVED : 0) | (restart ? RESTART : 0)
}

function writeFrom(writer: Writer, from: From): void {
  writer.byte(ways[from.by])
  if (from.by === 'position') {
    texts(writer, from.storeId, from.incarnation)
    numbers(writer, from.version)
  } else if (from.by === 'vector') {
    texts(writer, from.incarnation)
    numbers(writer, from.entries.length)
    for (const [actor, counter] of from.entries) {
      texts(writer, actor)
      numbers(writer, counter)
    }
  }
}

function writeResume(writer: Writer, resume: Resume | undefined): void {
  writer.byte(resume === undefined ? 0 : 1)
  if (resume === undefined) return
  texts(writer, resume.transfer)
  numbers(writer, resume.offset)
}

function numbers(writer: Writer, ...values: readonly number[]): void {
  for (const value of values) writer.varint(value)
}

function texts(writer: Writer, ...values: readonly string[]): void {
  for (const value of values) writer.string(value)
}

/** Bytes up to the end of the frame, or of a length that was written before. */
function rest(writer: Writer, bytes: Uint8Array): void {
  writer.reserve(bytes.length)
  writer.bytes.set(bytes, writer.length)
  writer.length += bytes.length
}
