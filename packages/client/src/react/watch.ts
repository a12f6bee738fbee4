/** Which fields of a document changed when, so that whoever reads some of them knows whether to read again. */
import type { FieldSpecs } from '@joinery/core'
import type { LiveDoc } from '../live/types.ts'

export interface Watch {
  /** Grows with each event. */
  readonly version: number
  readonly subscribe: (listener: () => void) => () => void
  /** Whether one of these fields may be another than at a version. */
  changedSince(version: number, fields: ReadonlySet<string>): boolean
}

const watches = new WeakMap<object, Watch>()

/** One for each document, as long as that lives. */
export function watchOf<S extends FieldSpecs>(doc: LiveDoc<S>): Watch {
  const watch = watches.get(doc) ?? newWatch(doc)
  watches.set(doc, watch)
  return watch
}

function newWatch<S extends FieldSpecs>(doc: LiveDoc<S>): Watch {
  /** The version in which each root field changed last. */
  const changed = new Map<string, number>()
  let reset = 0
  const watch = {
    version: 0,
    // Those who come later are told later: this is up to date by then.
    subscribe: (listener: () => void) => doc.subscribe(listener),
    changedSince: (version: number, fields: ReadonlySet<string>) =>
      reset > version || [...fields].some((field) => (changed.get(field) ?? 0) > version),
  }
  doc.subscribe(({ origin, patches }) => {
    watch.version += 1
    if (origin === 'reset') reset = watch.version
    for (const { path } of patches) changed.set(String(path[0]), watch.version)
  })
  return watch
}
