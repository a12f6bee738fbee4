/** How the cluster is doing, at a glance. */

import type { ClusterNode } from '@joinery/cluster'
import type { ReactElement } from 'react'
import type { Overview } from '../use-cluster.ts'
import { Badge, bytesText, secondsText, Tile } from './parts.tsx'

export function Summary({ overview }: { readonly overview: Overview }): ReactElement {
  const { stats, nodes, rate } = overview
  const { cluster, antiEntropy, gossip, causal } = stats
  return (
    <>
      <dl className="tiles" aria-label="Figures">
        <Tile title="Machines" note={`${cluster.assignments} assigned`}>
          {cluster.vms}
        </Tile>
        <Tile title="Nodes alive" note={`of ${cluster.nodes}`}>
          {cluster.nodesAlive}
        </Tile>
        <Tile title="Conflicts now" note={`${cluster.conflictsSeen} since the start`}>
          {cluster.conflicts}
        </Tile>
        <Tile title="Until equal again" note={antiEntropy.differsSeconds > 0 ? 'differs now' : 'on average'}>
          {untilEqual(overview)}
        </Tile>
        <Tile title="Sent" note={`${bytesText(stats.traffic.sentBytes)} in all`}>
          {bytesText(rate.sent)}/s
        </Tile>
        <Tile title="Received" note={`${bytesText(stats.traffic.receivedBytes)} in all`}>
          {bytesText(rate.received)}/s
        </Tile>
        <Tile title="Told again" note={`at most ${gossip.hops} hops`}>
          {(100 * gossip.lossEstimate).toFixed(1)} %
        </Tile>
        <Tile title="Waiting changes" note={`${antiEntropy.failed} of ${antiEntropy.total} comparisons unanswered`}>
          {causal.pending}
        </Tile>
      </dl>
      <Regions nodes={nodes} />
      <Pairs overview={overview} />
    </>
  )
}

function untilEqual({ stats: { antiEntropy } }: Overview): string {
  const seconds = antiEntropy.differsSeconds > 0 ? antiEntropy.differsSeconds : antiEntropy.averageSeconds
  return seconds === 0 ? '-' : secondsText(seconds)
}

function Regions({ nodes }: { readonly nodes: readonly ClusterNode[] }): ReactElement {
  const regions = byRegion(nodes)
  return (
    <section className="card">
      <h2>Regions</h2>
      <ul className="regions">
        {[...regions].map(([region, some]) => (
          <li key={region}>
            <h3>{region}</h3>
            <p>
              {some.reduce((sum, { vmCount }) => sum + vmCount, 0)} machines on{' '}
              {some.length === 1 ? 'a node' : `${some.length} nodes`}
            </p>
            <p className="dots">
              {some.map(({ id, alive }) => (
                <Badge key={id} kind={alive ? 'good' : 'bad'}>
                  {id}
                </Badge>
              ))}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

function byRegion(nodes: readonly ClusterNode[]): Map<string, ClusterNode[]> {
  const regions = new Map<string, ClusterNode[]>()
  for (const node of nodes) regions.set(node.region ?? '-', [...(regions.get(node.region ?? '-') ?? []), node])
  return regions
}

/** Which nodes had the same at their last heartbeats. */
function Pairs({ overview: { nodes } }: { readonly overview: Overview }): ReactElement {
  const known = nodes.filter(({ digest }) => digest !== undefined)
  return (
    <section className="card">
      <h2>Between nodes</h2>
      <p className="hint">
        Two nodes are the same when they have the same documents, byte for byte, as of their last heartbeats.
      </p>
      <div className="scroll">
        <table className="pairs">
          <caption className="hidden">Which nodes have the same</caption>
          <thead>
            <tr>
              <td />
              {known.map(({ id }) => (
                <th key={id} scope="col">
                  {id}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {known.map((row) => (
              <tr key={row.id}>
                <th scope="row">{row.id}</th>
                {known.map((column) => (
                  <td key={column.id}>{row.id === column.id ? '' : <Same one={row} other={column} />}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Same({ one, other }: { readonly one: ClusterNode; readonly other: ClusterNode }): ReactElement {
  return one.digest === other.digest ? <Badge kind="good">same</Badge> : <Badge kind="plain">differs</Badge>
}
