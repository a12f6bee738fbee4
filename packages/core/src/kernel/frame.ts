/**
 * The encoded form of a stand-alone value, whole or delta:
 *
 *     kind  tag  actors: count, ids  [context]  payload
 *
 * A delta vouches for its own interval of dots only, never for what its author had merely seen: joined in any order, with
 * others missing, it must not make the receiver believe that it knows them (Almeida, Shoker, Baquero, "Delta state
 * replicated data types", 2018).
 */
import { type ActorId, type ActorTable, parseActorId } from '../causality/actor.ts'
import { Reader } from '../codec/reader.ts'
import type { Writer } from '../codec/writer.ts'
import { refuse } from '../errors.ts'
import * as limits from '../limits.ts'
import { Decoder, Encoder, unknownTypes } from './codec.ts'
import type { Container } from './container.ts'
import { SELF, type Site } from './site.ts'

/** First byte: format 1 in the high half, what follows in the low half. */
export const KIND_STATE = 0x11
export const KIND_DELTA = 0x12
export const KIND_CHANGE = 0x13
export const KIND_SNAPSHOT = 0x14
export const KIND_BUNDLE = 0x15

/** An actor id takes at most the replica id, the mark and the epoch. */
const ACTOR_BYTES_MAX = limits.replicaIdBytesMax + 17

/** Reads the first byte. Throws `CORE_FORMAT_UNSUPPORTED` for another format than 1. */
export function readKind(reader: Reader): number {
  const kind = reader.byte()
  if (kind >>> 4 !== 1) refuse('CORE_FORMAT_UNSUPPORTED', `format ${kind >>> 4}`)
  return kind
}

export function writeActors(writer: Writer, site: Site, table: readonly number[]): void {
  writer.varint(table.length)
  for (const actor of table) writer.string(site.actors.id(actor))
}

/**
 * Reads a table of actor ids, each at most once.
 * @param known actors that were checked before.
 */
export function readActors(reader: Reader, known?: ActorTable): readonly ActorId[] {
  const count = reader.count(18)
  const ids: ActorId[] = []
  for (let i = 0; i < count; i += 1) {
    // Tables are much alike: one that probably stands here is compared instead of built and looked up.
    const guess = known?.ids[i]
    ids.push(guess !== undefined && reader.takes(guess) ? guess : readActor(reader, known))
  }
  if (count > 1 && new Set(ids).size !== count) reader.invalid('listed twice')
  return ids
}

function readActor(reader: Reader, known: ActorTable | undefined): ActorId {
  const text = reader.string(ACTOR_BYTES_MAX)
  if (known?.find(text as ActorId) !== undefined) return text as ActorId
  try {
    return parseActorId(text)
  } catch {
    return reader.invalid('not an actor id')
  }
}

/** Actors that the state refers to, ascending. */
export function actorsOf(container: Container): number[] {
  const { actors } = container.place.site
  const table: number[] = []
  for (let actor = 0; actor < actors.ids.length; actor += 1) if (container.refersTo(actor)) table.push(actor)
  return table.length > 1 ? table.sort(actors.compare) : table
}

/** Writes what stands before the payload. */
function writeHead(out: Encoder, container: Container, kind: number): void {
  out.writer.byte(kind)
  out.writer.byte(container.tag)
  writeActors(out.writer, out.site, out.table)
  container.writeContext(out, kind === KIND_STATE)
}

export function encodeState(container: Container): Uint8Array {
  const { site } = container.place
  site.show()
  const out = new Encoder(site, actorsOf(container))
  writeHead(out, container, KIND_STATE)
  container.writeState(out)
  return out.finish()
}

export function encodeDelta(container: Container): Uint8Array {
  const { site } = container.place
  const payload = new Encoder(site)
  container.writePending(payload)
  const out = new Encoder(site, payload.table)
  writeHead(out, container, KIND_DELTA)
  out.writer.append(payload.writer.bytes, payload.writer.length)
  payload.writer.release()
  site.next()
  return out.finish()
}

export function joinEncoded(container: Container, encoded: Uint8Array): void {
  const { site } = container.place
  const reader = new Reader(encoded)
  const kind = readKind(reader)
  if (kind !== KIND_STATE && kind !== KIND_DELTA) reader.invalid('another kind')
  if (reader.byte() !== container.tag) reader.invalid('another kind')
  site.settle()
  const known = site.actors.ids.length
  try {
    joinBody(container, reader, kind)
  } catch (error) {
    // Nothing refers to the actors of refused bytes, and whoever sends many must not fill the table.
    site.actors.truncate(known)
    throw error
  }
}

function joinBody(container: Container, reader: Reader, kind: number): void {
  const { site } = container.place
  const actors = readActors(reader, site.actors).map((id) => site.actors.intern(id))
  const input = new Decoder(reader, site, container.readFrame(reader, actors, kind === KIND_STATE))
  const apply = container.read(input)
  reader.finish()
  if (input.opaque) unknownTypes()
  container.applyRead(input, apply)
  // What is mutated from here on has seen this: it refreshes presence that it had refreshed before.
  site.stamp += 1
}

/**
 * Loads an encoded state into a new value. The actor continues where the state has it, because state and actor are kept
 * together; an actor that continues from an older copy is found when it meets others.
 */
export function loadEncoded<C extends Container>(container: C, encoded: Uint8Array): C {
  const { site } = container.place
  site.resuming = true
  joinEncoded(container, encoded)
  site.resuming = false
  site.resumeAfter(site.context?.runs(SELF).at(-1) ?? 0)
  return container
}
