import { type ClipboardEvent, type FormEvent, type ReactElement, type Ref, useState } from 'react'
import { type NewItem, parseItems } from '../model/quick-add.ts'
import { Icon } from './icons.tsx'
import { useAnnounce } from './toast.tsx'

interface QuickAddProps {
  readonly ref: Ref<HTMLInputElement>
  readonly isReady: boolean
  readonly onAdd: (items: readonly NewItem[]) => void
}

/** Enter adds and stays, a pasted list becomes items, words with # become tags. */
export function QuickAdd({ ref, isReady, onAdd }: QuickAddProps): ReactElement {
  const [typed, setTyped] = useState('')
  const announce = useAnnounce()
  const add = (text: string) => {
    const items = parseItems(text)
    if (items.length === 0) return
    onAdd(items)
    setTyped('')
    announce(items.length === 1 ? `Added ${items[0]?.title}` : `Added ${items.length} items`)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add(typed)
  }
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData('text/plain')
    if (!text.trim().includes('\n')) return
    event.preventDefault()
    add(typed === '' ? text : `${typed} ${text}`)
  }
  return (
    <form className="quick-add" onSubmit={submit}>
      <Icon name="plus" />
      <input
        ref={ref}
        value={typed}
        readOnly={!isReady}
        aria-label="Add an item"
        placeholder="Add an item, #tag it"
        enterKeyHint="done"
        autoComplete="off"
        onChange={(event) => setTyped(event.target.value)}
        onPaste={paste}
      />
      <button type="submit" className="quick-add-button" disabled={typed.trim() === ''}>
        Add
      </button>
    </form>
  )
}
