import { type ReactElement, useRef, useState } from 'react'
import { Dialog } from './dialog.tsx'

export function ShareDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }): ReactElement {
  const link = location.href
  const field = useRef<HTMLInputElement>(null)
  const [note, setNote] = useState('')
  const copy = async () => {
    field.current?.select()
    try {
      await navigator.clipboard.writeText(link)
      setNote('Copied')
    } catch {
      setNote('Press Ctrl+C to copy')
    }
  }
  return (
    <Dialog title="Share this list" onClose={onClose}>
      <p>
        Whoever has the link can read and change {name === '' ? 'this list' : `“${name}”`}, also while they are offline.
      </p>
      <div className="share">
        <input
          ref={field}
          readOnly
          value={link}
          aria-label="Link to this list"
          onFocus={(event) => event.target.select()}
        />
        <button type="button" className="primary" onClick={() => void copy()}>
          Copy link
        </button>
      </div>
      <p className="hint" role="status">
        {note}
      </p>
      {'share' in navigator && (
        <button type="button" onClick={() => void navigator.share({ title: name, url: link }).catch(() => {})}>
          Send to…
        </button>
      )}
    </Dialog>
  )
}
