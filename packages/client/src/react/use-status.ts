/** Whether edits are saved, and what goes wrong. */
import { useCallback, useSyncExternalStore } from 'react'
import type { ClientStatus, DocStatus, LiveDoc } from '../live/types.ts'
import { INERT_CLIENT_STATUS } from './inert.ts'
import { nothing, useClient } from './provider.ts'

/** The status of a document, or, without one, of the client. Renders again when something in it is another. */
export function useStatus(): ClientStatus
export function useStatus(doc: Pick<LiveDoc, 'status' | 'onStatus'>): DocStatus
export function useStatus(doc?: Pick<LiveDoc, 'status' | 'onStatus'>): ClientStatus | DocStatus {
  const client = useClient()
  const of = doc ?? client
  const subscribe = useCallback((listener: () => void) => of?.onStatus(listener) ?? nothing, [of])
  const read = (): ClientStatus | DocStatus => of?.status ?? INERT_CLIENT_STATUS
  return useSyncExternalStore(subscribe, read, read)
}
