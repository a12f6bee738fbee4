/**
 * Runs of ids, encoded as the columns of `RunColumns`:
 *
 *     groups: count, (actor, runs)…   gaps   counts   parents   stretches: count, lengths
 *
 * `gaps` are the counters between a run and the one before it of its actor; `counts` are one less; a parent is
 * `distance << 2 | other << 1 | side` within an actor (0 for the root), or `actor << 2 | …, counter` of another.
 */

import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import * as limits from '../limits.ts'
import { RunColumns } from '../sequence/run-columns.ts'
import type { Placement, VisibleRun } from '../sequence/sequence.ts'
import type { Decoder, Encoder } from './codec.ts'
import { checkOwn, readDot } from './dots.ts'

/** Consecutive ids of one actor. */
export interface Ids {
  readonly actor: number
  readonly counter: number
  readonly count: number
}

/** Ids with their place: the first has the placement, each other is the right child of the one before. */
export interface Run extends Ids {
  readonly deleted: boolean
  readonly placement: Placement
  /** Where its content begins in the content of its block. */
  readonly offset: number
}

/** An id and where it hangs. */
type PlacedId = Pick<VisibleRun, 'actor' | 'counter' | 'parentActor' | 'parentCounter' | 'side'>

/** Parts of a parent. */
const RIGHT = 1
const OTHER = 2
export const ROOT: Placement = { parentActor: -1, parentCounter: 0, side: 1 }

export function firstDot({ actor, counter }: Ids): number {
  return packDot(actor, counter)
}

/** Part of a run, from its `from`-th id to before its `to`-th. */
export function sliceRun(run: Run, from: number, to: number): Run {
  if (from === 0 && to === run.count) return run
  const counter = run.counter + from
  const placement: Placement =
    from === 0 ? run.placement : { parentActor: run.actor, parentCounter: counter - 1, side: 1 }
  return { ...run, counter, count: to - from, placement, offset: run.deleted ? run.offset : run.offset + from }
}

/** Writes the columns of runs, of which there are some. */
export function writeColumns(out: Encoder, runs: RunColumns): void {
  const { writer } = out
  const { actors, counters, counts, stretches } = runs
  writeGroups(out, actors)
  for (let i = 0; i < actors.length; i += 1) {
    const before = i > 0 && actors[i - 1] === actors[i] ? (counters[i - 1] as number) + (counts[i - 1] as number) : 1
    writer.varint((counters[i] as number) - before)
  }
  for (const count of counts) writer.varint(count - 1)
  for (let i = 0; i < actors.length; i += 1) {
    writeParent(out, {
      actor: actors[i] as number,
      counter: counters[i] as number,
      parentActor: runs.parentActors[i] as number,
      parentCounter: runs.parentCounters[i] as number,
      side: runs.sides[i] as 0 | 1,
    })
  }
  writer.varint(stretches.length)
  for (const length of stretches) writer.varint(length)
}

function writeGroups(out: Encoder, actors: readonly number[]): void {
  const groups: number[] = []
  for (let i = 0; i < actors.length; i += 1) {
    if (i > 0 && actors[i] === actors[i - 1]) (groups[groups.length - 1] as number) += 1
    else groups.push(actors[i] as number, 1)
  }
  out.writer.varint(groups.length / 2)
  for (let i = 0; i < groups.length; i += 2) {
    out.actor(groups[i] as number)
    out.writer.varint(groups[i + 1] as number)
  }
}

function writeParent(out: Encoder, { actor, counter, parentActor, parentCounter, side }: PlacedId): void {
  const { writer } = out
  if (parentActor < 0) writer.varint(RIGHT)
  else if (parentActor === actor) writer.varint((counter - parentCounter) * 4 + side)
  else {
    writer.varint(out.reference(parentActor) * 4 + OTHER + side)
    writer.varint(parentCounter)
  }
}

/** Writes the columns of one visible run. */
export function writeSingle(out: Encoder, run: VisibleRun): void {
  const { writer } = out
  writer.byte(1)
  out.actor(run.actor)
  writer.byte(1)
  writer.varint(run.counter - 1)
  writer.varint(run.count - 1)
  writeParent(out, run)
  writer.byte(0)
}

/** Reads columns of one visible run of as many ids; answers undefined, with nothing read, for any others. */
export function readSingle(input: Decoder, shown: number): Run | undefined {
  const { reader } = input
  const from = reader.at
  if (reader.byte() === 1) {
    const actor = input.actor()
    if (reader.byte() === 1) {
      const counter = reader.varint(limits.dotCounterMax) + 1
      const count = reader.varint(limits.dotCounterMax) + 1
      if (count === shown) {
        checkIds(input, actor, counter, count)
        const placement = readParent(input, actor, counter)
        if (reader.byte() === 0) return { actor, counter, count, deleted: false, placement, offset: 0 }
      }
    }
  }
  reader.at = from
  return undefined
}

/** Reads and checks columns: ids in range and in order, claimed, placements well-formed. */
export function readColumns(input: Decoder): RunColumns {
  const { reader } = input
  const runs = new RunColumns()
  const { actors, counters, counts } = runs
  readGroups(input, actors)
  const gaps: number[] = []
  for (let i = 0; i < actors.length; i += 1) gaps.push(reader.varint(limits.dotCounterMax))
  let ids = 0
  for (let i = 0; i < actors.length; i += 1) {
    const actor = actors[i] as number
    const before = i > 0 && actors[i - 1] === actor ? (counters[i - 1] as number) + (counts[i - 1] as number) : 1
    const counter = before + (gaps[i] as number)
    const count = reader.varint(limits.dotCounterMax) + 1
    checkIds(input, actor, counter, count)
    counters.push(counter)
    counts.push(count)
    ids += count
  }
  for (let i = 0; i < actors.length; i += 1) {
    const actor = actors[i] as number
    const counter = counters[i] as number
    const { parentActor, parentCounter, side } = readParent(input, actor, counter)
    const continues = parentActor === actor && parentCounter === counter - 1 && side === 1
    if (continues && i > 0 && actors[i - 1] === actor && gaps[i] === 0) reader.invalid('not canonical')
    runs.parentActors.push(parentActor)
    runs.parentCounters.push(parentCounter)
    runs.sides.push(side)
  }
  readStretches(input, runs, ids)
  return runs
}

function checkIds(input: Decoder, actor: number, counter: number, count: number): void {
  if (counter + count - 1 > limits.dotCounterMax) input.reader.invalid('out of range')
  checkOwn(input, actor, counter + count - 1)
  if (!input.claim.covers(packDot(actor, counter), count)) {
    input.reader.invalid('not vouched for')
  }
}

function readGroups(input: Decoder, actors: number[]): void {
  const { reader } = input
  const groups = reader.count(2)
  if (groups === 0) reader.invalid('not canonical')
  const listed = groups > 1 ? new Set<number>() : undefined
  for (let left = groups; left > 0; left -= 1) {
    const actor = input.actor()
    if (listed?.has(actor)) reader.invalid('listed twice')
    listed?.add(actor)
    const count = reader.count(3)
    if (count === 0) reader.invalid('not canonical')
    for (let i = 0; i < count; i += 1) actors.push(actor)
  }
}

function readParent(input: Decoder, actor: number, counter: number): Placement {
  const { reader } = input
  const code = reader.varint()
  const side = (code & RIGHT) as 0 | 1
  const rest = Math.floor(code / 4)
  if ((code & OTHER) !== 0) {
    if (rest >= input.actors.length) reader.invalid('out of range')
    const parentActor = input.actors[rest] as number
    const parentCounter = reader.varint(limits.dotCounterMax)
    if (parentCounter === 0 || parentActor === actor) reader.invalid('not canonical')
    checkOwn(input, parentActor, parentCounter)
    return { parentActor, parentCounter, side }
  }
  if (rest >= counter) reader.invalid('out of range')
  if (rest > 0) return { parentActor: actor, parentCounter: counter - rest, side }
  if (side === 0) reader.invalid('out of range')
  return ROOT
}

function readStretches(input: Decoder, runs: RunColumns, ids: number): void {
  const { reader } = input
  const count = reader.count()
  if (count % 2 === 1) reader.invalid('not canonical')
  let sum = 0
  let deleted = 0
  for (let i = 0; i < count; i += 1) {
    const length = reader.varint()
    if (length === 0 && i > 0) reader.invalid('not canonical')
    sum += length
    if (i % 2 === 1) deleted += length
    runs.stretches.push(length)
  }
  if (sum > ids) reader.invalid('not as announced')
  runs.shown = ids - deleted
}

/** The runs one by one, each all visible or all deleted, with the offset of their content in the order of the ids. */
export function toRuns({
  actors,
  counters,
  counts,
  parentActors,
  parentCounters,
  sides,
  stretches,
}: RunColumns): Run[] {
  const runs: Run[] = []
  let stretch = 0
  let left = stretches[0] ?? Number.POSITIVE_INFINITY
  let offset = 0
  for (let i = 0; i < actors.length; i += 1) {
    const whole: Run = {
      actor: actors[i] as number,
      counter: counters[i] as number,
      count: counts[i] as number,
      deleted: false,
      placement: {
        parentActor: parentActors[i] as number,
        parentCounter: parentCounters[i] as number,
        side: sides[i] as 0 | 1,
      },
      offset: 0,
    }
    for (let from = 0; from < whole.count; ) {
      while (left === 0) {
        stretch += 1
        left = stretches[stretch] ?? Number.POSITIVE_INFINITY
      }
      const to = Math.min(whole.count, from + left)
      const deleted = stretch % 2 === 1
      runs.push({ ...sliceRun(whole, from, to), deleted, offset })
      if (!deleted) offset += to - from
      left -= to - from
      from = to
    }
  }
  return runs
}

function readIdRun(input: Decoder): Ids {
  const dot = readDot(input)
  const counter = dotCounter(dot)
  const count = input.reader.varint(limits.dotCounterMax)
  if (count === 0 || counter + count - 1 > limits.dotCounterMax) input.reader.invalid('out of range')
  checkOwn(input, dotActor(dot), counter + count - 1)
  return { actor: dotActor(dot), counter, count }
}

export function writeIds(out: Encoder, all: readonly Ids[]): void {
  out.writer.varint(all.length)
  for (const { actor, counter, count } of all) {
    out.actor(actor)
    out.writer.varint(counter)
    out.writer.varint(count)
  }
}

export function readIds(input: Decoder): Ids[] {
  const all: Ids[] = []
  for (let left = input.reader.count(3); left > 0; left -= 1) all.push(readIdRun(input))
  return all
}

/** Counters of ids as `[first, last, …]` to runs of ids. */
export function toIds(actor: number, runs: readonly number[]): Ids[] {
  const all: Ids[] = []
  for (let i = 0; i < runs.length; i += 2) {
    const counter = runs[i] as number
    all.push({ actor, counter, count: (runs[i + 1] as number) - counter + 1 })
  }
  return all
}
