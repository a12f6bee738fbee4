/** Clients that write at random over WebSocket to a server that may be killed, and what can be asked of it afterwards. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { allTypes, type Doc, defineSchema, orMap, orSet, pnCounter, text } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { nodeScheduler } from '@joinery/server'
import { ClientSession, type FollowedDocument } from '@joinery/sync'
import { connectWebSocket, type WebSocketLike } from '@joinery/transport/websocket'
import { WebSocket } from 'ws'

export const DOCUMENTS: readonly string[] = ['one', 'two']

const schema = defineSchema({ map: orMap(), tags: orSet<string>(), votes: pnCounter(), body: text() })

export interface Writer {
  readonly session: ClientSession
  readonly followed: FollowedDocument[]
  readonly close: () => void
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

export async function connect(port: number, node: string): Promise<Writer> {
  const scheduler = nodeScheduler(Date.now)
  const session = new ClientSession({
    tenant: 'acme',
    node,
    agent: 'crash-test',
    scheduler,
    random: Math.random,
    retry: { minMs: 10, maxMs: 100 },
  })
  const connection = connectWebSocket({
    url: `ws://127.0.0.1:${port}/v1/sync`,
    session,
    scheduler,
    open: (url) => new WebSocket(url) as unknown as WebSocketLike,
  })
  const followed = DOCUMENTS.map((id) =>
    session.follow({ id, type: 'doc', actor: newActor(node), schema, types: allTypes, newIncarnation }),
  )
  await Promise.all(followed.map((each) => each.opened()))
  return { session, followed: followed as unknown as FollowedDocument[], close: () => connection.close() }
}

function newIncarnation(): string {
  return randomBytes(16).toString('base64url')
}

let writes = 0

/** Changes made so far, those without effect included. */
export function written(): number {
  return writes
}

/** One random change, of every kind that a client makes. */
export function write(doc: Doc): void {
  writes += 1
  const { map, tags, votes, body } = doc.root as unknown as {
    map: { setLww(key: string, value: number): void }
    tags: { add(elem: string): void; remove(elem: string): void }
    votes: { increment(by: number): void }
    body: { length: number; insert(at: number, text: string): void; delete(at: number, count: number): void }
  }
  doc.change(() => {
    const kind = Math.floor(Math.random() * 5)
    if (kind === 0) map.setLww(`k${writes % 50}`, writes)
    else if (kind === 1) tags.add(`t${writes % 30}`)
    else if (kind === 2) tags.remove(`t${(writes * 7) % 30}`)
    else if (kind === 3) votes.increment(1)
    else if (body.length > 200) body.delete(10, 50)
    else body.insert(Math.floor(Math.random() * (body.length + 1)), `w${writes} `)
  })
}

/** Makes the documents, which of several concurrent beginnings would be refused. */
export async function begin(port: number, node: string): Promise<Writer> {
  const writer = await connect(port, node)
  for (const { doc } of writer.followed) doc?.change(() => doc.field('votes', pnCounter()).increment(1))
  await Promise.all(writer.followed.map((each) => each.saved()))
  return writer
}

/** Changes of a document that are never folded away: what its log has at least. */
const KEPT = 900

/** The last versions of a document in its log, and what they should be: each once, up to the present one. */
export async function versions(port: number, id: string): Promise<{ found: number[]; expected: number[] }> {
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'auditor' }
  const url = `http://127.0.0.1:${port}/v1/docs/${id}`
  const { version } = (await (await fetch(url, { headers })).json()) as { version: number }
  const since = Math.max(0, version - KEPT)
  const answer = await fetch(`${url}/ops?since=${since}&limit=1000`, { headers })
  const { ops } = (await answer.json()) as { ops?: { version: number }[] }
  // So much was written since the version was read that it has been folded: look again.
  if (ops === undefined) return versions(port, id)
  const expected = Array.from({ length: version - since }, (_, i) => since + 1 + i)
  // What is written meanwhile does not count.
  return { found: ops.map((op) => op.version).slice(0, expected.length), expected }
}

export async function settled(writers: readonly Writer[]): Promise<void> {
  await Promise.all(writers.flatMap(({ followed }) => followed.map((each) => each.saved())))
  const end = Date.now() + 30_000
  for (const i of DOCUMENTS.keys()) {
    for (;;) {
      const hashes = new Set(writers.map(({ followed }) => followed[i]?.doc?.versionHash()))
      if (hashes.size === 1) break
      if (Date.now() > end) throw new Error(`replicas of ${DOCUMENTS[i]} do not end equal`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

/** Writes as fast as is decent until told to stop. */
export function writing(writers: readonly Writer[]): { stop(): Promise<void> } {
  let busy = true
  const work = (async () => {
    while (busy) {
      for (const { followed } of writers) for (const { doc } of followed) write(doc as Doc)
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  })()
  return {
    stop() {
      busy = false
      return work
    },
  }
}

/** Adds numbers to a set over HTTP, one by one. `added` of them were acknowledged. */
export function writingPlain(port: number): { added(): number; stop(): Promise<void> } {
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }
  let [busy, added] = [true, 0]
  const work = (async () => {
    while (busy) {
      const body = JSON.stringify({ type: 'doc', ops: [{ path: ['http'], of: 'gset', type: 'add', elem: added + 1 }] })
      const url = `http://127.0.0.1:${port}/v1/docs/one/ops?snapshot=false`
      const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
      if (answer?.status === 200) added += 1
      else await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  return {
    added: () => added,
    stop() {
      busy = false
      return work
    },
  }
}
