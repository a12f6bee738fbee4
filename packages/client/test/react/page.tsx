/** Components of the tests, in a real page: StrictMode on, two clients of a real server, one of which knows nothing of React. */
import { defineSchema, list, lww, orMap, orSet, text } from '@joinery/core'
import { memo, type ReactElement, StrictMode, Suspense, useState } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { type Client, createClient, type LiveDoc } from '../../src/index.ts'
import {
  JoineryProvider,
  type TextSelection,
  useDoc,
  usePresence,
  useStatus,
  useText,
  useUndo,
  useValue,
} from '../../src/react.ts'

const schema = defineSchema({
  title: lww<string>(),
  tags: orSet<string>(),
  rows: orMap(),
  steps: list<string>(),
  notes: text(),
})
const other = defineSchema({ notes: text() })
type Doc = LiveDoc<(typeof schema)['fields']>

const url = globalThis.location?.hash.slice(1) ?? ''
const limits = { connectRetryMsMin: 20, connectRetryMsMax: 200, presenceMsMin: 5 }
const opened: string[] = []
const closed: string[] = []

/** A client that says what it opens and closes. */
function newClient(nodeId: string): Client {
  const client = createClient({ url, tenant: 'acme', nodeId, limits })
  const open = client.open.bind(client)
  return Object.assign(client, {
    open: (...args: Parameters<typeof open>) => {
      const doc = open(...args)
      const close = doc.close.bind(doc)
      opened.push(args[0])
      return Object.assign(doc, {
        close: () => {
          closed.push(args[0])
          return close()
        },
      })
    },
  }) as Client
}

const renders: Record<string, number> = {}
const rendered = (name: string): void => {
  renders[name] = (renders[name] ?? 0) + 1
}

function Title({ doc }: { readonly doc: Doc }): ReactElement {
  rendered('title')
  return <h1>{useValue(doc, (root) => root.title.value ?? 'untitled')}</h1>
}

const Row = memo(function Row({ row }: { readonly row: { readonly name: string } }): ReactElement {
  rendered(`row ${row.name}`)
  return <li>{row.name}</li>
})

function Rows({ doc }: { readonly doc: Doc }): ReactElement {
  rendered('rows')
  const rows = useValue(doc, (root) => root.rows.toJSON() as Record<string, { name: string }>)
  return (
    <ul>
      {Object.entries(rows).map(([key, row]) => (
        <Row key={key} row={row} />
      ))}
    </ul>
  )
}

function Prefixed({ doc }: { readonly doc: Doc }): ReactElement {
  const [prefix, setPrefix] = useState('a')
  const found = useValue(doc, (root) => [...root.tags.values()].filter((tag) => tag.startsWith(prefix)).sort())
  return (
    <p>
      <button type="button" id="prefix" onClick={() => setPrefix('b')}>
        {prefix}
      </button>
      <span id="found">{found.join(' ')}</span>
    </p>
  )
}

let selection: TextSelection | undefined

function Notes({ id, line }: { readonly id: string; readonly line?: boolean }): ReactElement {
  rendered('notes')
  const doc = useDoc(id, id.startsWith('other') ? other : (schema as unknown as typeof other))
  const props = useText(doc, (root) => root.notes, {
    onSelect: (now) => {
      selection = now
    },
  })
  return line ? <input id="field" {...props} /> : <textarea id="field" rows={10} {...props} />
}

function State({ doc }: { readonly doc: Doc }): ReactElement {
  rendered('state')
  const { connection, pending } = useStatus(doc)
  const { online } = useStatus()
  const { canUndo, canRedo, undo, redo } = useUndo(doc)
  const others = usePresence<{ name: string }>(doc, { name: 'page' })
  return (
    <div>
      <output id="status">{`${connection} ${pending} ${online}`}</output>
      <output id="others">{others.map(({ state }) => state.name).join(' ')}</output>
      <button type="button" id="undo" disabled={!canUndo} onClick={() => undo()} />
      <button type="button" id="redo" disabled={!canRedo} onClick={() => redo()} />
    </div>
  )
}

function All({ id }: { readonly id: string }): ReactElement {
  rendered('all')
  const doc = useDoc(id, schema)
  return (
    <>
      <Title doc={doc} />
      <Rows doc={doc} />
      <Prefixed doc={doc} />
      <State doc={doc} />
    </>
  )
}

function Waiting({ id }: { readonly id: string }): ReactElement {
  const doc = useDoc(id, schema, { suspense: true })
  return <h1>{`${doc.isReady} ${useValue(doc, (root) => root.title.value ?? 'untitled')}`}</h1>
}

const screens = {
  all: (id: string) => <All id={id} />,
  notes: (id: string) => <Notes id={id} />,
  line: (id: string) => <Notes id={id} line />,
  waiting: (id: string) => (
    <Suspense fallback={<h1>waiting</h1>}>
      <Waiting id={id} />
    </Suspense>
  ),
  nothing: () => <p>nothing</p>,
}

export type Screen = keyof typeof screens

export function screen(client: Client | (() => Client), name: Screen, id: string): ReactElement {
  return (
    <StrictMode>
      <JoineryProvider client={client}>{screens[name](id)}</JoineryProvider>
    </StrictMode>
  )
}

let client: Client | undefined
let remote: Client | undefined
let root: Root | undefined
const complaints: string[] = []
const there = new Map<string, Doc>()

function container(): HTMLElement {
  const found = document.querySelector<HTMLElement>('main')
  if (found) return found
  return document.body.appendChild(document.createElement('main'))
}

const bench = {
  renders,
  opened,
  closed,
  complaints,
  get selection() {
    return selection
  },
  show(name: Screen, id: string): void {
    client ??= newClient('page')
    root ??= createRoot(container())
    root.render(screen(client, name, id))
  },
  hydrate(html: string, id: string): void {
    client ??= newClient('page')
    const main = container()
    main.innerHTML = html
    root = hydrateRoot(main, screen(client, 'all', id), {
      onRecoverableError: (error) => complaints.push(String(error)),
    })
  },
  forget(): void {
    for (const name of Object.keys(renders)) delete renders[name]
  },
  /** The text as another device has it that was asked before. */
  peek(id: string): string {
    return there.get(id)?.root.notes.toString() ?? ''
  },
  /** Another device, without React. */
  async elsewhere(id: string): Promise<Doc> {
    remote ??= createClient({ url, tenant: 'acme', nodeId: 'elsewhere', limits })
    const doc = there.get(id) ?? remote.open(id, schema)
    there.set(id, doc)
    await doc.ready
    return doc
  },
  async here(id: string): Promise<Doc> {
    const doc = client!.open(id, schema)
    await doc.ready
    return doc
  },
}

export type Bench = typeof bench

if ('document' in globalThis) Object.assign(globalThis, { bench })
