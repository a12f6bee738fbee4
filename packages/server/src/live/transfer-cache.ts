/**
 * Payloads that are, or lately were, under way to clients, by name: fifty clients that join one document share one snapshot, and
 * one whose connection was lost goes on where it stopped. The least recently used leave first.
 */
import type { CatchUp } from '@joinery/sync'

export class TransferCache {
  readonly #bytesMax: number
  readonly #kept = new Map<string, CatchUp>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get byteLength(): number {
    return this.#bytes
  }

  get(name: string): CatchUp | undefined {
    const known = this.#kept.get(name)
    if (known === undefined) return undefined
    this.#kept.delete(name)
    this.#kept.set(name, known)
    return known
  }

  /** Keeps a payload that has a name. */
  keep(catchUp: CatchUp): CatchUp {
    const { transfer, payload } = catchUp
    if (transfer === '' || payload.length > this.#bytesMax) return catchUp
    this.#drop(transfer)
    this.#kept.set(transfer, catchUp)
    this.#bytes += payload.length
    for (const name of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#drop(name)
    }
    return catchUp
  }

  /** Lets go of everything of a document whose life ended, or that nobody follows any more. */
  forget(incarnation: string): void {
    for (const name of this.#kept.keys()) if (name.startsWith(`${incarnation}/`)) this.#drop(name)
  }

  #drop(name: string): void {
    const known = this.#kept.get(name)
    if (known === undefined) return
    this.#kept.delete(name)
    this.#bytes -= known.payload.length
  }
}
