/** What the author of the change in progress had seen: what its operations on registers, sets and sequences take away. */
import * as limits from '../limits.ts'
import type { Site } from './site.ts'

/** True for a dot of the change in progress. */
export function isPending(site: Site, dot: number): boolean {
  return dot >= site.first && dot <= limits.dotCounterMax
}

/** True for a dot of the change in progress that nobody else can have seen: what has it needs no trace of its removal. */
export function isPrivate(site: Site, dot: number): boolean {
  return dot > site.shown && isPending(site, dot)
}

/** True when the author of the change in progress had seen this dot. */
export function sees(site: Site, dot: number): boolean {
  return site.observes === undefined || isPending(site, dot) || site.observes(dot)
}

/** True for a dot that has arrived here, be what has it still here or not. */
export function knows({ context }: Site, dot: number): boolean {
  return context?.has(dot) === true
}
