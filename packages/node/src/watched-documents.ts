/**
 * Documents that somebody watches: told of each change as it is applied, and when everything has to be read anew, because the document
 * was loaded, begun, or has ended.
 */
import type { Patch, SchemaDoc } from '@joinery/core'

export type DocumentEvent =
  /** Everything may be another than before: read it. */
  | { readonly type: 'reset' }
  | {
      readonly type: 'change'
      readonly origin: 'local' | 'remote'
      readonly patches: readonly Patch[]
      /** As it is now, to read. */
      readonly doc: SchemaDoc
    }

/** Called while the engine works: must not throw, nor change anything. */
export type DocumentListener = (event: DocumentEvent) => void

export class WatchedDocuments {
  readonly #listeners = new Map<string, Set<DocumentListener>>()
  /** Those that tell us of their changes already. */
  readonly #heard = new WeakSet<SchemaDoc>()

  /** @param open the document, if it is in memory. */
  watch(document: string, listener: DocumentListener, open: SchemaDoc | undefined): () => void {
    const listeners = this.#listeners.get(document) ?? new Set()
    this.#listeners.set(document, listeners)
    listeners.add(listener)
    if (open !== undefined) this.#hear(document, open)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(document)
    }
  }

  /** @param isBegun there was nothing of it before, so that its changes tell all. */
  opened(document: string, doc: SchemaDoc, isBegun: boolean): void {
    if (!this.#listeners.has(document)) return
    this.#hear(document, doc)
    // Who reads now would read what was there before.
    if (!isBegun) queueMicrotask(() => this.reset(document))
  }

  reset(document: string): void {
    this.#tell(document, { type: 'reset' })
  }

  #hear(document: string, doc: SchemaDoc): void {
    if (this.#heard.has(doc)) return
    this.#heard.add(doc)
    doc.subscribe(({ origin, patches }) => this.#tell(document, { type: 'change', origin, patches, doc }))
  }

  #tell(document: string, event: DocumentEvent): void {
    for (const listener of this.#listeners.get(document) ?? []) listener(event)
  }

  clear(): void {
    this.#listeners.clear()
  }
}
