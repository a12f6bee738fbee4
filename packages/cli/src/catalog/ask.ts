/** `joinery catalog ls|get|add|…`: asks a node of the catalog over its HTTP API. */
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { type HostApi, type HostPlace, hostApi } from '../host-api.ts'

export interface Shown extends HostPlace {
  readonly json: boolean
}

interface Item {
  readonly type: string
  readonly id: string
  readonly metadata: Readonly<Record<string, unknown>>
}

interface Page {
  readonly items: readonly Item[]
  readonly cursor?: string
}

export interface Query {
  readonly type?: string | undefined
  readonly q?: string | undefined
  readonly sort?: string | undefined
  readonly fields?: string | undefined
}

const PAGE = '1000'
/** Deltas that are carried together. */
const DELTAS = '500'

export async function printEntries(query: Query, { json, ...place }: Shown, { stdout }: Environment): Promise<void> {
  for await (const item of itemsOf(hostApi(place), query)) {
    stdout.write(json ? `${JSON.stringify(item)}\n` : `${item.type}/${item.id}  ${JSON.stringify(item.metadata)}\n`)
    await stdout.drained()
  }
}

async function* itemsOf(api: HostApi, query: Query): AsyncIterable<Item> {
  let cursor: string | undefined
  do {
    const page: Page = await api.get('/catalog/query', { ...query, limit: PAGE, cursor })
    yield* page.items
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** `snapshots/ID` or `images/ID`. */
function pathOf(entry: string, does = ''): string {
  const [, type, id] = /^(snapshots|images)\/(.+)$/s.exec(entry) ?? []
  if (type === undefined || id === undefined) {
    throw new UsageError(`${JSON.stringify(entry)} names no entry`, 'Say snapshots/ID or images/ID.')
  }
  return `/${type}/${does}${encodeURIComponent(id)}`
}

export async function printEntry(
  entry: string,
  { explain, json, ...place }: Shown & { readonly explain: boolean },
  { stdout }: Environment,
): Promise<void> {
  const found = await hostApi(place).get<Item>(pathOf(entry), { ...(explain && { explain: '1' }) })
  stdout.write(`${JSON.stringify(found, undefined, json ? undefined : 2)}\n`)
}

/** @param metadata a JSON object. */
export async function addEntry(entry: string, metadata: string, place: HostPlace): Promise<void> {
  await hostApi(place).send('POST', pathOf(entry, 'add/'), objectIn(metadata))
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Said below.
  }
  throw new UsageError('metadata is a JSON object', `Give it as one argument, such as '{"status":"completed"}'.`)
}

export async function removeEntry(entry: string, place: HostPlace): Promise<void> {
  await hostApi(place).send('DELETE', pathOf(entry, 'remove/'))
}

interface Deltas {
  readonly deltas: readonly object[]
  readonly version: number
}

interface Applied {
  readonly applied: number
  readonly stale: number
  readonly waiting: readonly string[]
}

export interface Between extends Shown {
  /** The other node. */
  readonly other: string
}

/** Carries deltas both ways until neither has any for the other. */
export async function syncNodes({ other, ...place }: Between, { stdout }: Environment): Promise<void> {
  const here = hostApi(place)
  const there = hostApi({ ...place, url: other })
  stdout.write(`${await carried(here, there)} deltas there, ${await carried(there, here)} back\n`)
}

async function carried(from: HostApi, to: HostApi): Promise<number> {
  const { node } = await to.get<{ readonly node: string }>('/catalog/status')
  const headers = { 'x-node-id': `sync ${node}` }
  let count = 0
  for (;;) {
    const { deltas, version } = await from.get<Deltas>('/crdt/delta', { limit: DELTAS }, headers)
    if (deltas.length === 0) return count
    const { waiting, applied } = await to.send<Applied>('POST', '/crdt/delta', { deltas })
    if (waiting.length > 0) {
      throw new UsageError(
        `${waiting.length} changes wait for others that were acknowledged before`,
        'Whoever carried those deltas lost some: connect the nodes by --peers, and they find the difference themselves.',
      )
    }
    await from.send('POST', '/crdt/delta/clear', { version }, headers)
    count += applied
  }
}

/** Compares two nodes entry by entry; answers 1 where they differ. */
export async function verifyNodes({ other, json, ...place }: Between, { stdout }: Environment): Promise<number> {
  const [here, there] = [hostApi(place), hostApi({ ...place, url: other })].map((api) =>
    itemsOf(api, {})[Symbol.asyncIterator](),
  ) as [AsyncIterator<Item>, AsyncIterator<Item>]
  let same = 0
  let different = 0
  let [a, b] = [await next(here), await next(there)]
  while (a !== undefined || b !== undefined) {
    const order = compare(a, b)
    if (order === 0 && canonical(a) === canonical(b)) same += 1
    else {
      different += 1
      const [mine, theirs] = [order <= 0 ? a : undefined, order >= 0 ? b : undefined]
      stdout.write(json ? `${JSON.stringify({ here: mine, there: theirs })}\n` : differenceLine(mine, theirs))
    }
    if (order <= 0) a = await next(here)
    if (order >= 0) b = await next(there)
  }
  if (!json) stdout.write(`${same} entries are the same, ${different} differ\n`)
  return different > 0 ? 1 : 0
}

async function next(items: AsyncIterator<Item>): Promise<Item | undefined> {
  const { done, value } = await items.next()
  return done === true ? undefined : (value as Item)
}

/** The order in which nodes list entries; what one does not have is after everything. */
function compare(a: Item | undefined, b: Item | undefined): number {
  if (a === undefined) return 1
  if (b === undefined) return -1
  if (a.id !== b.id) return a.id < b.id ? -1 : 1
  return a.type === b.type ? 0 : a.type < b.type ? -1 : 1
}

function canonical(item: Item | undefined): string {
  const fields = Object.entries(item?.metadata ?? {}).sort(([x], [y]) => (x < y ? -1 : 1))
  return JSON.stringify(fields)
}

function differenceLine(mine: Item | undefined, theirs: Item | undefined): string {
  const { type, id } = (mine ?? theirs) as Item
  const shown = (item: Item | undefined): string => (item === undefined ? 'nothing' : JSON.stringify(item.metadata))
  return `${type}/${id}  ${shown(mine)} here, ${shown(theirs)} there\n`
}
