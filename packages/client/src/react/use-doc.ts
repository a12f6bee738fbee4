/** A document, for as long as a component shows it. */
import type { FieldSpecs, Schema } from '@joinery/core'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import type { LiveDoc, OpenOptions } from '../live/types.ts'
import { handleOf } from './handles.ts'
import { inertDoc } from './inert.ts'
import { nothing, useClient } from './provider.ts'

export interface UseDocOptions extends OpenOptions {
  /** Waits, in the `Suspense` above, until the document is loaded; a storage that fails goes to the error boundary. */
  readonly suspense?: boolean
}

/**
 * The document with this id: opened with the first component that asks for it, closed a moment after the last is gone. Renders again when
 * it `isReady`; use `useValue` for what is in it. On a server, and while a page takes over what a server rendered, it is one that is empty
 * and not ready.
 *
 * @param schema made once, outside of components. Throws `CLIENT_ARGUMENT` when the document is open with another one.
 */
export function useDoc<S extends FieldSpecs>(id: string, schema: Schema<S>, options: UseDocOptions = {}): LiveDoc<S> {
  const client = useClient()
  const [, renderAgain] = useState({})
  const handle = client && handleOf(client, id, schema, options)
  const doc = handle?.doc ?? inertDoc(schema)
  useEffect(() => {
    if (handle === undefined) return
    const release = handle.hold()
    // What was hidden for long comes back without being rendered.
    if (handle.isClosed) renderAgain({})
    return release
  }, [handle])
  const onReady = useCallback(
    (listener: () => void) => {
      // Who is gone meanwhile is told in vain.
      doc.ready.then(listener, listener)
      return nothing
    },
    [doc],
  )
  const read = (): boolean => doc.isReady
  const isReady = useSyncExternalStore(onReady, read, read)
  if (options.suspense && !isReady && handle) throw handle.error ?? doc.ready
  return doc
}
