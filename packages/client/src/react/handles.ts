/**
 * Handles that components hold. A component may render and never appear, or go and come back at once (StrictMode, Suspense,
 * Activity), so a handle is opened while rendering, counted by effects, and closed a little after nobody holds it.
 */
import type { FieldSpecs, Schema } from '@joinery/core'
import type { Client, LiveDoc, OpenOptions } from '../live/types.ts'

export interface Handle<S extends FieldSpecs> {
  readonly doc: LiveDoc<S>
  readonly schema: Schema<S>
  readonly isClosed: boolean
  /** What went wrong while it was loaded. */
  readonly error: unknown
  /** Holds it until what this answers is called. */
  hold(): () => void
}

/** How long a handle stays that nobody holds. */
const LINGER_MS = 1000

const handles = new WeakMap<Client, Map<string, unknown>>()

/** The handle of a document, opened now if nobody has it. Throws what `client.open` throws. */
export function handleOf<S extends FieldSpecs>(
  client: Client,
  id: string,
  schema: Schema<S>,
  options: OpenOptions,
): Handle<S> {
  const open = handles.get(client) ?? new Map<string, unknown>()
  handles.set(client, open)
  const known = open.get(id) as Handle<S> | undefined
  if (known?.schema === schema) return known
  const handle = newHandle(client.open(id, schema, options), schema, () => open.delete(id))
  open.set(id, handle)
  return handle
}

function newHandle<S extends FieldSpecs>(doc: LiveDoc<S>, schema: Schema<S>, onClose: () => void): Handle<S> {
  let holders = 0
  let ending: ReturnType<typeof setTimeout> | undefined
  const handle = { doc, schema, isClosed: false, error: undefined as unknown, hold }
  const endSoon = (): void => {
    clearTimeout(ending)
    ending = setTimeout(() => {
      if (holders > 0 || handle.isClosed) return
      handle.isClosed = true
      onClose()
      // What failed then is in the status of the client.
      doc.close().catch(() => {})
    }, LINGER_MS)
  }
  function hold(): () => void {
    holders += 1
    return () => {
      holders -= 1
      endSoon()
    }
  }
  // Whoever waits for it to be ready does not hold it yet.
  doc.ready
    .catch((error: unknown) => {
      handle.error = error
    })
    .finally(endSoon)
  return handle
}
