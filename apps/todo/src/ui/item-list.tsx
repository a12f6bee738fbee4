import type { LiveDoc } from '@joinery/client'
import { memo, type ReactElement, useCallback, useMemo, useRef, useState } from 'react'
import { checkItem, type Item, moveItem, removeItem } from '../model/items.ts'
import type { ListFields } from '../model/schema.ts'
import { Icon } from './icons.tsx'
import { type ItemActions, ItemRow } from './item-row.tsx'
import type { Other } from './others.ts'
import { useAnnounce, useToast } from './toast.tsx'
import type { Act } from './use-act.ts'
import { useFlip } from './use-flip.ts'
import { useReorder } from './use-reorder.ts'

interface ItemListProps {
  readonly doc: LiveDoc<ListFields>
  readonly act: Act
  readonly items: readonly Item[]
  readonly others: readonly Other[]
  readonly open: string | undefined
  readonly tags: readonly string[]
  readonly onOpen: (id: string | undefined) => void
  readonly onHead: (head: string | undefined) => void
  readonly onTag: (tag: string) => void
}

/** Of a very long list this many rows are there at first. */
const ROWS_STEP = 200
const NOBODY: readonly Other[] = []

export const ItemList = memo(function ItemList(props: ItemListProps): ReactElement {
  const { doc, act, items, others, open, tags, onOpen, onHead, onTag } = props
  const list = useRef<HTMLUListElement>(null)
  const [rowsMax, setRowsMax] = useState(ROWS_STEP)
  const announce = useAnnounce()
  const say = useToast()
  const todo = items.filter((item) => !item.done)
  const done = items.filter((item) => item.done)
  const ids = todo.map(({ id }) => id)
  const onMove = (id: string, to: string) => {
    act((root) => moveItem(root, id, to))
    const title = todo.find((item) => item.id === id)?.title
    announce(`${title}: place ${ids.indexOf(to) + 1} of ${ids.length}`)
  }
  const reorder = useReorder({ list, ids, onMove })
  useFlip(list, ids.join())
  const remove = useCallback(
    ({ id, title }: Item) => {
      act((root) => removeItem(root, id))
      say({ text: `Removed “${title}”`, action: { label: 'Undo', run: () => doc.undo.undo() } })
    },
    [act, doc, say],
  )
  const actions: ItemActions = useMemo(
    () => ({
      act,
      remove,
      check: ({ id }, isDone) => act((root) => checkItem(root, id, isDone)),
      open: onOpen,
      head: onHead,
      tag: onTag,
    }),
    [act, remove, onOpen, onHead, onTag],
  )
  const row = (item: Item, isMovable: boolean) => {
    const inside = others.filter((other) => other.item === item.id)
    return (
      <ItemRow
        key={item.id}
        doc={doc}
        item={item}
        isOpen={item.id === open}
        others={inside.length === 0 ? NOBODY : inside}
        tags={item.id === open ? tags : undefined}
        actions={actions}
        reorder={isMovable ? reorder : undefined}
      />
    )
  }
  return (
    <>
      <p className="spoken" id="move-help">
        Arrow up and arrow down move it.
      </p>
      <ul className="items" ref={list} aria-label="To do">
        {todo.slice(0, rowsMax).map((item) => row(item, true))}
      </ul>
      {todo.length > rowsMax && (
        <button type="button" className="more-rows" onClick={() => setRowsMax(rowsMax + 5 * ROWS_STEP)}>
          {`Show more (${todo.length - rowsMax})`}
        </button>
      )}
      {done.length > 0 && (
        <details className="done" open={todo.length === 0 || undefined}>
          <summary>
            <Icon name="chevron" />
            Done <span className="count">{done.length}</span>
          </summary>
          <ul className="items" aria-label="Done">
            {done.slice(0, rowsMax).map((item) => row(item, false))}
          </ul>
        </details>
      )}
    </>
  )
})
