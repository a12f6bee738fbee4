/** The notes of an item, which several write at once, with the carets of the others. */
import type { LiveDoc } from '@joinery/client'
import { useText, useValue } from '@joinery/client/react'
import { Fragment, type ReactElement, useRef } from 'react'
import { type ListRoot, notesOf } from '../model/items.ts'
import type { ListFields } from '../model/schema.ts'
import type { Other } from './others.ts'
import type { Act } from './use-act.ts'

interface NotesProps {
  readonly doc: LiveDoc<ListFields>
  readonly id: string
  readonly others: readonly Other[]
  readonly onHead: (head: string | undefined) => void
  readonly act: Act
}

export function Notes({ doc, id, others, onHead, act }: NotesProps): ReactElement {
  const props = useText(doc, (root) => notesOf(root, id), { onSelect: (selection) => onHead(selection?.head) })
  const isTouched = useRef(false)
  return (
    <div className="notes">
      <textarea
        {...props}
        data-shared
        className="notes-field"
        aria-label="Notes"
        placeholder="Notes"
        rows={2}
        onInput={() => {
          // So that the item stays where somebody else removes it meanwhile.
          if (!isTouched.current) act((root) => root.items.add(id))
          isTouched.current = true
        }}
      />
      <Mirror doc={doc} id={id} others={others} />
    </div>
  )
}

interface Caret {
  readonly at: number
  readonly other: Other
}

/** The same text behind the field: it gives the field its height, and the carets their places. */
function Mirror({ doc, id, others }: Pick<NotesProps, 'doc' | 'id' | 'others'>): ReactElement {
  const text = useValue(doc, (root) => notesOf(root, id).toString())
  const carets = caretsIn(doc.root, id, others)
  const ends = [...carets.map(({ at }) => at), text.length]
  return (
    <div className="notes-mirror" aria-hidden="true">
      {text.slice(0, ends[0])}
      {carets.map(({ at, other }, i) => (
        <Fragment key={`${other.id} ${at}`}>
          <span className={`caret person-${other.colour}`}>
            <span className="caret-name">{other.name}</span>
          </span>
          {text.slice(at, ends[i + 1])}
        </Fragment>
      ))}
      {'\u200b'}
    </div>
  )
}

function caretsIn(root: ListRoot, id: string, others: readonly Other[]): readonly Caret[] {
  const carets: Caret[] = []
  for (const other of others) {
    if (other.head === undefined) continue
    try {
      carets.push({ at: notesOf(root, id).resolveCursor(other.head), other })
    } catch {
      // Next to something that has not arrived yet.
    }
  }
  return carets.sort((a, b) => a.at - b.at)
}
