import type { LiveDoc } from '@joinery/client'
import { useCallback, useRef } from 'react'
import { deviceId } from '../device.ts'
import type { ListRoot } from '../model/items.ts'
import { isKnown, join, type Person } from '../model/people.ts'
import type { ListFields } from '../model/schema.ts'
import { useToast } from './toast.tsx'

export type Act = (change: (root: ListRoot) => void) => void

/** Changes the list, as one step that can be taken back; whoever changes something has joined. What is refused is said. */
export function useAct(doc: LiveDoc<ListFields>, me: Person): Act {
  const say = useToast()
  const latest = useRef(me)
  latest.current = me
  return useCallback(
    (change) => {
      try {
        doc.undo.stopGrouping()
        doc.change((root) => {
          change(root)
          if (!isKnown(root, deviceId, latest.current)) join(root, deviceId, latest.current)
        })
        doc.undo.stopGrouping()
      } catch (error) {
        say({ text: `That could not be done: ${(error as Error).message}` })
      }
    },
    [doc, say],
  )
}
