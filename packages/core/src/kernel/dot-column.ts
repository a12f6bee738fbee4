/**
 * Ascending dots as a column, each with how many things it stamps:
 *
 *     count of groups  per group: actor  count of dots  per dot: 2 × (counters passed over) + more, [how many more - 1]
 */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import * as limits from '../limits.ts'
import type { Decoder, Encoder } from './codec.ts'
import { checkOwn } from './dots.ts'

/** A column that was read. */
export interface DotColumn {
  readonly dots: readonly number[]
  /** How many things each dot stamps. */
  readonly counts: readonly number[]
}

/**
 * Writes dots that ascend by reference, then counter.
 * @param counts how many things each stamps; absent where that is one.
 */
export function writeDotColumn(out: Encoder, dots: readonly number[], counts?: readonly number[]): void {
  const { writer } = out
  const ends: number[] = []
  for (let i = 1; i < dots.length; i += 1) {
    if (dotActor(dots[i] as number) !== dotActor(dots[i - 1] as number)) ends.push(i)
  }
  if (dots.length > 0) ends.push(dots.length)
  writer.varint(ends.length)
  let from = 0
  for (const end of ends) {
    out.actor(dotActor(dots[from] as number))
    writer.varint(end - from)
    let before = 0
    for (let i = from; i < end; i += 1) {
      const counter = dotCounter(dots[i] as number)
      const count = counts === undefined ? 1 : (counts[i] as number)
      writer.varint(2 * (counter - before - 1) + (count > 1 ? 1 : 0))
      if (count > 1) writer.varint(count - 2)
      before = counter
    }
    from = end
  }
}

/** Reads dots that the block vouches for and that stamp `total` things. */
export function readDotColumn(input: Decoder, total: number): DotColumn {
  const { reader } = input
  const dots: number[] = []
  const counts: number[] = []
  let left = total
  let referenceBefore = -1
  for (let groups = reader.count(3); groups > 0; groups -= 1) {
    const reference = reader.varint(input.actors.length - 1)
    if (reference <= referenceBefore) reader.invalid('out of order')
    referenceBefore = reference
    const count = reader.count()
    if (count === 0) reader.invalid('not canonical')
    left -= readGroup(input, input.actors[reference] as number, count, dots, counts)
  }
  if (left !== 0) reader.invalid('not as announced')
  return { dots, counts }
}

/** Reads the dots of one actor; answers how many things they stamp. */
function readGroup(input: Decoder, actor: number, count: number, dots: number[], counts: number[]): number {
  const { reader, claim } = input
  let stamped = 0
  let counter = 0
  for (let i = 0; i < count; i += 1) {
    const head = reader.varint()
    const more = head % 2
    counter += (head - more) / 2 + 1
    if (counter > limits.dotCounterMax) reader.invalid('out of range')
    checkOwn(input, actor, counter)
    const dot = packDot(actor, counter)
    if (!claim.has(dot)) reader.invalid('not vouched for')
    const things = more === 0 ? 1 : reader.varint() + 2
    dots.push(dot)
    counts.push(things)
    stamped += things
  }
  return stamped
}
