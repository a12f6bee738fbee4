import { type FormEvent, type ReactElement, useId, useState } from 'react'
import { parseTag } from '../model/quick-add.ts'
import { Icon } from './icons.tsx'

interface TagEditorProps {
  readonly tags: readonly string[]
  /** To choose from. */
  readonly known: readonly string[]
  readonly onAdd: (tag: string) => void
  readonly onRemove: (tag: string) => void
}

export function TagEditor({ tags, known, onAdd, onRemove }: TagEditorProps): ReactElement {
  const [typed, setTyped] = useState('')
  const choices = useId()
  const add = (event?: FormEvent) => {
    event?.preventDefault()
    const tag = parseTag(typed)
    setTyped('')
    if (tag !== undefined && !tags.includes(tag)) onAdd(tag)
  }
  return (
    <form className="tag-editor" onSubmit={add}>
      {tags.map((tag) => (
        <button key={tag} type="button" className="tag" onClick={() => onRemove(tag)}>
          {tag}
          <Icon name="close" />
          <span className="spoken">, remove this tag</span>
        </button>
      ))}
      <input
        value={typed}
        list={choices}
        aria-label="Add a tag"
        placeholder="Add a tag"
        maxLength={40}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => add()}
        onKeyDown={(event) => {
          const last = tags.at(-1)
          if (event.key === 'Backspace' && typed === '' && last !== undefined) onRemove(last)
        }}
      />
      <datalist id={choices}>
        {known
          .filter((tag) => !tags.includes(tag))
          .map((tag) => (
            <option key={tag} value={tag} />
          ))}
      </datalist>
    </form>
  )
}
