/** Moves, encoded: `count, (slot, element, time)…, deleted elements`, by slot. */
import { dotActor, dotCounter } from '../causality/dot.ts'
import type { Sequence } from '../sequence/sequence.ts'
import type { Decoder, Encoder } from './codec.ts'
import { Ascending, dotOrder, readDot, readDots, readOwnDot, writeDot, writeDots } from './dots.ts'
import type { Move } from './moves.ts'

/** Moves as they were read. */
export interface MoveBlock {
  readonly moves: readonly Move[]
  readonly dead: readonly number[]
}

export function writeMoves(out: Encoder, moves: readonly Move[], dead: readonly number[]): void {
  const { writer } = out
  writer.varint(moves.length)
  const order = moves.length > 1 ? dotOrder(out) : undefined
  for (const { slot, element, time } of order ? [...moves].sort((a, b) => order(a.slot, b.slot)) : moves) {
    writeDot(out, slot)
    writeDot(out, element)
    writer.varint(time)
  }
  writeDots(out, dead)
}

/** Reads moves: each to a slot of its own, none of a slot. */
export function readMoves(input: Decoder): MoveBlock {
  const { reader } = input
  const moves: Move[] = []
  const order = new Ascending()
  for (let count = reader.count(5); count > 0; count -= 1) {
    const slot = readOwnDot(input, order)
    const element = readDot(input)
    moves.push({ slot, element, time: input.believed(reader.varint()) })
  }
  const dead = readDots(input)
  if (moves.length > 0) {
    const slots = new Set(moves.map(({ slot }) => slot))
    if (moves.some(({ element }) => slots.has(element))) reader.invalid('impossible move')
  }
  return { moves, dead }
}

/**
 * Checks that a whole state shows no element at two places, and none that is deleted. Where a place is hidden, the element may
 * show at an older one: a move that lost to another is known as such before that other arrives.
 */
export function checkMoves(input: Decoder, { moves, dead }: MoveBlock, loaded: Sequence | undefined): void {
  const { reader } = input
  const here = (id: number): boolean => loaded?.has(dotActor(id), dotCounter(id)) === true
  const shows = (id: number): boolean => here(id) && loaded?.isVisible(dotActor(id), dotCounter(id)) === true
  const places = new Map<number, number>()
  for (const { slot, element } of moves) {
    // A slot waits for its element.
    if (here(slot) && !here(element)) reader.invalid('impossible move')
    const known = places.get(element) ?? Number(shows(element))
    places.set(element, known + Number(shows(slot)))
  }
  for (const element of dead) {
    if (!places.has(element)) reader.invalid('impossible move')
    if (places.get(element) !== 0) reader.invalid('impossible move')
  }
  for (const count of places.values()) if (count > 1) reader.invalid('impossible move')
}
