/** Who was let in and stays, by a key or by there being none: told when that lets nobody in any more. */
import type { KeyRing } from '../keys.ts'

export class Grants {
  readonly #keys: Pick<KeyRing, 'admits'>
  readonly #holders = new Map<string | undefined, Set<() => void>>()
  readonly #unwatch: () => void

  constructor(keys: Pick<KeyRing, 'admits' | 'watch'>) {
    this.#keys = keys
    this.#unwatch = keys.watch(() => this.#review())
  }

  /** Told once when a key was revoked, or when there are keys now and there was none. Answers what ends it. */
  hold(key: string | undefined, onRevoked: () => void): () => void {
    // It may have been taken back since it was looked at.
    if (!this.#keys.admits(key)) queueMicrotask(onRevoked)
    const holders = this.#holders.get(key) ?? new Set()
    this.#holders.set(key, holders)
    holders.add(onRevoked)
    return () => {
      holders.delete(onRevoked)
      if (holders.size === 0 && this.#holders.get(key) === holders) this.#holders.delete(key)
    }
  }

  #review(): void {
    for (const [key, holders] of this.#holders) {
      if (this.#keys.admits(key)) continue
      this.#holders.delete(key)
      for (const onRevoked of holders) onRevoked()
    }
  }

  close(): void {
    this.#unwatch()
  }
}
