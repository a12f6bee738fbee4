/**
 * What a change says of plain values under the keys of a document's maps, one write at a time: for hosts that show it to people, or to
 * other programs. An entry of its own, so that who does not need it does not load it.
 */
import { replicaOf } from './causality/actor.ts'
import { type Dot, dotActor, dotCounter, packDot } from './causality/dot.ts'
import { HybridClock } from './causality/hybrid-clock.ts'
import type { JsonValue } from './codec/json.ts'
import { Reader } from './codec/reader.ts'
import type { Change } from './document/change.ts'
import { PAST_ACTOR } from './document/history.ts'
import type { Write } from './kernel/cell.ts'
import { Decoder } from './kernel/codec.ts'
import { Interval } from './kernel/dots.ts'
import { ListOrder, readPart } from './kernel/parts.ts'
import { Site } from './kernel/site.ts'
import { readWrites, type WritesDelta } from './kernel/writes-delta.ts'
import * as limits from './limits.ts'
import type { KeyWrite } from './types/or-map.ts'
import * as tags from './types/tag-numbers.ts'

/** What a change did under one key of one map. */
export interface PlainEffect {
  /** The field of the root that holds the map. */
  readonly field: string
  readonly key: string
  /** Absent where the change only took away. Writes of one change share their dot. */
  readonly write?: KeyWrite
  /** Writes that its author had seen and that are gone with it: removed, or overwritten. */
  readonly removed: readonly Dot[]
}

/**
 * What a change says, without a document to apply it to, in the order in which it says it. Throws `CORE_DECODE_*`, also for a change
 * that does anything but write and remove plain values in maps at the root.
 */
export function plainEffects({ bytes, payloadAt, header, actors }: Change): PlainEffect[] {
  // Nobody writes here, so whatever actor a change is by, it is another one.
  const site = new Site({ id: PAST_ACTOR, clock: new HybridClock(() => 0) }, false)
  const indices = actors.map((id) => site.actors.intern(id))
  const reader = new Reader(bytes)
  reader.restart(bytes, payloadAt, bytes.length)
  const author = indices[0] as number
  const from = packDot(author, header.first)
  const claim = new Interval(from, from + header.length - 1)
  const input = new Decoder(reader, site, { actors: indices, claim, time: header.timeMicros, author, ownLast: 0 })
  const effects = readFields(input)
  reader.finish()
  return effects
}

function readFields(input: Decoder): PlainEffect[] {
  const { reader } = input
  const effects: PlainEffect[] = []
  const order = new ListOrder(reader, false)
  for (let left = reader.count(3); left > 0; left -= 1) {
    const field = reader.string(limits.keyBytesMax)
    const tag = reader.byte()
    order.pass(field, tag)
    if (tag !== tags.ormap) reader.invalid('another type')
    effects.push(...readPart(input, { read: () => readMap(input, field) }))
  }
  return effects
}

function readMap(input: Decoder, field: string): PlainEffect[] {
  const delta = readWrites(input)
  if (input.reader.count(4) > 0) input.reader.invalid('another type')
  const { site } = input
  const removed = new Map(delta.removed.map(({ key, dots }) => [key, dots.map((dot) => dotOf(site, dot))]))
  const effects: PlainEffect[] = []
  for (const { key, write } of writesOf(delta)) {
    effects.push({ field, key, write: keyWrite(site, write), removed: removed.get(key) ?? [] })
    removed.delete(key)
  }
  for (const [key, dots] of removed) effects.push({ field, key, removed: dots })
  return effects
}

function writesOf({ single, block }: WritesDelta): { readonly key: string; readonly write: Write }[] {
  if (single !== undefined) return [{ key: single.key, write: single }]
  if (block === undefined) return []
  const { keys, stamps, table, values } = block
  return keys.map((key, i) => {
    const stamp = stamps[i] as number
    const [dot, time] = [table.dots[stamp] as number, table.times[stamp] as number]
    return { key, write: { dot, time, by: table.by(stamp), value: values[i] as JsonValue } }
  })
}

function keyWrite(site: Site, { value, time, by, dot: packed }: Write): KeyWrite {
  const dot = dotOf(site, packed)
  return { value, timeMicros: time, replica: by ?? replicaOf(dot.actor), dot }
}

function dotOf(site: Site, packed: number): Dot {
  return { actor: site.actors.id(dotActor(packed)), counter: dotCounter(packed) }
}
