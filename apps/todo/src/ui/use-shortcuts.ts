import { useEffect, useRef } from 'react'

interface Shortcuts {
  readonly undo: () => void
  readonly redo: () => void
  readonly search: () => void
  readonly add: () => void
}

/** Undo and redo everywhere but in a field with text of its own; single letters only where nobody types. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts)
  useEffect(() => {
    latest.current = shortcuts
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const name = shortcutOf(event)
      if (name === undefined || document.querySelector('dialog[open]')) return
      event.preventDefault()
      latest.current[name]()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

function shortcutOf(event: KeyboardEvent): keyof Shortcuts | undefined {
  const field = (event.target as HTMLElement).closest?.<HTMLInputElement>('input:not([type=checkbox]), textarea')
  const key = event.key.toLowerCase()
  if (event.ctrlKey || event.metaKey) {
    // What is typed there is not in the list yet, and is the field's own to take back.
    if (field && field.dataset.shared === undefined && field.value !== '') return undefined
    if (key === 'z') return event.shiftKey ? 'redo' : 'undo'
    return key === 'y' ? 'redo' : undefined
  }
  if (field || event.altKey) return undefined
  if (key === '/') return 'search'
  return key === 'n' ? 'add' : undefined
}
