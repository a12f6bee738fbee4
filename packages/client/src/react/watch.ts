/** Which fields of a document changed when, so that whoever reads some of them knows whether to read again. */
import type { FieldSpecs } from '@joinery/core'
import type { LiveDoc } from '../live/types.ts'

export class Watch {
  /** Grows with each event. */
  version = 0
  /** The version in which each root field changed last. */
  readonly #changed = new Map<string, number>()
  #reset = 0
  readonly #listeners = new Set<() => void>()

  constructor(doc: LiveDoc) {
    doc.subscribe(({ origin, patches }) => {
      this.version += 1
      if (origin === 'reset') this.#reset = this.version
      for (const { path } of patches) this.#changed.set(String(path[0]), this.version)
      for (const listener of [...this.#listeners]) listener()
    })
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether one of these fields may be another than at a version. */
  changedSince(version: number, fields: ReadonlySet<string>): boolean {
    if (this.#reset > version) return true
    for (const field of fields) if ((this.#changed.get(field) ?? 0) > version) return true
    return false
  }
}

const watches = new WeakMap<LiveDoc, Watch>()

/** One for each document, as long as that lives. */
export function watchOf<S extends FieldSpecs>(doc: LiveDoc<S>): Watch {
  const key = doc as unknown as LiveDoc
  let watch = watches.get(key)
  if (watch === undefined) {
    watch = new Watch(key)
    watches.set(key, watch)
  }
  return watch
}
