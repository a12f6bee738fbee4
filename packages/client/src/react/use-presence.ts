/** Who else is in a document. */
import type { JsonValue } from '@joinery/core'
import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import type { LiveDoc, Presence, PresencePeer } from '../live/types.ts'

/**
 * Who else is in the document, and what they tell of themselves; renders again when that is another.
 *
 * @param mine what to tell the others while this component is there: compared by value, so it may be made anew at each render. A
 *   document has one state per client: the component that tells it is the only one that does. Throws `CLIENT_ARGUMENT` above
 *   `presenceBytesMax`.
 */
export function usePresence<P extends JsonValue = JsonValue>(
  doc: Pick<LiveDoc, 'presence'>,
  mine?: P,
): readonly PresencePeer<P>[] {
  const { presence } = doc
  const state = mine === undefined ? undefined : JSON.stringify(mine)
  const isTold = state !== undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is told is compared by value.
  useEffect(() => {
    if (isTold) presence.set(mine)
  }, [presence, state])
  useEffect(() => (isTold ? () => presence.set(undefined) : undefined), [presence, isTold])
  const subscribe = useCallback((listener: () => void) => presence.subscribe(listener), [presence])
  const read = (): Presence['others'] => presence.others
  const others = useSyncExternalStore(subscribe, read, read)
  return useMemo(() => [...others.values()] as unknown as readonly PresencePeer<P>[], [others])
}
