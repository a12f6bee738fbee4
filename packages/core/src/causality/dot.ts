/**
 * A dot names one event: the actor and its counter, counted from 1 without gaps (Almeida, Baquero et al., "Dotted version
 * vectors", 2012). Inside a document it is one number, `actor index * 2^32 + counter`, exact up to 2^20 actors.
 */
import type { ActorId } from './actor.ts'

/** The form that leaves a document. */
export interface Dot {
  readonly actor: ActorId
  readonly counter: number
}

const SPAN = 2 ** 32

export function packDot(actor: number, counter: number): number {
  return actor * SPAN + counter
}

export function dotCounter(dot: number): number {
  return dot >>> 0
}

export function dotActor(dot: number): number {
  return (dot - (dot >>> 0)) / SPAN
}
