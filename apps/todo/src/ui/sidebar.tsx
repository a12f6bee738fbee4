import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { Person } from '../model/people.ts'
import { Avatar } from './avatar.tsx'
import { IconButton } from './icon-button.tsx'
import { Icon, Mark } from './icons.tsx'
import { ProfileDialog } from './profile-dialog.tsx'
import { go, pathOf } from './use-route.ts'
import { useTheme } from './use-theme.ts'

interface SidebarProps {
  readonly lists: Readonly<Record<string, string>>
  readonly current: string | undefined
  readonly me: Person
  /** On narrow screens it is a drawer. */
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onCreate: () => void
  readonly onMe: (me: Person) => void
}

export function Sidebar({ lists, current, me, isOpen, onClose, onCreate, onMe }: SidebarProps): ReactElement {
  const [isProfileOpen, setProfileOpen] = useState(false)
  const ref = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const before = document.activeElement as HTMLElement | null
    ref.current?.querySelector<HTMLElement>('a, button')?.focus()
    return () => before?.focus()
  }, [isOpen])
  const entries = Object.entries(lists).sort(([, a], [, b]) => a.localeCompare(b))
  return (
    <>
      {isOpen && <button type="button" className="scrim" tabIndex={-1} aria-label="Hide lists" onClick={onClose} />}
      <aside
        ref={ref}
        className={`sidebar ${isOpen ? 'is-open' : ''}`}
        aria-label="Lists"
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      >
        <p className="brand">
          <Mark />
          Lists
          <IconButton icon="close" label="Hide lists" className="drawer-close" onClick={onClose} />
        </p>
        <nav aria-label="Your lists">
          <ul className="nav-lists">
            {entries.map(([id, name]) => (
              <li key={id}>
                <a
                  href={pathOf(id)}
                  aria-current={id === current ? 'page' : undefined}
                  onClick={(event) => {
                    if (event.metaKey || event.ctrlKey || event.shiftKey) return
                    event.preventDefault()
                    go(id)
                    onClose()
                  }}
                >
                  <span className="nav-name">{name === '' ? 'New list' : name}</span>
                </a>
              </li>
            ))}
          </ul>
          <button type="button" className="nav-new" onClick={onCreate}>
            <Icon name="plus" />
            New list
          </button>
        </nav>
        <footer className="sidebar-foot">
          <button type="button" className="me" onClick={() => setProfileOpen(true)}>
            <Avatar person={me} />
            <span className="me-name">{me.name}</span>
            <span className="spoken">, change your name and colour</span>
          </button>
          <ThemeButton />
        </footer>
      </aside>
      {isProfileOpen && <ProfileDialog me={me} onMe={onMe} onClose={() => setProfileOpen(false)} />}
    </>
  )
}

const themeIcons = { system: 'system', light: 'sun', dark: 'moon' } as const

function ThemeButton(): ReactElement {
  const [theme, next] = useTheme()
  return <IconButton icon={themeIcons[theme]} label={`Theme: ${theme}`} onClick={next} />
}
