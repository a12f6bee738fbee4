/** Ids of list elements and text units as text: `counter@actor`, the dot that created them. */
import { type ActorId, parseActorId } from '../causality/actor.ts'
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { refuse } from '../errors.ts'
import * as limits from '../limits.ts'
import type { Site } from './site.ts'

export function formatElementId(site: Site, dot: number): string {
  return `${dotCounter(dot)}@${site.actors.id(dotActor(dot))}`
}

/** Throws `CORE_POSITION_INVALID` for what is not an id, or names an actor never heard of. */
export function parseElementId(site: Site, id: string): number {
  return findElementId(site, id) ?? refuse('CORE_POSITION_INVALID', 'no such element')
}

/** Undefined for an id of an actor never heard of. Throws `CORE_POSITION_INVALID` for what is not an id. */
export function findElementId(site: Site, id: string): number | undefined {
  const split = typeof id === 'string' ? id.indexOf('@') : -1
  const counter = Number(id.slice(0, Math.max(0, split)))
  if (!Number.isInteger(counter) || counter < 1 || counter > limits.dotCounterMax) malformed(id)
  const actor = site.actors.find(actorOf(id, split))
  return actor === undefined ? undefined : packDot(actor, counter)
}

function actorOf(id: string, split: number): ActorId {
  try {
    return parseActorId(id.slice(split + 1))
  } catch {
    return malformed(id)
  }
}

function malformed(id: string): never {
  return refuse('CORE_POSITION_INVALID', `"${id}" is not an element id`)
}
