/** Blocks of runs with their content, as they are read. */

import { FAST_PATHS } from '../fast-paths.ts'
import type { RunColumns } from '../sequence/run-columns.ts'
import { Sequence } from '../sequence/sequence.ts'
import type { Decoder } from './codec.ts'
import { orderRuns } from './run-order.ts'
import { type Run, readColumns, readSingle, toRuns } from './runs.ts'

/** A run with the content of the block it came in. */
export interface Entry<C> {
  readonly run: Run
  readonly content: C
}

/** Runs as they were read, with their content. */
export interface Part<C> {
  readonly runs: RunColumns
  readonly content: C
}

/** Reads content of as many items. */
export type ReadContent<C> = (input: Decoder, count: number) => C

const NO_ENTRIES: readonly Entry<never>[] = []

/** Reads the runs of a delta, in an order in which they can be integrated. */
export function readDelta<C>(input: Decoder, readContent: ReadContent<C>): readonly Entry<C>[] {
  const from = input.reader.at
  const shown = input.reader.varint()
  if (shown === 0) return NO_ENTRIES
  const content = readContent(input, shown - 1)
  const run = FAST_PATHS ? readSingle(input, shown - 1) : undefined
  if (run !== undefined) return [{ run, content }]
  input.reader.at = from
  const { ordered, circular } = orderRuns(readEntries(input, readContent))
  if (circular.length > 0) input.reader.invalid('not a tree')
  return ordered
}

/** Reads runs one by one; their content stands in their order. */
export function readEntries<C>(input: Decoder, readContent: ReadContent<C>): readonly Entry<C>[] {
  const part = readPart(input, readContent)
  return part === undefined ? NO_ENTRIES : toRuns(part.runs).map((run) => ({ run, content: part.content }))
}

export function readPart<C>(input: Decoder, readContent: ReadContent<C>): Part<C> | undefined {
  const shown = input.reader.varint()
  if (shown === 0) return undefined
  const content = readContent(input, shown - 1)
  const runs = readColumns(input)
  if (runs.shown !== shown - 1) input.reader.invalid('not as announced')
  return { runs, content }
}

/** The sequence of a whole state's runs. Throws `CORE_DECODE_INVALID` when they are no tree. */
export function loadRuns(input: Decoder, runs: RunColumns): Sequence {
  try {
    return Sequence.load(runs, input.site.actors.compare)
  } catch {
    return input.reader.invalid('not a tree')
  }
}

/** The runs of a sequence in document order, with content that stands in the same order. */
export function inDocument<C>(sequence: Sequence, content: C): Entry<C>[] {
  const entries: Entry<C>[] = []
  let offset = 0
  sequence.forEachRun((actor, counter, count, deleted, parentActor, parentCounter, side) => {
    const placement = { parentActor, parentCounter, side }
    entries.push({ run: { actor, counter, count, deleted, placement, offset }, content })
    if (!deleted) offset += count
  })
  return entries
}
