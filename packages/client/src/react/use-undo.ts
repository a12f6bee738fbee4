/** Taking back what was done here. */
import type { FieldSpecs } from '@joinery/core'
import { useMemo, useState, useSyncExternalStore } from 'react'
import type { LiveDoc, Undo } from '../live/types.ts'
import { no } from './provider.ts'
import { watchOf } from './watch.ts'

export type UndoState = Readonly<Undo>

/** Undo and redo of what was changed here since the first component asked for it; renders again when what is possible is another. */
export function useUndo<S extends FieldSpecs>(doc: LiveDoc<S>): UndoState {
  const { subscribe } = watchOf(doc)
  const canUndo = useSyncExternalStore(subscribe, () => doc.undo.canUndo, no)
  const canRedo = useSyncExternalStore(subscribe, () => doc.undo.canRedo, no)
  // A step of which nothing shows any more goes without an event.
  const [, renderAgain] = useState({})
  return useMemo(() => {
    const after = (isDone: boolean): boolean => {
      renderAgain({})
      return isDone
    }
    return {
      canUndo,
      canRedo,
      undo: () => after(doc.undo.undo()),
      redo: () => after(doc.undo.redo()),
      stopGrouping: doc.undo.stopGrouping,
    }
  }, [doc, canUndo, canRedo])
}
