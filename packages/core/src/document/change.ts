/**
 * A change: what one `doc.change(...)` did, atomic and immutable. The header can be read without the payload, so that a
 * relay can order, deduplicate and serve changes that it cannot read.
 *
 *     kind  flags  incarnation  actors  first  length  chain check  time  deps
 *     [author]  [message]  [schema version]  [signature]  payload
 */
import type { ActorId } from '../causality/actor.ts'
import { checksum32 } from '../codec/checksum.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { KIND_CHANGE, readActors, readKind, writeActors } from '../kernel/frame.ts'
import type { Site } from '../kernel/site.ts'
import { limits } from '../limits.ts'

/** A point in the history of one actor. */
export interface Head {
  readonly actor: ActorId
  readonly counter: number
}

/** What a user may say of a change. */
export interface ChangeNote {
  /** Who is behind it, in the application's terms. */
  readonly author?: string
  readonly message?: string
  /** Version of the application's schema it was made with. */
  readonly schemaVersion?: number
  /** Signature over the change, made by the layer that signs. */
  readonly signature?: Uint8Array
}

export interface ChangeHeader extends ChangeNote {
  /** The life of the document it belongs to. */
  readonly incarnation: string
  readonly actor: ActorId
  /** It owns the dots `first .. first + length - 1` of its actor. */
  readonly first: number
  readonly length: number
  /** Check over the bytes of its actor's previous change; 0 for the first. */
  readonly previous: number
  /** Microseconds since 1970 by its author's hybrid clock. */
  readonly timeMicros: number
  /** The maximal dots its author had seen, its own previous change implied. Sorted. */
  readonly deps: readonly Head[]
}

/** A change as it is kept: bytes, header, and the check that the actor's next change will name. */
export interface Change {
  readonly bytes: Uint8Array
  readonly header: ChangeHeader
  readonly check: number
  /** Actors its payload refers to, in the order of their references. */
  readonly actors: readonly ActorId[]
  readonly payloadAt: number
}

const AUTHOR = 1
const MESSAGE = 2
const SCHEMA_VERSION = 4
const SIGNATURE = 8
/** Lower bits a reader may pass over if unknown; from here on, features it must know. */
const REQUIRED_FEATURES = 256

/** A note is for people, not for documents. */
const NOTE_BYTES_MAX = 4096
const INCARNATION_BYTES_MAX = 64

/** @param table actors that the payload and the deps refer to, the author first. */
export function encodeChange(site: Site, header: ChangeHeader, table: readonly number[], payload: Writer): Uint8Array {
  const writer = new Writer(payload.length + 128)
  const { author, message, schemaVersion, signature } = header
  writer.byte(KIND_CHANGE)
  writer.varint(
    (author === undefined ? 0 : AUTHOR) |
      (message === undefined ? 0 : MESSAGE) |
      (schemaVersion === undefined ? 0 : SCHEMA_VERSION) |
      (signature === undefined ? 0 : SIGNATURE),
  )
  writer.string(header.incarnation)
  writeActors(writer, site, table)
  writer.varint(header.first)
  writer.varint(header.length)
  writer.uint32(header.previous)
  writer.varint(header.timeMicros)
  writer.varint(header.deps.length)
  for (const { actor, counter } of header.deps) {
    writer.varint(table.indexOf(site.actors.intern(actor)))
    writer.varint(counter)
  }
  if (author !== undefined) writer.string(author)
  if (message !== undefined) writer.string(message)
  if (schemaVersion !== undefined) writer.varint(schemaVersion)
  if (signature !== undefined) writer.block(signature)
  writer.raw(payload.bytes.subarray(0, payload.length))
  return writer.finish()
}

/** Reads the header of a change and leaves the payload alone. Throws `CORE_DECODE_*`, `CORE_FORMAT_UNSUPPORTED`. */
export function readChange(bytes: Uint8Array): Change {
  const reader = new Reader(bytes)
  if (bytes.length > limits.changeBytesMax) reader.invalid(`change above ${limits.changeBytesMax} bytes`)
  if (readKind(reader) !== KIND_CHANGE) reader.invalid('not a change')
  const flags = reader.varint()
  if (flags >= REQUIRED_FEATURES) reader.invalid('change needs features this build does not have')
  const incarnation = reader.string(INCARNATION_BYTES_MAX)
  const actors = readActors(reader)
  const actor = actors[0] ?? reader.invalid('change without an author')
  const first = reader.varint(limits.dotCounterMax)
  const length = reader.varint(limits.dotCounterMax)
  if (first === 0 || length === 0 || first + length - 1 > limits.dotCounterMax) reader.invalid('dots out of range')
  const header: ChangeHeader = {
    incarnation,
    actor,
    first,
    length,
    previous: reader.uint32(),
    timeMicros: reader.varint(),
    deps: readDeps(reader, actors),
    ...(flags & AUTHOR ? { author: reader.string(NOTE_BYTES_MAX) } : {}),
    ...(flags & MESSAGE ? { message: reader.string(NOTE_BYTES_MAX) } : {}),
    ...(flags & SCHEMA_VERSION ? { schemaVersion: reader.varint() } : {}),
    ...(flags & SIGNATURE ? { signature: reader.block(NOTE_BYTES_MAX).slice() } : {}),
  }
  return { bytes, header, check: checksum32(bytes), actors, payloadAt: reader.at }
}

function readDeps(reader: Reader, actors: readonly ActorId[]): Head[] {
  const deps: Head[] = []
  for (let count = reader.count(2); count > 0; count -= 1) {
    const actor = actors[reader.varint(actors.length - 1)] as ActorId
    const counter = reader.varint(limits.dotCounterMax)
    if (counter === 0 || actor === actors[0]) reader.invalid('impossible dependency')
    deps.push({ actor, counter })
  }
  return deps
}

/** Last dot of a change. */
export function lastOf({ first, length }: ChangeHeader): number {
  return first + length - 1
}
