/** Reads frames, and trusts none of them: every length is checked before anything is allocated. */
import { CoreError, limits, Reader } from '@joinery/core'
import { magic } from './encode-frame.ts'
import {
  type AckLevel,
  type Changes,
  type ClientFrame,
  type Frame,
  type From,
  kinds,
  type Peers,
  type Resume,
  type ServerFrame,
} from './frames.ts'
import { sessionLimits, textBytesMax, vectorEntriesMax } from './limits.ts'
import { SessionRefusal } from './refusal.ts'

/** Reads a frame that a client sent. Throws `SessionRefusal` (`malformed`). Payloads are views of `bytes`. */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  return decode(bytes, clientMembers)
}

/** Reads a frame that a server sent. Throws `SessionRefusal` (`malformed`). Payloads are views of `bytes`. */
export function decodeServerFrame(bytes: Uint8Array): ServerFrame {
  return decode(bytes, serverMembers)
}

function decode<F extends Frame>(bytes: Uint8Array, members: (kind: number, reader: Reader) => F | undefined): F {
  const reader = new Reader(bytes)
  try {
    const kind = reader.byte()
    const frame = members(kind, reader) ?? reader.invalid(`a frame of kind ${kind} does not belong here`)
    reader.finish()
    return frame
  } catch (error) {
    if (!(error instanceof CoreError)) throw error
    throw new SessionRefusal('malformed', error.message, { cause: error })
  }
}

function clientMembers(kind: number, reader: Reader): ClientFrame | undefined {
  switch (kind) {
    case kinds.hello:
      return readHello(reader)
    case kinds.subscribe:
      return {
        kind: 'subscribe',
        request: reader.varint(),
        id: text(reader),
        type: text(reader),
        actor: text(reader),
        window: reader.varint(),
        from: readFrom(reader),
        resume: readResume(reader),
      }
    case kinds.changes:
      return { kind: 'changes', ...readBatch(reader), payload: rest(reader) }
    case kinds.upload:
      return {
        kind: 'upload',
        ...readBatch(reader),
        total: reader.varint(),
        offset: reader.varint(),
        payload: rest(reader),
      }
    case kinds.presence:
      return { kind: 'presence', handle: reader.varint(), state: rest(reader) }
    case kinds.unsubscribe:
      return { kind: 'unsubscribe', handle: reader.varint() }
    case kinds.credit:
      return { kind: 'credit', handle: reader.varint(), bytes: reader.varint() }
    default:
      return heartbeat(kind, reader)
  }
}

function serverMembers(kind: number, reader: Reader): ServerFrame | undefined {
  switch (kind) {
    case kinds.welcome:
      return {
        kind: 'welcome',
        version: reader.varint(),
        features: reader.varint(),
        storeId: text(reader),
        session: text(reader),
        serverMicros: reader.varint(),
        frameBytesMax: reader.varint(),
        heartbeatMs: reader.varint(),
      }
    case kinds.subscribed:
      return {
        kind: 'subscribed',
        request: reader.varint(),
        handle: reader.varint(),
        incarnation: text(reader),
        version: reader.varint(),
        known: reader.varint(),
        knownCheck: reader.varint(),
        window: reader.varint(),
      }
    case kinds.update:
      return { kind: 'update', handle: reader.varint(), version: reader.varint(), payload: rest(reader) }
    case kinds.chunk:
      return readChunk(reader)
    case kinds.synced:
      return { kind: 'synced', handle: reader.varint(), version: reader.varint() }
    case kinds.ack:
      return {
        kind: 'ack',
        handle: reader.varint(),
        batch: reader.varint(),
        level: readLevel(reader),
        version: reader.varint(),
      }
    default:
      return rareServerMembers(kind, reader)
  }
}

function rareServerMembers(kind: number, reader: Reader): ServerFrame | undefined {
  switch (kind) {
    case kinds.refused:
      return {
        kind: 'refused',
        handle: reader.varint(),
        batch: reader.varint(),
        accepted: reader.varint(),
        code: text(reader),
        message: text(reader),
        retryAfterMs: reader.varint(),
        serverMicros: reader.varint(),
      }
    case kinds.peers:
      return readPeers(reader)
    case kinds.closed:
      return { kind: 'closed', handle: reader.varint(), code: text(reader), message: text(reader) }
    case kinds.goodbye:
      return {
        kind: 'goodbye',
        code: text(reader),
        message: text(reader),
        retryAfterMs: reader.varint(),
        windowMs: reader.varint(),
      }
    default:
      return heartbeat(kind, reader)
  }
}

function heartbeat(kind: number, reader: Reader): { kind: 'ping' | 'pong'; nonce: number } | undefined {
  if (kind === kinds.ping) return { kind: 'ping', nonce: reader.varint() }
  if (kind === kinds.pong) return { kind: 'pong', nonce: reader.varint() }
  return undefined
}

function readHello(reader: Reader): ClientFrame {
  for (const byte of magic) if (reader.byte() !== byte) reader.invalid('not this protocol')
  return {
    kind: 'hello',
    versions: [reader.varint(), reader.varint()],
    features: reader.varint(),
    tenant: text(reader),
    node: text(reader),
    credential: text(reader),
    agent: text(reader),
  }
}

function readBatch(reader: Reader): Omit<Changes, 'kind' | 'payload'> {
  const [handle, batch, flags] = [reader.varint(), reader.varint(), reader.varint(3)]
  return { handle, batch, tellReceived: (flags & 1) !== 0, restart: (flags & 2) !== 0 }
}

function readFrom(reader: Reader): From {
  switch (reader.byte()) {
    case 0:
      return { by: 'nothing' }
    case 1:
      return { by: 'position', storeId: text(reader), incarnation: text(reader), version: reader.varint() }
    case 2:
      return { by: 'vector', incarnation: text(reader), entries: readVector(reader) }
    default:
      return reader.invalid('no such way to say what is there')
  }
}

function readVector(reader: Reader): readonly (readonly [string, number])[] {
  const count = reader.count(2)
  if (count > vectorEntriesMax) reader.invalid(`a vector of more than ${vectorEntriesMax} actors`)
  return Array.from({ length: count }, () => [text(reader), reader.varint(limits.dotCounterMax)] as const)
}

function readResume(reader: Reader): Resume | undefined {
  return flag(reader) ? { transfer: text(reader), offset: reader.varint() } : undefined
}

function readChunk(reader: Reader): ServerFrame {
  return {
    kind: 'chunk',
    handle: reader.varint(),
    version: reader.varint(),
    transfer: text(reader),
    total: reader.varint(),
    offset: reader.varint(),
    payload: rest(reader),
  }
}

function readPeers(reader: Reader): Peers {
  const handle = reader.varint()
  const peers = Array.from({ length: reader.count(3) }, () => ({
    session: text(reader),
    node: text(reader),
    state: reader.view(reader.varint(sessionLimits.presenceBytesMax)),
  }))
  return { kind: 'peers', handle, peers }
}

function readLevel(reader: Reader): AckLevel {
  const level = reader.byte()
  return level === 1 ? 'received' : level === 2 ? 'stored' : reader.invalid('no such level')
}

function flag(reader: Reader): boolean {
  const byte = reader.byte()
  return byte === 1 || (byte !== 0 && reader.invalid('a flag is 0 or 1'))
}

function text(reader: Reader): string {
  return reader.string(textBytesMax)
}

function rest(reader: Reader): Uint8Array {
  return reader.view(reader.remaining)
}
