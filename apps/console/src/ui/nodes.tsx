/** Nodes: what was declared of them, how busy they are, and how this one reaches them. */
import type { ReactElement } from 'react'
import type { Overview } from '../use-cluster.ts'
import { Badge, Meter, timeText } from './parts.tsx'

export function Nodes({ overview: { nodes, stats } }: { readonly overview: Overview }): ReactElement {
  const peers = new Map(stats.peers.map((peer) => [peer.node, peer]))
  return (
    <section className="card">
      <h2>Nodes</h2>
      <div className="scroll">
        <table>
          <caption className="hidden">Nodes</caption>
          <thead>
            <tr>
              {['Node', 'Region', 'Declared', 'Heard of', 'Machines', 'CPU', 'Memory', 'Disk', 'From here'].map(
                (title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {nodes.map(({ id, region, status, alive, lastHeartbeat, usage, vmCount }) => (
              <tr key={id}>
                <th scope="row">{id}</th>
                <td>{region ?? '-'}</td>
                <td>{status ?? '-'}</td>
                <td>
                  <Badge kind={alive ? 'good' : 'bad'}>{alive ? 'alive' : 'silent'}</Badge>{' '}
                  <small>{timeText(lastHeartbeat)}</small>
                </td>
                <td className="number">{vmCount}</td>
                <td>
                  <Meter label={`CPU of ${id}`} value={usage?.cpu} />
                </td>
                <td>
                  <Meter label={`Memory of ${id}`} value={usage?.memory} />
                </td>
                <td>
                  <Meter label={`Disk of ${id}`} value={usage?.disk} />
                </td>
                <td>{id === stats.node ? 'this node' : wayTo(peers.get(id))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function wayTo(peer: { readonly state: string; readonly connected: boolean } | undefined): string {
  if (peer === undefined) return 'not met'
  return `${peer.state}, ${peer.connected ? 'connected' : 'not connected'}`
}
