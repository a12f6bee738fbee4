/** Walks a path of field names, map keys and list indices, as patches and the HTTP API spell it. */
import { type Dot, dotActor, dotCounter } from '../causality/dot.ts'
import type { Container } from '../kernel/container.ts'
import type { Path } from '../kernel/patch.ts'
import { type TypeName, tags } from '../types/tags.ts'

/** @param type the type of the last container, where a name or key has several. */
export function findContainer(root: Container, path: Path, type?: TypeName): Container | undefined {
  let at: Container | undefined = root
  for (const [i, step] of path.entries()) {
    const tag = type !== undefined && i === path.length - 1 ? tags[type] : undefined
    at = at?.find?.(step, tag)
  }
  return at
}

/** The dots of everything below that an observed removal could take away. */
export function tagsOf(root: Container): Dot[] {
  const { actors } = root.place.site
  const tags: Dot[] = []
  root.visitTags((dot) => tags.push({ actor: actors.id(dotActor(dot)), counter: dotCounter(dot) }))
  return tags
}
