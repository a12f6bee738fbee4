/** The page of a cluster: four views of what its node knows. */
import { type ReactElement, useEffect, useState } from 'react'
import { rememberKey } from '../api.ts'
import { type ClusterView, type Connection, useCluster } from '../use-cluster.ts'
import { Conflicts } from './conflicts.tsx'
import { Machines } from './machines.tsx'
import { Nodes } from './nodes.tsx'
import { Summary } from './summary.tsx'

const views = [
  { name: 'summary', title: 'Summary' },
  { name: 'machines', title: 'Machines' },
  { name: 'nodes', title: 'Nodes' },
  { name: 'conflicts', title: 'Conflicts' },
] as const

type ViewName = (typeof views)[number]['name']

function viewInAddress(): ViewName {
  const name = location.hash.slice(1)
  return views.find((view) => view.name === name)?.name ?? 'summary'
}

export function App(): ReactElement {
  const cluster = useCluster()
  const view = useView()
  const { overview } = cluster
  return (
    <>
      <header className="top">
        <h1>
          {overview === undefined ? 'Joinery cluster' : overview.stats.node}
          {overview !== undefined && <span className="region">{overview.stats.region}</span>}
        </h1>
        <nav aria-label="Views">
          {views.map(({ name, title }, i) => (
            <a
              key={name}
              href={`#${name}`}
              aria-current={view === name ? 'page' : undefined}
              aria-keyshortcuts={`${i + 1}`}
            >
              {title}{' '}
              {name === 'conflicts' && overview !== undefined && overview.conflicts.length > 0 && (
                <span className="count">{overview.conflicts.length}</span>
              )}
            </a>
          ))}
        </nav>
        <Status connection={cluster.connection} />
      </header>
      <main>
        {cluster.connection === 'key' ? <Key onKey={cluster.again} /> : <View view={view} cluster={cluster} />}
      </main>
    </>
  )
}

/** The view that the address names; the keys 1 to 4 go to them. */
function useView(): ViewName {
  const [view, setView] = useState(viewInAddress)
  useEffect(() => {
    const onHash = (): void => setView(viewInAddress())
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      const next = views[Number(event.key) - 1]
      if (next !== undefined) location.hash = next.name
    }
    addEventListener('hashchange', onHash)
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('hashchange', onHash)
      removeEventListener('keydown', onKey)
    }
  }, [])
  return view
}

const said: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Node does not answer',
  key: 'Key needed',
}

function Status({ connection }: { readonly connection: Connection }): ReactElement {
  return (
    <p className="status" data-state={connection} role="status">
      {said[connection]}
    </p>
  )
}

function View({ view, cluster }: { readonly view: ViewName; readonly cluster: ClusterView }): ReactElement | null {
  const { overview, version } = cluster
  if (overview === undefined) return null
  if (view === 'machines') return <Machines overview={overview} version={version} />
  if (view === 'nodes') return <Nodes overview={overview} />
  if (view === 'conflicts') return <Conflicts conflicts={overview.conflicts} />
  return <Summary overview={overview} />
}

function Key({ onKey }: { readonly onKey: () => void }): ReactElement {
  const [text, setText] = useState('')
  return (
    <form
      className="card key"
      onSubmit={(event) => {
        event.preventDefault()
        rememberKey(text)
        onKey()
      }}
    >
      <label htmlFor="key">This node asks for an API key</label>
      <input
        id="key"
        type="password"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit">Use it while this page is open</button>
    </form>
  )
}
