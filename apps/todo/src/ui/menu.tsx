import { type ReactElement, useEffect, useId, useRef, useState } from 'react'
import { IconButton } from './icon-button.tsx'

interface Entry {
  readonly label: string
  readonly run: () => void
  readonly off?: boolean
}

/** A button with a menu: arrow keys go through it, Escape and a click elsewhere put it away. */
export function Menu({ label, entries }: { readonly label: string; readonly entries: readonly Entry[] }): ReactElement {
  const [isOpen, setOpen] = useState(false)
  const ref = useRef<HTMLDivElement>(null)
  const id = useId()
  const buttons = () => [...(ref.current?.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)') ?? [])]
  const opener = () => ref.current?.querySelector<HTMLElement>('[aria-haspopup]')
  useEffect(() => {
    if (!isOpen) return
    ref.current?.querySelector<HTMLElement>('[role=menuitem]:not(:disabled)')?.focus()
    const onPointer = (event: PointerEvent) => {
      if (!ref.current?.contains(event.target as Node)) setOpen(false)
    }
    addEventListener('pointerdown', onPointer)
    return () => removeEventListener('pointerdown', onPointer)
  }, [isOpen])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the menu, wherever in it one is.
    <div
      className="menu"
      ref={ref}
      onKeyDown={(event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
        if (event.key === 'Escape' && isOpen) {
          setOpen(false)
          opener()?.focus()
        } else if (event.key === 'Tab') setOpen(false)
        else if (step !== undefined && isOpen) {
          event.preventDefault()
          const all = buttons()
          all.at((all.indexOf(document.activeElement as HTMLElement) + step) % all.length)?.focus()
        }
      }}
    >
      <IconButton
        icon="more"
        label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      />
      {isOpen && (
        <div className="menu-entries" role="menu" id={id} aria-label={label}>
          {entries.map((entry) => (
            <button
              key={entry.label}
              type="button"
              role="menuitem"
              disabled={entry.off}
              onClick={() => {
                setOpen(false)
                opener()?.focus()
                entry.run()
              }}
            >
              {entry.label}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
