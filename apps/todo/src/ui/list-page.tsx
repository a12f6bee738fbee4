/** One list, and who is in it. */

import { useDoc, usePresence, useValue } from '@joinery/client/react'
import { allTypes } from '@joinery/core'
import { type ReactElement, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { deviceId, randomId } from '../device.ts'
import { filterItems, tagsIn } from '../model/filter.ts'
import { addItem, itemsOf } from '../model/items.ts'
import { type Here, leave, membersOf, type Person } from '../model/people.ts'
import type { NewItem } from '../model/quick-add.ts'
import { listSchema } from '../model/schema.ts'
import { Attention } from './attention.tsx'
import { EmptyState } from './empty-state.tsx'
import { FilterBar } from './filter-bar.tsx'
import { ItemList } from './item-list.tsx'
import { ListHeader } from './list-header.tsx'
import { othersHere } from './others.ts'
import { QuickAdd } from './quick-add.tsx'
import { useToast } from './toast.tsx'
import { useAct } from './use-act.ts'

interface ListPageProps {
  readonly id: string
  readonly me: Person
  /** Just made: the next thing to do is to name it. */
  readonly isFresh: boolean
  readonly onName: (id: string, name: string) => void
  readonly onLeave: (id: string) => void
}

export function ListPage({ id, me, isFresh, onName, onLeave }: ListPageProps): ReactElement {
  const doc = useDoc(id, listSchema, { types: allTypes })
  const name = useValue(doc, (root) => root.name.value ?? '')
  const items = useValue(doc, itemsOf)
  const members = useValue(doc, membersOf)
  const act = useAct(doc, me)
  const say = useToast()
  const [open, setOpen] = useState<string>()
  const [head, setHead] = useState<string>()
  const [search, setSearch] = useState('')
  const [tag, setTag] = useState<string>()
  const searchRef = useRef<HTMLInputElement>(null)
  const addRef = useRef<HTMLInputElement>(null)

  const here: Here = { ...me, ...(open !== undefined && { item: open }), ...(head !== undefined && { head }) }
  const peers = usePresence<Here>(doc, here)
  const others = useMemo(() => othersHere(peers), [peers])
  const tags = useMemo(() => tagsIn(items), [items])
  const shownTag = tag !== undefined && tags.includes(tag) ? tag : undefined
  const words = useDeferredValue(search)
  const shown = useMemo(() => filterItems(items, { search: words, tag: shownTag }), [items, words, shownTag])

  const { isReady } = doc
  const isBegun = name !== '' || items.length > 0
  useEffect(() => {
    if (isReady && isBegun) onName(id, name)
  }, [isReady, isBegun, id, name, onName])
  // What was done here is not to be taken back from elsewhere.
  useEffect(() => () => say(undefined), [say])
  useEffect(() => {
    document.title = name === '' ? 'Joinery Lists' : `${name} – Lists`
  }, [name])

  const add = useCallback(
    (fresh: readonly NewItem[]) => {
      act((root) => {
        for (const [i, item] of fresh.entries()) addItem(root, { ...item, id: randomId(12) }, i)
      })
    },
    [act],
  )

  return (
    <main className="list-page" id="list" tabIndex={-1}>
      <ListHeader
        doc={doc}
        act={act}
        name={name}
        items={items}
        members={members}
        others={others}
        me={me}
        isFresh={isFresh}
        onSearch={() => searchRef.current?.focus()}
        onAdd={() => addRef.current?.focus()}
        onLeave={() => {
          act((root) => leave(root, deviceId))
          onLeave(id)
        }}
      />
      <Attention doc={doc} />
      <QuickAdd ref={addRef} isReady={isReady} onAdd={add} />
      {items.length > 0 && (
        <FilterBar ref={searchRef} search={search} onSearch={setSearch} tags={tags} tag={shownTag} onTag={setTag} />
      )}
      {shown.length > 0 ? (
        <ItemList
          doc={doc}
          act={act}
          items={shown}
          others={others}
          open={open}
          onOpen={setOpen}
          onHead={setHead}
          onTag={setTag}
          tags={tags}
        />
      ) : (
        isReady && <EmptyState isFiltered={items.length > 0} onClear={() => [setSearch(''), setTag(undefined)]} />
      )}
    </main>
  )
}
