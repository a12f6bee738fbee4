/** What a function reads of a document, rendered again when that is another. */
import type { FieldSpecs, Fields } from '@joinery/core'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { noting } from '../live/select.ts'
import type { LiveDoc } from '../live/types.ts'
import { share } from './share.ts'
import { watchOf } from './watch.ts'

/**
 * What `selector` reads of a document. Renders again only when that is another, compared by value; of what it answers, the objects that
 * are as before are the same objects, so that memoised components below need not render either.
 *
 * @param selector answers plain values (`root.items.toJSON()`), not containers: these stay the same objects while they change. It is
 *   called again only when a root field that it looked at changed, or when it is another function.
 */
export function useValue<S extends FieldSpecs, T>(doc: LiveDoc<S>, selector: (root: Fields<S>) => T): T {
  const shown = useRef<T | undefined>(undefined)
  const watch = watchOf(doc)
  const read = useMemo(() => {
    // Before all versions: the first time it is read.
    let at = -1
    let fields = new Set<string>()
    let value = shown.current as T
    return (): T => {
      if (watch.changedSince(at, fields)) {
        fields = new Set()
        value = share(value, selector(noting(doc.root, fields)))
      }
      at = watch.version
      return value
    }
  }, [doc, selector, watch])
  const value = useSyncExternalStore(watch.subscribe, read, read)
  useEffect(() => {
    shown.current = value
  })
  return value
}
