/** An open item: its name, notes and tags. */
import type { LiveDoc } from '@joinery/client'
import { type KeyboardEvent, type ReactElement, useEffect, useRef } from 'react'
import { addTag, type Item, removeTag, renameItem } from '../model/items.ts'
import type { ListFields } from '../model/schema.ts'
import { Avatar } from './avatar.tsx'
import type { ItemActions } from './item-row.tsx'
import { Notes } from './notes.tsx'
import type { Other } from './others.ts'
import { TagEditor } from './tag-editor.tsx'
import { useDraft } from './use-draft.ts'

interface ItemCardProps {
  readonly doc: LiveDoc<ListFields>
  readonly item: Item
  readonly others: readonly Other[]
  readonly allTags: readonly string[]
  readonly actions: ItemActions
}

export function ItemCard({ doc, item, others, allTags, actions }: ItemCardProps): ReactElement {
  const { id, title, tags } = item
  const ref = useRef<HTMLFieldSetElement>(null)
  const draft = useDraft(title, (value) => actions.act((root) => renameItem(root, id, value)))
  const close = () => {
    const row = ref.current?.closest('li')
    actions.open(undefined)
    // Back to where one came from, which is there again once this is gone.
    requestAnimationFrame(() => row?.querySelector<HTMLElement>('.row-title')?.focus())
  }
  useEffect(() => {
    ref.current?.querySelector('input')?.focus()
    return () => actions.head(undefined)
  }, [actions])
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    close()
  }
  return (
    <fieldset className="card" ref={ref} onKeyDown={onKey}>
      <legend className="spoken">{title}</legend>
      <div className="card-head">
        <input {...draft} className="card-title" aria-label="Name of the item" maxLength={500} />
        {others.map((other) => (
          <Avatar key={other.id} person={other} />
        ))}
      </div>
      <Notes doc={doc} id={id} others={others} onHead={actions.head} act={actions.act} />
      <TagEditor
        tags={tags}
        known={allTags}
        onAdd={(tag) => actions.act((root) => addTag(root, id, tag))}
        onRemove={(tag) => actions.act((root) => removeTag(root, id, tag))}
      />
      <div className="card-foot">
        <button type="button" className="quiet" onClick={() => actions.remove(item)}>
          Remove
        </button>
        <button type="button" className="primary" onClick={close}>
          Close
        </button>
      </div>
    </fieldset>
  )
}
