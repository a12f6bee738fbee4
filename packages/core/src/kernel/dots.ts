/** Dots in encoded blocks: `actor  counter`, and lists of them ascending by reference, then counter. */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import * as limits from '../limits.ts'
import { type Claim, type Decoder, type Encoder, reusedActor } from './codec.ts'
import { SELF } from './site.ts'

export function writeDot(out: Encoder, dot: number): void {
  out.actor(dotActor(dot))
  out.writer.varint(dotCounter(dot))
}

/** Order of dots in a canonical block. */
export function dotOrder(out: Encoder): (a: number, b: number) => number {
  return (a, b) => out.reference(dotActor(a)) - out.reference(dotActor(b)) || dotCounter(a) - dotCounter(b)
}

export function writeDots(out: Encoder, dots: readonly number[]): void {
  out.writer.varint(dots.length)
  if (dots.length === 0) return
  for (const dot of [...dots].sort(dotOrder(out))) writeDot(out, dot)
}

/** Reads a dot as the block has it: reference and counter, as one number, so that they compare in their order. */
function readPlace({ reader, actors }: Decoder): number {
  const reference = reader.varint(actors.length - 1)
  const counter = reader.varint(limits.dotCounterMax)
  if (counter === 0) reader.invalid('out of range')
  return packDot(reference, counter)
}

/** The dot at a place. */
function dotOf(input: Decoder, place: number): number {
  const actor = input.actors[dotActor(place)] as number
  const counter = dotCounter(place)
  checkOwn(input, actor, counter)
  return packDot(actor, counter)
}

export function readDot(input: Decoder): number {
  return dotOf(input, readPlace(input))
}

/** Refuses a mention of a dot that the local actor has not handed out: only a lost or copied state of it can have. */
export function checkOwn(input: Decoder, actor: number, counter: number): void {
  if (actor === SELF && counter > input.ownLast) reusedActor()
}

/** Dots of a block that come one after the other, so none is there twice. */
export class Ascending {
  #last = 0

  read(input: Decoder): number {
    const place = readPlace(input)
    if (place <= this.#last) input.reader.invalid('out of order')
    this.#last = place
    return dotOf(input, place)
  }
}

/**
 * Reads a dot of something the block shows, which therefore must be one it vouches for.
 * @param order of those that it belongs to, where it is not the only one.
 */
export function readOwnDot(input: Decoder, order?: Ascending): number {
  const dot = order === undefined ? readDot(input) : order.read(input)
  if (!input.claim.has(dot)) input.reader.invalid('not vouched for')
  return dot
}

export function readDots(input: Decoder): number[] {
  const count = input.reader.count(2)
  const dots: number[] = []
  const order = new Ascending()
  for (let i = 0; i < count; i += 1) dots.push(order.read(input))
  return dots
}

/** The dots of one change. */
export class Interval implements Claim {
  from: number
  to: number

  constructor(from: number, to: number) {
    this.from = from
    this.to = to
  }

  has(dot: number): boolean {
    return dot >= this.from && dot <= this.to
  }

  covers(dot: number, count: number): boolean {
    return dot >= this.from && dot + count - 1 <= this.to
  }
}
