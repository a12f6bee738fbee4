/**
 * The server is killed at random moments while clients write over WebSocket and HTTP. Every acknowledgement is kept, all replicas
 * end equal, and versions have no gap and no repeat.
 */
import type { Doc } from '@joinery/core'
import { type PostgresServer, startPostgres } from '@joinery/storage/testing/postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { type Serving, serve, temporaryDirectory } from './joinery.ts'
import {
  begin,
  connect,
  DOCUMENTS,
  freePort,
  settled,
  versions,
  type Writer,
  writing,
  writingPlain,
  written,
} from './live-clients.ts'

const KILLS = process.env.JOINERY_SOAK === undefined ? 3 : 30
const CLIENTS = 4

let postgres: PostgresServer | undefined
afterAll(() => postgres?.remove())

const stores: readonly (readonly [string, () => Promise<string>])[] = [
  ['sqlite', async () => `sqlite:${temporaryDirectory()}/a.sqlite`],
  ['leveldb', async () => `leveldb:${temporaryDirectory()}/a`],
  [
    'postgres',
    async () => {
      postgres = await startPostgres()
      return postgres.url
    },
  ],
]

/** What the server said it has of each, by writer and document. */
function acknowledgements(writers: readonly Writer[]): number[][] {
  return writers.map(({ followed }) => followed.map(({ stored }) => stored))
}

/** Asks a server what it has of each writer: at least what it acknowledged. Answers how much that was. */
async function audit(
  port: number,
  name: string,
  writers: readonly Writer[],
  stored: readonly number[][],
): Promise<number> {
  const auditor = await connect(port, name)
  let sum = 0
  for (const [w, { followed }] of writers.entries()) {
    for (const [i, { doc }] of followed.entries()) {
      const acknowledged = stored[w]?.[i] as number
      expect(auditor.followed[i]?.doc?.known((doc as Doc).actor.id) ?? 0).toBeGreaterThanOrEqual(acknowledged)
      sum += acknowledged
    }
  }
  auditor.close()
  return sum
}

/** No gap and no repeat, in the part of each log that is always kept. */
async function checkVersions(port: number): Promise<void> {
  for (const id of DOCUMENTS) {
    const { found, expected } = await versions(port, id)
    expect(found).toEqual(expected)
  }
}

/** Each kill costs a start, and the clients their waits: beside other tests on two cores that is most of a minute. */
const SLOW_MS = process.env.JOINERY_SOAK ? 3_600_000 : 180_000

describe.each(stores)('%s, killed while clients write', (name, storeUrl) => {
  test(
    `${KILLS} times: nothing acknowledged is lost, all end equal`,
    async () => {
      const port = await freePort()
      const args = ['--store', await storeUrl(), '--addr', `127.0.0.1:${port}`]
      let server: Serving = await serve(args)
      const writers = [await begin(port, 'n0')]
      for (let i = 1; i < CLIENTS; i += 1) writers.push(await connect(port, `n${i}`))
      const [before, work, plain] = [written(), writing(writers), writingPlain(port)]
      let acknowledged = 0
      for (let kill = 0; kill < KILLS; kill += 1) {
        await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 600))
        server.signal('SIGKILL')
        await server.exited
        const stored = acknowledgements(writers)
        server = await serve(args)
        acknowledged = await audit(port, `auditor-${kill}`, writers, stored)
        await checkVersions(port)
      }
      await Promise.all([work.stop(), plain.stop()])
      await settled(writers)
      await checkVersions(port)
      const value = writers[0]?.followed[0]?.doc?.toJSON() as { http?: number[] }
      expect(value.http?.length ?? 0).toBeGreaterThanOrEqual(plain.added())
      const figures = `${written() - before} changes, ${acknowledged} dots acknowledged before the last kill`
      console.log(`crash ${name}: ${KILLS} kills, ${figures}, ${plain.added()} over HTTP`)
      for (const { close } of writers) close()
      expect(await server.stop()).toBe(0)
    },
    SLOW_MS,
  )
})

describe('two servers on one PostgreSQL', () => {
  test('clients of both see each other live; one is killed, and nothing acknowledged is lost', async () => {
    const database = await startPostgres()
    const ports = [await freePort(), await freePort()] as const
    const argsOf = (port: number): string[] => ['--store', database.url, '--addr', `127.0.0.1:${port}`]
    const servers = [await serve(argsOf(ports[0])), await serve(argsOf(ports[1]))]
    const writers = [await begin(ports[0], 'a0'), await connect(ports[0], 'a1')]
    writers.push(await connect(ports[1], 'b0'), await connect(ports[1], 'b1'))
    const [work, plain] = [writing(writers), writingPlain(ports[1])]
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await Promise.all([work.stop(), plain.stop()])
    await settled(writers)
    await checkVersions(ports[0])
    await checkVersions(ports[1])
    const again = writing(writers)
    await new Promise((resolve) => setTimeout(resolve, 500))
    servers[0]?.signal('SIGKILL')
    await servers[0]?.exited
    const stored = acknowledgements(writers)
    await audit(ports[1], 'auditor', writers, stored)
    await new Promise((resolve) => setTimeout(resolve, 300))
    servers[0] = await serve(argsOf(ports[0]))
    await again.stop()
    await settled(writers)
    await checkVersions(ports[0])
    const value = writers[0]?.followed[0]?.doc?.toJSON() as { http?: number[] }
    expect(value.http?.length).toBe(plain.added())
    expect(plain.added()).toBeGreaterThan(0)
    for (const { close } of writers) close()
    for (const server of servers) expect(await server.stop()).toBe(0)
    await database.remove()
  })
})
