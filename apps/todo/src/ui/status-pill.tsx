import type { DocStatus, LiveDoc } from '@joinery/client'
import { useClient, useStatus } from '@joinery/client/react'
import type { ReactElement } from 'react'
import type { ListFields } from '../model/schema.ts'

interface Shown {
  readonly kind: 'good' | 'busy' | 'off' | 'bad'
  readonly text: string
}

function shownOf({ connection, pending, refused }: DocStatus): Shown {
  if (refused > 0 || connection === 'refused') return { kind: 'bad', text: 'Needs you' }
  const unsent = pending === 0 ? '' : ` · ${pending} unsent`
  if (connection === 'offline') return { kind: 'off', text: `Offline${unsent}` }
  if (connection === 'connecting') return { kind: 'busy', text: `Connecting${unsent}` }
  return pending > 0 ? { kind: 'busy', text: 'Saving' } : { kind: 'good', text: 'Saved' }
}

const explained = {
  good: 'Everything is stored at the server.',
  busy: 'On its way to the server.',
  off: 'You can go on: edits are kept on this device and sent when there is a connection. Click to try now.',
  bad: 'The server does not take an edit.',
}

/** Whether the edits are saved. */
export function StatusPill({ doc }: { readonly doc: LiveDoc<ListFields> }): ReactElement {
  const status = useStatus(doc)
  const { kind, text } = shownOf(status)
  const client = useClient()
  const looks = { className: `status is-${kind}`, title: explained[kind] }
  const content = (
    <>
      <span className="status-dot" aria-hidden="true" />
      {text}
    </>
  )
  return (
    // Busy while the device is still writing: an edit that a page takes with it when it goes was never promised.
    <span role="status" aria-busy={status.durable > 0}>
      {kind === 'off' ? (
        <button type="button" {...looks} onClick={() => client?.connectNow()}>
          {content}
        </button>
      ) : (
        <span {...looks}>{content}</span>
      )}
    </span>
  )
}
