/** One machine: who wrote each of its fields, and what lost where several wrote at once. */

import type { VmExplained } from '@joinery/cluster'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { get } from '../api.ts'
import { timeText, valueText } from './parts.tsx'

export interface MachineDetailProps {
  readonly id: string
  readonly version: number
  readonly onClose: () => void
}

export function MachineDetail({ id, version, onClose }: MachineDetailProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null)
  const explained = useExplained(id, version)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const fields = Object.entries(explained?.writes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    <dialog ref={dialog} aria-labelledby="detail" onClose={onClose}>
      <header>
        <h2 id="detail">{id}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {explained === undefined ? (
        <p className="empty">It is not there any more.</p>
      ) : (
        <table>
          <caption className="hidden">{`Fields of ${id}`}</caption>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">Written by</th>
            </tr>
          </thead>
          <tbody>
            {fields.flatMap(([field, writes]) =>
              writes.map(({ value, by, time }, i) => (
                <tr key={`${field} ${by} ${time}`} className={i === 0 ? undefined : 'lost'}>
                  <th scope="row">{i === 0 ? field : 'lost'}</th>
                  <td>{valueText(value)}</td>
                  <td>
                    {by} <small>{timeText(time)}</small>
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      )}
    </dialog>
  )
}

function useExplained(id: string, version: number): VmExplained | undefined {
  const [explained, setExplained] = useState<VmExplained>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is another answer.
  useEffect(() => {
    let isCurrent = true
    const show = (next: VmExplained | undefined): void => {
      if (isCurrent) setExplained(next)
    }
    get<VmExplained>(`/v1/vms/${encodeURIComponent(id)}/explain`).then(show, () => show(undefined))
    return () => {
      isCurrent = false
    }
  }, [id, version])
  return explained
}
