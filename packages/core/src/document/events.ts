/** Who listens to a document, and what they are told. */

import type { Patch } from '../kernel/patch.ts'
import type { Site } from '../kernel/site.ts'
import type { DocEvent } from './doc-types.ts'

const NO_PATCHES: readonly Patch[] = []

export class Events {
  readonly #listeners = new Set<(event: DocEvent) => void>()
  /** Events of a bundle that may still turn out to be damaged. */
  #held: DocEvent[] | undefined
  /** Told in the order in which things happened, also where a listener makes a change. */
  readonly #untold: DocEvent[] = []
  #telling = false

  get heard(): boolean {
    return this.#listeners.size > 0
  }

  /** Whether what was applied last may have to be taken back. */
  get holding(): boolean {
    return this.#held !== undefined
  }

  subscribe(listener: (event: DocEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Begins to record patches, if anybody listens. */
  record(site: Site): readonly Patch[] {
    if (this.#listeners.size === 0) return NO_PATCHES
    const patches: Patch[] = []
    site.patches = patches
    return patches
  }

  /** Keeps events back until `release` or `drop`. */
  hold(): void {
    this.#held = []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const event of held) this.#untold.push(event)
    this.#tell()
  }

  drop(): void {
    this.#held = undefined
  }

  emit(event: DocEvent): void {
    if (this.#held !== undefined) {
      this.#held.push(event)
      return
    }
    this.#untold.push(event)
    this.#tell()
  }

  #tell(): void {
    if (this.#telling) return
    this.#telling = true
    for (const event of this.#untold) this.#tellOne(event)
    this.#untold.length = 0
    this.#telling = false
  }

  #tellOne(event: DocEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        void Promise.reject(error)
      }
    }
  }
}
