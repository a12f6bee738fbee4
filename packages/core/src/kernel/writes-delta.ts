/** What a block says of the writes of many keys: read and checked, and not applied yet. */
import * as limits from '../limits.ts'
import type { Decoder } from './codec.ts'
import { readDots } from './dots.ts'
import { readColumns, readSingle, type SingleWrite, type WriteBlock } from './write-block.ts'

/** Dots taken from a key. */
export interface Removal {
  readonly key: string
  readonly dots: readonly number[]
}

/** A block that was read and checked. */
export interface WritesDelta {
  readonly single: SingleWrite | undefined
  readonly block: WriteBlock | undefined
  readonly removed: readonly Removal[]
}

/** Reads and checks what `KeyedWrites` wrote, pending or whole; touches nothing. */
export function readWrites(input: Decoder): WritesDelta {
  const count = input.reader.count()
  const single = count === 1 ? readSingle(input) : undefined
  const block = count > 1 ? readColumns(input, count) : undefined
  const removals = input.reader.count(4)
  if (removals === 0) return { single, block, removed: NOTHING }
  const keys = block?.keys ?? (single === undefined ? NO_KEYS : [single.key])
  return { single, block, removed: readRemovals(input, removals, keys) }
}

/** Per key: `place of its write + 1, or 0 and the key  dots`. In a whole state by key, ascending. */
function readRemovals(input: Decoder, count: number, keys: readonly string[]): Removal[] {
  const { reader } = input
  const whole = input.context !== undefined
  const removed: Removal[] = []
  for (let i = 0; i < count; i += 1) {
    const place = reader.varint(whole ? 0 : keys.length)
    const key = place === 0 ? reader.string(limits.keyBytesMax) : (keys[place - 1] as string)
    if (whole && i > 0 && key <= (removed[i - 1] as Removal).key) reader.invalid('out of order')
    const dots = readDots(input)
    if (dots.length === 0) reader.invalid('not canonical')
    removed.push({ key, dots })
  }
  if (!whole && count > 1 && new Set(removed.map(({ key }) => key)).size !== count) reader.invalid('listed twice')
  return removed
}

const NOTHING: readonly Removal[] = []
const NO_KEYS: readonly string[] = []
