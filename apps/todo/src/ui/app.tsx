/** The frame: the lists of this device beside the one that is shown. */
import { useDoc, useStatus, useValue } from '@joinery/client/react'
import { type ReactElement, useCallback, useEffect, useState } from 'react'
import { deviceId, randomId, readMe, rememberMe, settings } from '../device.ts'
import type { Person } from '../model/people.ts'
import { homeSchema } from '../model/schema.ts'
import { IconButton } from './icon-button.tsx'
import { ListPage } from './list-page.tsx'
import { Sidebar } from './sidebar.tsx'
import { UpdateNotice } from './update-notice.tsx'
import { go, useRoute } from './use-route.ts'

/** The list that `joinery serve --demo` brings along. */
const FIRST_LIST = 'weekend-at-the-lake'

export function App(): ReactElement {
  const home = useDoc(`home-${deviceId}`, homeSchema)
  const lists = useValue(home, (root) => root.lists.toJSON() as Record<string, string>)
  const { warning } = useStatus().storage
  const [me, setMe] = useState(readMe)
  const [isMenuOpen, setMenuOpen] = useState(false)
  const [fresh, setFresh] = useState<string>()
  const id = useRoute()
  const { isReady } = home

  useEffect(() => {
    if (isReady && id === undefined) go(settings.get('last') ?? Object.keys(lists)[0] ?? FIRST_LIST, { replace: true })
    if (id !== undefined) settings.set('last', id)
  }, [isReady, id, lists])

  const keep = useCallback(
    (list: string, name: string) => {
      if (home.isReady) home.change((root) => root.lists.getLww(list) !== name && root.lists.setLww(list, name))
    },
    [home],
  )
  const forget = (list: string) => {
    home.change((root) => root.lists.remove(list))
    go(Object.keys(lists).find((other) => other !== list) ?? FIRST_LIST)
  }
  const create = () => {
    const list = randomId()
    keep(list, '')
    setFresh(list)
    go(list)
    setMenuOpen(false)
  }
  const change = (next: Person) => {
    rememberMe(next)
    setMe(next)
  }

  return (
    <div className="frame">
      <a className="skip" href="#list">
        Skip to the list
      </a>
      <Sidebar
        lists={lists}
        current={id}
        me={me}
        isOpen={isMenuOpen}
        onClose={() => setMenuOpen(false)}
        onCreate={create}
        onMe={change}
      />
      <div className="page">
        <IconButton icon="menu" label="Show lists" className="menu-button" onClick={() => setMenuOpen(true)} />
        {warning !== undefined && (
          <p className="banner" role="alert">
            {warning}
          </p>
        )}
        {id !== undefined && isReady && (
          <ListPage key={id} id={id} me={me} isFresh={id === fresh} onName={keep} onLeave={forget} />
        )}
      </div>
      <UpdateNotice />
    </div>
  )
}
