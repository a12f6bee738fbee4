/** Fields that several wrote at once: what shows, over what, and why. */

import type { Conflict } from '@joinery/cluster'
import type { ReactElement } from 'react'
import { timeText, valueText } from './parts.tsx'

export function Conflicts({ conflicts }: { readonly conflicts: readonly Conflict[] }): ReactElement {
  return (
    <section className="card">
      <h2>Written at once</h2>
      <p className="hint">
        Each is settled the same way on every node, and is listed until somebody writes the field again.
      </p>
      {conflicts.length === 0 ? <p className="empty">There is none.</p> : <Table conflicts={conflicts} />}
    </section>
  )
}

const reasons = { later: 'it is later', 'larger name': 'of equal times the larger name wins' } as const

function Table({ conflicts }: { readonly conflicts: readonly Conflict[] }): ReactElement {
  return (
    <div className="scroll">
      <table>
        <caption className="hidden">Fields with concurrent writes</caption>
        <thead>
          <tr>
            {['What', 'Field', 'Shows', 'Over', 'Because'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {conflicts.map(({ kind, id, field, won, lost, because }) => (
            <tr key={`${kind} ${id} ${field}`}>
              <th scope="row">
                {id} <small>{kind}</small>
              </th>
              <td>{field}</td>
              <td>
                <strong>{valueText(won.value)}</strong> <small>{`${won.by}, ${timeText(won.time)}`}</small>
              </td>
              <td>
                {lost.map((write) => (
                  <p key={`${write.by} ${write.time}`}>
                    {valueText(write.value)} <small>{`${write.by}, ${timeText(write.time)}`}</small>
                  </p>
                ))}
              </td>
              <td>{reasons[because]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
