import type { LiveDoc } from '@joinery/client'
import { memo, type ReactElement } from 'react'
import type { Item } from '../model/items.ts'
import type { ListFields } from '../model/schema.ts'
import { Avatar } from './avatar.tsx'
import { IconButton } from './icon-button.tsx'
import { Grip, Icon } from './icons.tsx'
import { ItemCard } from './item-card.tsx'
import type { Other } from './others.ts'
import type { Act } from './use-act.ts'
import type { Reorder } from './use-reorder.ts'

export interface ItemActions {
  readonly act: Act
  readonly remove: (item: Item) => void
  readonly check: (item: Item, isDone: boolean) => void
  readonly open: (id: string | undefined) => void
  readonly head: (head: string | undefined) => void
  readonly tag: (tag: string) => void
}

interface ItemRowProps {
  readonly doc: LiveDoc<ListFields>
  readonly item: Item
  readonly isOpen: boolean
  readonly others: readonly Other[]
  /** All of the list, to choose from; of the open item only. */
  readonly tags: readonly string[] | undefined
  readonly actions: ItemActions
  /** Absent where there is no order to change. */
  readonly reorder: Reorder | undefined
}

/** Renders when what it shows is another; who moves it is no part of that. */
export const ItemRow = memo(
  function ItemRow({ doc, item, isOpen, others, tags, actions, reorder }: ItemRowProps): ReactElement {
    const { id, title, done, notes } = item
    const name = title === '' ? 'Untitled' : title
    return (
      <li className={`item ${done ? 'is-done' : ''} ${isOpen ? 'is-open' : ''}`} data-id={id}>
        <div className="row">
          {reorder && (
            <button
              type="button"
              className="grip"
              aria-label={`Move ${name}`}
              aria-describedby="move-help"
              onPointerDown={(event) => reorder.onPointerDown(id, event)}
              onKeyDown={(event) => reorder.onKeyDown(id, event)}
            >
              <Grip />
            </button>
          )}
          <span className="check">
            <input
              type="checkbox"
              checked={done}
              aria-label={`${name}: done`}
              onChange={(event) => actions.check(item, event.target.checked)}
            />
            <Icon name="check" />
          </span>
          {isOpen ? (
            <ItemCard doc={doc} item={item} others={others} allTags={tags ?? []} actions={actions} />
          ) : (
            <>
              <button
                type="button"
                className="row-title"
                aria-expanded={false}
                onClick={() => actions.open(id)}
                onKeyDown={(event) => reorder?.onKeyDown(id, event)}
              >
                <span className="title-text">{name}</span>
                {notes !== '' && (
                  <span className="has-notes">
                    <Icon name="note" />
                    <span className="spoken">, has notes</span>
                  </span>
                )}
              </button>
              <RowTags item={item} onTag={actions.tag} />
              {others.length > 0 && (
                <span className="row-people">
                  {others.map((other) => (
                    <Avatar key={other.id} person={other} />
                  ))}
                </span>
              )}
              <IconButton
                icon="trash"
                label={`Remove ${name}`}
                className="row-remove"
                onClick={() => actions.remove(item)}
              />
            </>
          )}
        </div>
      </li>
    )
  },
  (a, b) =>
    a.item === b.item &&
    a.isOpen === b.isOpen &&
    a.tags === b.tags &&
    a.doc === b.doc &&
    a.actions === b.actions &&
    a.others.length === b.others.length &&
    a.others.every((other, i) => other === b.others[i]) &&
    a.reorder === b.reorder,
)

function RowTags({ item, onTag }: { readonly item: Item; readonly onTag: (tag: string) => void }): ReactElement | null {
  if (item.tags.length === 0) return null
  return (
    <span className="row-tags">
      {item.tags.map((tag) => (
        <button key={tag} type="button" className="tag" onClick={() => onTag(tag)}>
          <span className="spoken">Show only </span>
          {tag}
        </button>
      ))}
    </span>
  )
}
