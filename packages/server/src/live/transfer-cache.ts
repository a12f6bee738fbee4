/**
 * Payloads that are, or lately were, under way to clients, by document and name: fifty clients that join one document share one snapshot, and
 * one whose connection was lost goes on where it stopped. The least recently used leave first.
 */
import type { CatchUp, DocumentKey } from '@joinery/sync'

export interface TransferCacheOptions {
  readonly bytesMax: number
  /** What nobody asked for in this time is let go of. */
  readonly idleMsMax: number
  readonly nowMs: () => number
}

/** The payloads of one document. */
export interface Transfers {
  get(name: string): CatchUp | undefined
  /** Keeps a payload that has a name. */
  keep(catchUp: CatchUp): CatchUp
  /** Lets go of everything of a life that ended, or that nobody follows any more. */
  forget(incarnation: string): void
}

interface Kept {
  readonly catchUp: CatchUp
  usedMs: number
}

export class TransferCache {
  readonly #options: TransferCacheOptions
  /** In the order of use, the least recent first. */
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  constructor(options: TransferCacheOptions) {
    this.#options = options
  }

  get byteLength(): number {
    return this.#bytes
  }

  /** Those of a document. Clients choose what names begin with, so a name says nothing of whose document it is. */
  of({ tenant, id }: DocumentKey): Transfers {
    // A line break does not stand in JSON, so no other document's names begin so.
    const document = `${JSON.stringify([tenant, id])}\n`
    return {
      get: (name) => this.#get(document + name),
      keep: (catchUp) => this.#keep(document, catchUp),
      forget: (incarnation) => this.#forget(`${document}${incarnation}/`),
    }
  }

  #get(name: string): CatchUp | undefined {
    const known = this.#kept.get(name)
    if (known === undefined) return undefined
    this.#kept.delete(name)
    this.#kept.set(name, known)
    known.usedMs = this.#options.nowMs()
    return known.catchUp
  }

  #keep(document: string, catchUp: CatchUp): CatchUp {
    const { bytesMax, nowMs } = this.#options
    const { transfer, payload } = catchUp
    if (transfer === '' || payload.length > bytesMax) return catchUp
    this.#drop(document + transfer)
    this.#kept.set(document + transfer, { catchUp, usedMs: nowMs() })
    this.#bytes += payload.length
    for (const name of this.#kept.keys()) {
      if (this.#bytes <= bytesMax) break
      this.#drop(name)
    }
    return catchUp
  }

  /** Lets go of what nobody asked for lately. */
  sweep(): void {
    const { idleMsMax, nowMs } = this.#options
    const oldestMs = nowMs() - idleMsMax
    for (const [name, { usedMs }] of this.#kept) {
      if (usedMs > oldestMs) break
      this.#drop(name)
    }
  }

  #forget(beginning: string): void {
    for (const name of this.#kept.keys()) if (name.startsWith(beginning)) this.#drop(name)
  }

  #drop(name: string): void {
    const known = this.#kept.get(name)
    if (known === undefined) return
    this.#kept.delete(name)
    this.#bytes -= known.catchUp.payload.length
  }
}
