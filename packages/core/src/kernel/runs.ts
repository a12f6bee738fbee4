/**
 * Runs of ids, encoded: `count`, then per run `actor, counter, count, flags, [parent]`. A run that continues the one before it
 * in the block (same actor, next counter, right child of its last id) says so with one flag instead of a parent.
 */

import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { limits } from '../limits.ts'
import type { Placement } from '../sequence/sequence.ts'
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

const DELETED = 1
const EXPLICIT = 2
const RIGHT = 4
const ROOT: Placement = { parentActor: -1, parentCounter: 0, side: 1 }

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

/** Content items of a block of runs. */
export function shownIn(runs: readonly Run[]): number {
  const last = runs.at(-1)
  return last === undefined ? 0 : last.offset + (last.deleted ? 0 : last.count)
}

export function writeRuns(out: Encoder, runs: readonly Run[]): void {
  const { writer } = out
  writer.varint(runs.length)
  let before: Run | undefined
  for (const run of runs) {
    const { parentActor, parentCounter, side } = run.placement
    const implied = before !== undefined && continues(before, run)
    out.actor(run.actor)
    writer.varint(run.counter)
    writer.varint(run.count)
    writer.byte((run.deleted ? DELETED : 0) | (implied ? 0 : EXPLICIT) | (side === 1 ? RIGHT : 0))
    if (!implied) {
      writer.varint(parentActor < 0 ? 0 : out.reference(parentActor) + 1)
      if (parentActor >= 0) writer.varint(parentCounter)
    }
    before = run
  }
}

function continues(before: Run, { actor, counter, placement }: Run): boolean {
  const end = before.counter + before.count
  const { parentActor, parentCounter, side } = placement
  return before.actor === actor && end === counter && side === 1 && parentActor === actor && parentCounter === end - 1
}

/** Reads and checks runs: ids in range, placements well-formed. */
export function readRuns(input: Decoder): Run[] {
  const { reader } = input
  const runs: Run[] = []
  let offset = 0
  for (let left = reader.count(4); left > 0; left -= 1) {
    const ids = readIdRun(input)
    if (!input.claim.covers(firstDot(ids), ids.count)) {
      reader.invalid('ids outside of what their author vouches for')
    }
    const flags = reader.byte()
    if (flags > (DELETED | EXPLICIT | RIGHT)) reader.invalid('unknown flags of a run')
    const deleted = (flags & DELETED) !== 0
    const placement =
      flags & EXPLICIT ? readPlacement(input, flags & RIGHT ? 1 : 0) : impliedPlacement(input, runs.at(-1), ids)
    if (
      placement.parentActor === ids.actor &&
      placement.parentCounter >= ids.counter &&
      placement.parentCounter < ids.counter + ids.count
    ) {
      reader.invalid('run that hangs on itself')
    }
    runs.push({ ...ids, deleted, placement, offset })
    if (!deleted) offset += ids.count
  }
  return runs
}

function impliedPlacement(input: Decoder, before: Run | undefined, { actor, counter }: Ids): Placement {
  if (before === undefined || before.actor !== actor || before.counter + before.count !== counter) {
    input.reader.invalid('run that continues nothing')
  }
  return { parentActor: actor, parentCounter: counter - 1, side: 1 }
}

function readPlacement(input: Decoder, side: 0 | 1): Placement {
  const { reader } = input
  const reference = reader.varint(input.actors.length)
  if (reference === 0) {
    if (side === 0) reader.invalid('left child of the root')
    return ROOT
  }
  const parentCounter = reader.varint(limits.dotCounterMax)
  if (parentCounter === 0) reader.invalid('parent with counter 0')
  const parentActor = input.actors[reference - 1] as number
  checkOwn(input, parentActor, parentCounter)
  return { parentActor, parentCounter, side }
}

function readIdRun(input: Decoder): Ids {
  const dot = readDot(input)
  const counter = dotCounter(dot)
  const count = input.reader.varint(limits.dotCounterMax)
  if (count === 0 || counter + count - 1 > limits.dotCounterMax) input.reader.invalid('run of ids out of range')
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
