import type { LiveDoc } from '@joinery/client'
import { useUndo } from '@joinery/client/react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { deviceId } from '../device.ts'
import { type Item, removeItem } from '../model/items.ts'
import type { Member, Person } from '../model/people.ts'
import type { ListFields } from '../model/schema.ts'
import { IconButton } from './icon-button.tsx'
import { Menu } from './menu.tsx'
import type { Other } from './others.ts'
import { People } from './people.tsx'
import { ShareDialog } from './share-dialog.tsx'
import { StatusPill } from './status-pill.tsx'
import { useToast } from './toast.tsx'
import type { Act } from './use-act.ts'
import { useDraft } from './use-draft.ts'
import { useShortcuts } from './use-shortcuts.ts'

interface ListHeaderProps {
  readonly doc: LiveDoc<ListFields>
  readonly act: Act
  readonly name: string
  readonly items: readonly Item[]
  readonly members: readonly Member[]
  readonly others: readonly Other[]
  readonly me: Person
  readonly isFresh: boolean
  readonly onSearch: () => void
  readonly onAdd: () => void
  readonly onLeave: () => void
}

export function ListHeader(props: ListHeaderProps): ReactElement {
  const { doc, act, name, items, members, others, me, isFresh, onSearch, onAdd, onLeave } = props
  const { canUndo, canRedo, undo, redo } = useUndo(doc)
  const [isSharing, setSharing] = useState(false)
  const say = useToast()
  const nameRef = useRef<HTMLInputElement>(null)
  const { isReady } = doc
  useEffect(() => {
    if (isFresh && isReady) nameRef.current?.focus()
  }, [isFresh, isReady])
  const draft = useDraft(name, (value) => act((root) => root.name.set(value)))
  useShortcuts({ undo: () => canUndo && undo(), redo: () => canRedo && redo(), search: onSearch, add: onAdd })
  const done = items.filter((item) => item.done)
  const clear = () => {
    act((root) => {
      for (const { id } of done) removeItem(root, id)
    })
    say({ text: `Removed ${done.length} done`, action: { label: 'Undo', run: () => undo() } })
  }
  return (
    <header className="list-header">
      <div className="toolbar">
        <StatusPill doc={doc} />
        <span className="toolbar-space" />
        <IconButton icon="undo" label="Undo" keys="Ctrl+Z" disabled={!canUndo} onClick={() => undo()} />
        <IconButton icon="redo" label="Redo" keys="Ctrl+Shift+Z" disabled={!canRedo} onClick={() => redo()} />
        <button type="button" className="share-button" onClick={() => setSharing(true)}>
          Share
        </button>
        <Menu
          label="More"
          entries={[
            {
              label: `Remove done items${done.length > 0 ? ` (${done.length})` : ''}`,
              run: clear,
              off: done.length === 0,
            },
            { label: 'Leave this list', run: onLeave },
          ]}
        />
      </div>
      <h1 className="list-name">
        <input
          {...draft}
          ref={nameRef}
          aria-label="Name of the list"
          placeholder="Name this list"
          maxLength={120}
          readOnly={!doc.isReady}
        />
      </h1>
      <div className="list-facts">
        <Progress done={done.length} all={items.length} />
        <People members={members} others={others} me={{ id: deviceId, ...me }} />
      </div>
      {isSharing && <ShareDialog name={name} onClose={() => setSharing(false)} />}
    </header>
  )
}

function Progress({ done, all }: { readonly done: number; readonly all: number }): ReactElement | null {
  if (all === 0) return null
  return (
    <div className="progress">
      <span className="progress-bar" aria-hidden="true">
        <span className="progress-done" style={{ width: `${(100 * done) / all}%` }} />
      </span>
      <span>{done === all ? 'All done' : `${done} of ${all} done`}</span>
    </div>
  )
}
