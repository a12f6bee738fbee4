/**
 * A snapshot: the whole document as of its version, canonical, without history. Two documents with the same version have the
 * same snapshot, byte for byte.
 *
 *     kind  flags  check over what follows  incarnation  actors  per actor: counter, chain check  time  heads  root
 */

import { CausalContext } from '../causality/causal-context.ts'
import { checksum32 } from '../codec/checksum.ts'
import { readUint32, writeUint32 } from '../codec/numbers.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { Decoder, Encoder, unknownTypes } from '../kernel/codec.ts'
import type { Apply, Container } from '../kernel/container.ts'
import { actorsOf, KIND_SNAPSHOT, readActors, readKind, writeActors } from '../kernel/frame.ts'
import { SELF, type Site } from '../kernel/site.ts'
import * as limits from '../limits.ts'
import type { PastState } from './past.ts'

export interface Snapshot extends PastState {
  readonly incarnation: string
  /** Local index of each reference. */
  readonly actors: readonly number[]
  /** Stands at the root's block. */
  readonly reader: Reader
}

export function encodeSnapshot(root: Container, incarnation: string, past: PastState): Uint8Array {
  const { site } = root.place
  const table = actorsOf(root)
  const writer = new Writer(1024)
  const out = new Encoder(site, table, writer)
  writer.byte(KIND_SNAPSHOT)
  writer.varint(0)
  const checkAt = writer.length
  writeUint32(writer, 0)
  writer.string(incarnation)
  writeActors(writer, site, table)
  for (const actor of table) {
    writer.varint(past.context.prefix(actor))
    writeUint32(writer, past.checks[actor] ?? 0)
  }
  writer.varint(past.timeMicros)
  const heads = table.filter((actor) => past.heads.has(actor))
  writer.varint(heads.length)
  for (const actor of heads) out.actor(actor)
  root.writeState(out)
  const bytes = writer.finish()
  const check = checksum32(bytes.subarray(checkAt + 4))
  for (let i = 0; i < 4; i += 1) bytes[checkAt + i] = check >>> (8 * i)
  return bytes
}

/**
 * Reads the root's block of a snapshot; what it answers joins it. Throws `CORE_DECODE_*`, `CORE_FORMAT_UNSUPPORTED`.
 * @param lazy whether what is big may be left unread until somebody needs it.
 */
export function readRoot(root: Container, { actors, context, reader }: Snapshot, lazy = false): Apply {
  const { site } = root.place
  const ownLast = site.resuming ? context.prefix(SELF) : site.last
  const input = new Decoder(reader, site, { actors, context, claim: context, ownLast, lazy })
  const apply = root.read(input)
  reader.finish()
  if (input.opaque) unknownTypes()
  return apply
}

/** Reads all but the root's block. Throws `CORE_DECODE_*`, `CORE_FORMAT_UNSUPPORTED`. */
export function readSnapshot(bytes: Uint8Array, site: Site): Snapshot {
  const reader = new Reader(bytes)
  if (readKind(reader) !== KIND_SNAPSHOT) reader.invalid('another kind')
  if (reader.varint() !== 0) reader.invalid('unknown features')
  const check = readUint32(reader)
  if (checksum32(bytes.subarray(reader.at)) !== check) reader.invalid('damaged')
  const incarnation = reader.string(limits.incarnationBytesMax)
  const actors = readActors(reader, site.actors).map((id) => site.actors.intern(id))
  const context = new CausalContext()
  const checks: number[] = []
  for (const actor of actors) {
    context.advance(actor, reader.varint(limits.dotCounterMax))
    checks[actor] = readUint32(reader)
  }
  const timeMicros = reader.varint()
  const heads = new Set<number>()
  for (let count = reader.count(); count > 0; count -= 1) {
    const head = actors[reader.varint(actors.length - 1)] as number
    if (context.prefix(head) === 0) reader.invalid('out of range')
    heads.add(head)
  }
  return { incarnation, actors, context, checks, heads, timeMicros, reader }
}
