/** Changes on behalf of an author who had seen less than what is here. */
import { dotActor, dotCounter } from '../causality/dot.ts'
import type { Site } from '../kernel/site.ts'
import type { ChangeOptions } from './doc-types.ts'

/** Makes the change in progress one of that author. */
export function observe(site: Site, { observed }: ChangeOptions): void {
  if (observed === undefined) return
  const { actors } = site
  site.observes = (dot) => observed.sees({ actor: actors.id(dotActor(dot)), counter: dotCounter(dot) })
  if (observed.find !== undefined) site.twin = (path) => observed.find?.(path)
}
