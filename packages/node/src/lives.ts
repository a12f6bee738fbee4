/**
 * Which life of a document is the one to read and write. Lives are numbered: the first is `1`, and the one after a life that has ended
 * has the next number. Nodes that begin a document while they are cut off from each other therefore begin the same life, and what both
 * wrote is joined instead of one being put aside.
 */
import type { LifeKey } from '@joinery/sync/replication'
import { NodeError } from './errors.ts'

const DOCUMENT_BYTES_MAX = 256
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds.
const control = /[\u0000-\u001f\u007f-\u009f]/
const ordinal = /^[1-9]\d{0,14}$/

/** Throws `NODE_DOCUMENT_INVALID`. */
export function checkDocumentName(document: string): void {
  const bytes = Buffer.byteLength(document)
  if (bytes === 0 || bytes > DOCUMENT_BYTES_MAX || control.test(document) || !isWellFormed(document)) {
    const message = `the name of a document has 1 to ${DOCUMENT_BYTES_MAX} bytes, without control characters`
    throw new NodeError('NODE_DOCUMENT_INVALID', message)
  }
}

function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}

interface Last {
  readonly number: number
  hasEnded: boolean
}

export class CurrentLives {
  readonly #last = new Map<string, Last>()

  /** Takes note of a life that is there. Those that others have named in another way are kept, and are not shown. */
  add({ document, incarnation }: LifeKey, hasEnded: boolean): void {
    if (!ordinal.test(incarnation)) return
    const number = Number(incarnation)
    const last = this.#last.get(document)
    if (last === undefined || number > last.number) this.#last.set(document, { number, hasEnded })
    else if (number === last.number && hasEnded) last.hasEnded = true
  }

  /** The life to read; undefined where there is none, or it was deleted. */
  current(document: string): LifeKey | undefined {
    const last = this.#last.get(document)
    return last === undefined || last.hasEnded ? undefined : lifeOf(document, last.number)
  }

  /** The life to write to: the one that is there, or the one after the last that has ended. */
  toWrite(document: string): LifeKey {
    return this.current(document) ?? lifeOf(document, (this.#last.get(document)?.number ?? 0) + 1)
  }

  /** Names of the documents that are there, ascending. */
  documents(): string[] {
    return [...this.#last]
      .filter(([, { hasEnded }]) => !hasEnded)
      .map(([document]) => document)
      .toSorted()
  }
}

function lifeOf(document: string, number: number): LifeKey {
  return { document, incarnation: String(number) }
}
