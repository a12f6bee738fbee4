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

export function readDot(input: Decoder): number {
  const actor = input.actor()
  const counter = input.reader.varint(limits.dotCounterMax)
  if (counter === 0) input.reader.invalid('dot with counter 0')
  checkOwn(input, actor, counter)
  return packDot(actor, counter)
}

/** Refuses a mention of a dot that the local actor has not handed out: only a lost or copied state of it can have. */
export function checkOwn(input: Decoder, actor: number, counter: number): void {
  if (actor === SELF && counter > input.ownLast) reusedActor()
}

/** Reads a dot of something the block shows, which therefore must be one it vouches for, and come after the one before. */
export function readOwnDot(input: Decoder, before: number | undefined): number {
  const dot = readDot(input)
  if (!input.claim.has(dot)) input.reader.invalid('dot outside of what its author vouches for')
  checkAscending(input, before, dot)
  return dot
}

export function readDots(input: Decoder): number[] {
  const count = input.reader.count(2)
  const dots: number[] = []
  for (let i = 0; i < count; i += 1) {
    const dot = readDot(input)
    checkAscending(input, dots.at(-1), dot)
    dots.push(dot)
  }
  return dots
}

/** Refuses a dot that does not come after the one before, so none is there twice. */
function checkAscending(input: Decoder, before: number | undefined, dot: number): void {
  if (before === undefined) return
  const [actorBefore, actor] = [dotActor(before), dotActor(dot)]
  const order = actorBefore === actor ? 0 : input.reference(actorBefore) - input.reference(actor)
  if (order > 0 || (order === 0 && before >= dot)) input.reader.invalid('dots out of order')
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
