/** Moves, encoded: `count, (slot, element, time)…, deleted elements`, by slot. */
import { dotActor, dotCounter } from '../causality/dot.ts'
import type { Sequence } from '../sequence/sequence.ts'
import type { Decoder, Encoder } from './codec.ts'
import { Ascending, dotOrder, readDot, readDots, readOwnDot, writeDot, writeDots } from './dots.ts'
import { type Move, Moves } from './moves.ts'

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
    moves.push({ slot, element, time: reader.varint() })
  }
  const dead = readDots(input)
  if (moves.length > 0) {
    const slots = new Set(moves.map(({ slot }) => slot))
    if (moves.some(({ element }) => slots.has(element))) reader.invalid('impossible move')
  }
  return { moves, dead }
}

/** Checks that a whole state shows no moved element but where its youngest move put it, and none that is deleted. */
export function checkMoves(input: Decoder, { moves, dead }: MoveBlock, loaded: Sequence | undefined): void {
  const { reader, site } = input
  const all = new Moves()
  const here = (id: number): boolean => loaded?.has(dotActor(id), dotCounter(id)) === true
  for (const move of moves) {
    all.add(move)
    if (!here(move.slot)) continue
    // A slot waits for its element.
    if (!here(move.element)) reader.invalid('impossible move')
    if (all.wins(site, move)) all.settle(move)
  }
  for (const element of dead) {
    if (!all.isMoved(element)) reader.invalid('impossible move')
    all.bury(element)
  }
  for (const { slot, element } of moves) {
    for (const id of [slot, element]) {
      const shows = here(id) && loaded?.isVisible(dotActor(id), dotCounter(id)) === true
      const may = all.slotOf(element) === id && !all.isDead(element)
      if (shows && !may) reader.invalid('impossible move')
    }
  }
}
