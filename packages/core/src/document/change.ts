/**
 * A change: what one `doc.change(...)` did, atomic and immutable. The header can be read without the payload, so that a
 * relay can order, deduplicate and serve changes that it cannot read.
 *
 *     kind  flags  incarnation  actors  first  length  chain check  time  deps
 *     [author]  [message]  [schema version]  [signature]  payload
 */

import type { ActorId, ActorTable } from '../causality/actor.ts'
import type { CausalContext } from '../causality/causal-context.ts'
import { readBlock, writeBlock } from '../codec/blocks.ts'
import { checksum32 } from '../codec/checksum.ts'
import { readUint32, writeUint32 } from '../codec/numbers.ts'
import { Reader } from '../codec/reader.ts'
import { isWellFormed, takesMore } from '../codec/utf8.ts'
import { Writer } from '../codec/writer.ts'
import { refuse } from '../errors.ts'
import { FAST_PATHS } from '../fast-paths.ts'
import { checkMicros } from '../kernel/cell.ts'
import { KIND_CHANGE, readActors, readKind, writeActors } from '../kernel/frame.ts'
import type { Site } from '../kernel/site.ts'
import * as limits from '../limits.ts'

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

/** A change that was read up to its payload. */
export interface Change {
  readonly bytes: Uint8Array
  readonly header: ChangeHeader
  /** Actors its payload refers to, in the order of their references. */
  readonly actors: readonly ActorId[]
  readonly payloadAt: number
  /** How many bytes it begins with that are the same in its author's next change; 0 where a note makes it another. */
  readonly beginning: number
}

const AUTHOR = 1
const MESSAGE = 2
const SCHEMA_VERSION = 4
const SIGNATURE = 8
/** Lower bits a reader may pass over if unknown; from here on, features it must know. */
const REQUIRED_FEATURES = 256

/** Refuses an incarnation's name that no change could carry. Throws `CORE_ID_INVALID`. */
export function checkIncarnation(name: string): void {
  if (!isWellFormed(name) || takesMore(name, limits.incarnationBytesMax)) {
    refuse('CORE_ID_INVALID', 'not an incarnation')
  }
}

/** Refuses a note that no change could carry. Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
export function checkNote(note: ChangeNote & { readonly timeMicros?: number }): void {
  const { author, message, schemaVersion, signature, timeMicros } = note
  if (timeMicros !== undefined) checkMicros(timeMicros)
  for (const text of [author, message]) {
    if (text === undefined) continue
    if (!isWellFormed(text)) refuse('CORE_VALUE_INVALID', 'not well-formed text')
    if (takesMore(text, limits.noteBytesMax)) noteTooLong()
  }
  if (signature !== undefined && signature.length > limits.noteBytesMax) noteTooLong()
  if (schemaVersion !== undefined && !(Number.isSafeInteger(schemaVersion) && schemaVersion >= 0)) {
    refuse('CORE_VALUE_INVALID', 'not a schema version')
  }
}

function noteTooLong(): never {
  return refuse('CORE_LIMIT_EXCEEDED', 'above limits.noteBytesMax')
}

/** What a change says of itself beyond who wrote it. */
export interface Extent {
  readonly first: number
  readonly length: number
  /** Check over the author's previous change. */
  readonly previous: number
  readonly timeMicros: number
  /** Indices of the other actors whose last dot it follows. */
  readonly heads: readonly number[]
}

/** Writes the changes of one document, which nearly always begin with the same bytes. */
export class ChangeEncoder {
  readonly #site: Site
  readonly #incarnation: string
  /** What the last change without a note began with, and for which actors. */
  #beginning: Writer | undefined
  #table: readonly number[] = []

  constructor(site: Site, incarnation: string) {
    this.#site = site
    this.#incarnation = incarnation
  }

  /** @param table actors that the payload and the heads refer to, the author first. */
  write(writer: Writer, table: readonly number[], extent: Extent, note: ChangeNote, payload: Writer): void {
    const flags = flagsOf(note)
    if (!FAST_PATHS || flags !== 0) this.#begin(writer, flags, table)
    else {
      if (this.#beginning === undefined || !sameNumbers(table, this.#table)) {
        this.#beginning = new Writer(64)
        this.#begin(this.#beginning, 0, table)
        this.#table = [...table]
      }
      writer.append(this.#beginning.bytes, this.#beginning.length)
    }
    writer.varint(extent.first)
    writer.varint(extent.length)
    writeUint32(writer, extent.previous)
    writer.varint(extent.timeMicros)
    writer.varint(extent.heads.length)
    for (const actor of extent.heads) {
      writer.varint(table.indexOf(actor))
      writer.varint((this.#site.context as CausalContext).prefix(actor))
    }
    if (flags !== 0) writeNote(writer, note)
    writer.append(payload.bytes, payload.length)
  }

  #begin(writer: Writer, flags: number, table: readonly number[]): void {
    writer.byte(KIND_CHANGE)
    writer.varint(flags)
    writer.string(this.#incarnation)
    writeActors(writer, this.#site, table)
  }
}

export function flagsOf({ author, message, schemaVersion, signature }: ChangeNote): number {
  return (
    (author === undefined ? 0 : AUTHOR) |
    (message === undefined ? 0 : MESSAGE) |
    (schemaVersion === undefined ? 0 : SCHEMA_VERSION) |
    (signature === undefined ? 0 : SIGNATURE)
  )
}

export function writeNote(writer: Writer, { author, message, schemaVersion, signature }: ChangeNote): void {
  if (author !== undefined) writer.string(author)
  if (message !== undefined) writer.string(message)
  if (schemaVersion !== undefined) writer.varint(schemaVersion)
  if (signature !== undefined) writeBlock(writer, signature)
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

/** A change with the check that its actor's next one will name. */
export interface CheckedChange extends Change {
  readonly check: number
}

/** Reads the header of a change and leaves the payload alone. Throws `CORE_DECODE_*`, `CORE_FORMAT_UNSUPPORTED`. */
export function readChange(bytes: Uint8Array): CheckedChange {
  return { ...openChange(bytes), check: checksum32(bytes) }
}

/**
 * The same without the check, which costs more than the header.
 * @param known actors whose names need not be looked at again.
 */
export function openChange(bytes: Uint8Array, known?: ActorTable): Change {
  const reader = new Reader(bytes)
  if (bytes.length > limits.changeBytesMax) reader.invalid('out of range')
  if (readKind(reader) !== KIND_CHANGE) reader.invalid('another kind')
  const flags = reader.varint()
  if (flags >= REQUIRED_FEATURES) reader.invalid('unknown features')
  const incarnation = reader.string(limits.incarnationBytesMax)
  const actors = readActors(reader, known)
  const actor = actors[0] ?? reader.invalid('not canonical')
  const beginning = flags === 0 ? reader.at : 0
  const header = readExtent(reader, incarnation, actor, actors)
  const noted = flags === 0 ? header : readNote(reader, flags, header)
  return { bytes: reader.bytes, header: noted, actors, payloadAt: reader.at, beginning }
}

/** Reads what stands behind the beginning of a change, up to its note, and answers the header. */
export function readExtent(
  reader: Reader,
  incarnation: string,
  actor: ActorId,
  actors: readonly ActorId[],
): ChangeHeader {
  const first = reader.varint(limits.dotCounterMax)
  const length = reader.varint(limits.dotCounterMax)
  if (first === 0 || length === 0 || first + length - 1 > limits.dotCounterMax) reader.invalid('out of range')
  const previous = readUint32(reader)
  return { incarnation, actor, first, length, previous, timeMicros: reader.varint(), deps: readDeps(reader, actors) }
}

function readNote(reader: Reader, flags: number, header: ChangeHeader): ChangeHeader {
  return {
    ...header,
    ...(flags & AUTHOR ? { author: reader.string(limits.noteBytesMax) } : {}),
    ...(flags & MESSAGE ? { message: reader.string(limits.noteBytesMax) } : {}),
    ...(flags & SCHEMA_VERSION ? { schemaVersion: reader.varint() } : {}),
    ...(flags & SIGNATURE ? { signature: readBlock(reader, limits.noteBytesMax) } : {}),
  }
}

/** Shared by the many changes that follow their author's last one and nothing else. */
export const NO_DEPS: readonly Head[] = []
export const NO_HEADS: readonly number[] = []
export const NO_HEADERS: readonly ChangeHeader[] = []

function readDeps(reader: Reader, actors: readonly ActorId[]): readonly Head[] {
  const count = reader.count(2)
  if (count === 0) return NO_DEPS
  const deps: Head[] = []
  for (let left = count; left > 0; left -= 1) {
    const actor = actors[reader.varint(actors.length - 1)] as ActorId
    const counter = reader.varint(limits.dotCounterMax)
    if (counter === 0 || actor === actors[0]) reader.invalid('out of range')
    deps.push({ actor, counter })
  }
  return deps
}

/** Last dot of a change. */
export function lastOf({ first, length }: ChangeHeader): number {
  return first + length - 1
}
