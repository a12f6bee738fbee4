/**
 * The server is killed at random moments while clients write over WebSocket and HTTP. Every acknowledgement is kept, all replicas
 * end equal, and versions have no gap and no repeat.
 */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { type Doc, defineSchema, orMap, orSet, pnCounter, text } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { nodeScheduler } from '@joinery/server'
import { ClientSession, type FollowedDocument } from '@joinery/sync'
import { connectWebSocket, type WebSocketLike } from '@joinery/transport/websocket'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Serving, serve, temporaryDirectory } from './joinery.ts'

const KILLS = process.env.JOINERY_SOAK === undefined ? 3 : 30
const CLIENTS = 4
const DOCUMENTS = ['one', 'two']

const schema = defineSchema({ map: orMap(), tags: orSet<string>(), votes: pnCounter(), body: text() })

interface Writer {
  readonly session: ClientSession
  readonly followed: FollowedDocument[]
  readonly close: () => void
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

async function connect(port: number, node: string): Promise<Writer> {
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
    session.follow({ id, type: 'doc', actor: newActor(node), schema, newIncarnation }),
  )
  await Promise.all(followed.map((each) => each.opened()))
  return { session, followed: followed as unknown as FollowedDocument[], close: () => connection.close() }
}

function newIncarnation(): string {
  return randomBytes(16).toString('base64url')
}

let writes = 0

/** One random change, of every kind that a client makes. */
function write(doc: Doc): void {
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

/** Versions of a document in the log, page by page. */
async function versions(port: number, id: string): Promise<number[]> {
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'auditor' }
  const found: number[] = []
  for (let since: number | undefined = 0; since !== undefined; ) {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/docs/${id}/ops?since=${since}&limit=1000`, { headers })
    const page = (await answer.json()) as { ops?: { version: number }[]; next?: number; code?: string; version: number }
    if (page.code === 'SINCE_COMPACTED') return []
    found.push(...(page.ops ?? []).map(({ version }) => version))
    since = page.next
  }
  return found
}

async function settled(writers: readonly Writer[]): Promise<void> {
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

describe.each([['sqlite', () => `sqlite:${temporaryDirectory()}/a.sqlite`]])(
  '%s, killed while clients write',
  (_, storeUrl) => {
    test(`${KILLS} times: nothing acknowledged is lost, all end equal`, async () => {
      const store = storeUrl()
      const port = await freePort()
      const args = ['--store', store, '--addr', `127.0.0.1:${port}`]
      let server: Serving = await serve(args)
      // The first makes the documents: of concurrent beginnings one would be refused.
      const first = await connect(port, 'n0')
      for (const { doc } of first.followed) doc?.change(() => doc.field('votes', pnCounter()).increment(1))
      await Promise.all(first.followed.map((each) => each.saved()))
      const writers = [first]
      for (let i = 1; i < CLIENTS; i += 1) writers.push(await connect(port, `n${i}`))
      let acknowledged = 0
      let http = 0
      let busy = true
      const work = (async () => {
        while (busy) {
          for (const { followed } of writers) for (const { doc } of followed) write(doc as Doc)
          await new Promise((resolve) => setTimeout(resolve, 3))
        }
      })()
      const plain = (async () => {
        const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }
        while (busy) {
          const body = JSON.stringify({
            type: 'doc',
            ops: [{ path: ['http'], of: 'gset', type: 'add', elem: http + 1 }],
          })
          const url = `http://127.0.0.1:${port}/v1/docs/one/ops?snapshot=false`
          const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
          if (answer?.status === 200) http += 1
          else await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })()
      for (let kill = 0; kill < KILLS; kill += 1) {
        await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 600))
        server.signal('SIGKILL')
        await server.exited
        const stored = writers.map(({ followed }) => followed.map((each) => each.stored))
        server = await serve(args)
        const auditor = await connect(port, `auditor-${kill}`)
        for (const [w, { followed }] of writers.entries()) {
          for (const [i, each] of followed.entries()) {
            const known = auditor.followed[i]?.doc?.known((each.doc as Doc).actor.id) ?? 0
            expect(known).toBeGreaterThanOrEqual(stored[w]?.[i] as number)
            acknowledged += stored[w]?.[i] as number
          }
        }
        auditor.close()
      }
      busy = false
      await Promise.all([work, plain])
      await settled(writers)
      for (const id of DOCUMENTS) {
        const found = await versions(port, id)
        expect(found).toEqual(found.map((_, i) => (found[0] as number) + i))
      }
      const value = writers[0]?.followed[0]?.doc?.toJSON() as { http?: number[] }
      expect(value.http?.length ?? 0).toBeGreaterThanOrEqual(http)
      console.log(
        `crash ${store.split(':')[0]}: ${KILLS} kills, ${writes} changes, ${acknowledged} dots acknowledged, ${http} over HTTP`,
      )
      for (const { close } of writers) close()
      expect(await server.stop()).toBe(0)
    })
  },
)
