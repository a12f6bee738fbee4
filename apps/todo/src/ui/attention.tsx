/** What needs a decision: edits that the server refused, a key that it wants. */
import type { LiveDoc } from '@joinery/client'
import { useClient, useStatus } from '@joinery/client/react'
import { type FormEvent, type ReactElement, useState } from 'react'
import { settings } from '../device.ts'
import type { ListFields } from '../model/schema.ts'

export function Attention({ doc }: { readonly doc: LiveDoc<ListFields> }): ReactElement | null {
  const { refused, lastError } = useStatus(doc)
  const client = useStatus()
  if (client.lastError?.code === 'CLIENT_UNAUTHENTICATED') return <KeyForm />
  if (refused === 0 && lastError === undefined) return null
  return (
    <div className="banner" role="alert">
      <p>
        {refused > 0
          ? `The server does not take ${refused === 1 ? 'an edit' : `${refused} edits`} of yours: ${doc.refused.list[0]?.message}.`
          : lastError?.message}
      </p>
      {refused > 0 && (
        <p className="banner-actions">
          <button type="button" onClick={() => void doc.refused.retry().catch(() => {})}>
            Try again
          </button>
          <button type="button" onClick={() => void doc.refused.discard().catch(() => {})}>
            Drop {refused === 1 ? 'it' : 'them'}
          </button>
        </p>
      )}
    </div>
  )
}

function KeyForm(): ReactElement {
  const client = useClient()
  const [key, setKey] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    settings.set('key', key.trim())
    client?.connectNow()
  }
  return (
    <form className="banner" onSubmit={submit}>
      <label>
        This server wants a key. Until it has one, edits stay on this device.
        <input type="password" value={key} autoComplete="off" onChange={(event) => setKey(event.target.value)} />
      </label>
      <p className="banner-actions">
        <button type="submit">Connect</button>
      </p>
    </form>
  )
}
