/**
 * Handles that components hold. A component may render and never appear, or go and come back at once (StrictMode, Suspense,
 * Activity), so a handle is opened while rendering, counted by effects, and closed a little after nobody holds it.
 */
import type { FieldSpecs, Schema } from '@joinery/core'
import type { Client, LiveDoc, OpenOptions } from '../live/types.ts'

export class Handle<S extends FieldSpecs> {
  readonly doc: LiveDoc<S>
  readonly schema: Schema<S>
  isClosed = false
  /** What went wrong while it was loaded. */
  error: unknown
  #holders = 0
  #ending: ReturnType<typeof setTimeout> | undefined
  readonly #onClose: () => void

  constructor(doc: LiveDoc<S>, schema: Schema<S>, onClose: () => void) {
    this.doc = doc
    this.schema = schema
    this.#onClose = onClose
    // Whoever waits for it to be ready does not hold it yet.
    doc.ready.then(
      () => this.#endSoon(),
      (error: unknown) => {
        this.error = error
        this.#endSoon()
      },
    )
  }

  /** Holds it until what this answers is called. */
  hold(): () => void {
    this.#holders += 1
    clearTimeout(this.#ending)
    return () => {
      this.#holders -= 1
      this.#endSoon()
    }
  }

  #endSoon(): void {
    clearTimeout(this.#ending)
    if (this.#holders > 0 || this.isClosed) return
    this.#ending = setTimeout(() => {
      this.isClosed = true
      this.#onClose()
      // What failed then is in the status of the client.
      this.doc.close().catch(() => {})
    }, LINGER_MS)
  }
}

/** How long a handle stays that nobody holds. */
const LINGER_MS = 1000

const handles = new WeakMap<Client, Map<string, Handle<FieldSpecs>>>()

/** The handle of a document, opened now if nobody has it. Throws what `client.open` throws. */
export function handleOf<S extends FieldSpecs>(
  client: Client,
  id: string,
  { schema, ...options }: OpenOptions & { readonly schema: Schema<S> },
): Handle<S> {
  let own = handles.get(client)
  if (own === undefined) {
    own = new Map()
    handles.set(client, own)
  }
  const open = own
  const known = open.get(id) as Handle<S> | undefined
  if (known?.schema === schema) return known
  const handle = new Handle(client.open(id, schema, options), schema, () => open.delete(id))
  open.set(id, handle as unknown as Handle<FieldSpecs>)
  return handle
}
