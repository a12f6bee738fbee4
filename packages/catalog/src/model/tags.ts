/** Tags of additions and writes: the dot of the change that made them, as `actor:counter`. */
import type { Dot } from '@joinery/core'

export function tagOf({ actor, counter }: Dot): string {
  return `${actor}:${counter}`
}

/** By author, then in the order in which each wrote. */
export function compareTags(a: string, b: string): number {
  const [atA, atB] = [a.lastIndexOf(':'), b.lastIndexOf(':')]
  const [actorA, actorB] = [a.slice(0, atA), b.slice(0, atB)]
  if (actorA !== actorB) return actorA < actorB ? -1 : 1
  return Number(a.slice(atA + 1)) - Number(b.slice(atB + 1))
}
