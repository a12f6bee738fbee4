/** A process that is killed while it pushes and sends: nothing acknowledged is missing, out of order, or numbered twice. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fileQueue } from '../src/file-queue.ts'
import { createHttpClient, type Queue } from '../src/http.ts'
import { sqliteQueue } from '../src/sqlite-queue.ts'
import { fakeHost } from './support/fake-host.ts'
import { fakeServer, stateOf } from './support/fake-server.ts'
import { seeded } from './support/random.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'

const directory = temporaryDirectory()
const kills = process.env.JOINERY_SOAK === undefined ? 10 : 200
const child = fileURLToPath(new URL('./support/crash-child.mjs', import.meta.url))
const built = fileURLToPath(new URL('../dist/index.js', import.meta.url))

/** Runs the child until it is killed; answers what it said, without a last line that it could not finish. */
function lifeOf(args: readonly string[], lifeMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const worker = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    let isTimed = false
    worker.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      // From here on it works, so that the kill does not only hit its start.
      if (!isTimed) setTimeout(() => worker.kill('SIGKILL'), lifeMs)
      isTimed = true
    })
    // Not at `exit`: what it said last may still be on its way then, and what was said to be pushed must not be pushed again.
    worker.once('close', (code) => {
      if (code !== null) reject(new Error(`the child ended by itself with ${code}`))
      else
        resolve(
          said
            .slice(0, said.lastIndexOf('\n') + 1)
            .split('\n')
            .filter(Boolean),
        )
    })
  })
}

test.concurrent.each(['file', 'sqlite'])('%s queue', async (kind) => {
  if (!existsSync(built)) throw new Error('packages/client is not built: run "npm run build" first')
  const path = join(directory, kind)
  const random = seeded(kind.length)
  const pushed: { handle: number; elem: number }[] = []
  /** Elements by number of the request that brought them, as the server would know them. */
  const sent = new Map<number, string>()
  let next = 0
  for (let i = 0; i < kills; i += 1) {
    for (const line of await lifeOf([kind, path, String(next)], 5 + random.below(120))) {
      const [what, number, ...rest] = line.split(' ')
      if (what === 'pushed') pushed.push({ handle: Number(number), elem: Number(rest[0]) })
      if (what === 'sent') {
        const known = sent.get(Number(number))
        if (known !== undefined) expect(rest.join(' ')).toBe(known)
        sent.set(Number(number), rest.join(' '))
      }
    }
    // A push may have become durable without being acknowledged; the next life must not push the same.
    next = Math.max(next, pushed.at(-1)?.elem ?? 0) + 10
  }
  // Some lives are too short for one, the more of them the busier the machine.
  expect(pushed.length).toBeGreaterThan(kills / 2)
  const handles = pushed.map(({ handle }) => handle)
  expect(new Set(handles).size).toBe(handles.length)
  expect(handles).toEqual([...handles].sort((a, b) => a - b))

  // The same store as in the lives before: another one would rightly be told again what its predecessor may have known.
  const server = fakeServer()
  server.otherwise = ({ path: asked, body }) => {
    const state = { type: body.type, incarnation: 'i', storeId: 's', version: 1_000_000 + server.asked.length }
    return { status: 200, body: stateOf(asked, state) }
  }
  const queue: Promise<Queue> = kind === 'file' ? fileQueue({ directory: path }) : sqliteQueue({ path })
  const options = { url: 'http://server', tenant: 'home', nodeId: 'phone', autoSend: false } as const
  const client = await createHttpClient({ ...options, queue, fetch: server.fetch, host: fakeHost() })
  expect((await client.flush()).pending).toBe(0)
  await client.close()
  for (const { key, path: asked, body } of server.asked) {
    const elems = (body.ops as { elem: number }[]).map(({ elem }) => elem).join(',')
    const number = Number(key?.split(':')[1])
    const line = `${asked.split('/')[3]} ${elems}`
    if (sent.has(number)) expect(line).toBe(sent.get(number))
    sent.set(number, line)
  }
  const arrived: Record<string, number[]> = { d0: [], d1: [], d2: [] }
  for (const [, line] of [...sent].sort(([a], [b]) => a - b)) {
    const [id, elems] = line.split(' ') as [string, string]
    arrived[id]?.push(...elems.split(',').map(Number))
  }
  for (const list of Object.values(arrived)) {
    expect(list).toEqual([...list].sort((a, b) => a - b))
    expect(new Set(list).size).toBe(list.length)
  }
  const all = new Set(Object.values(arrived).flat())
  expect(pushed.filter(({ elem }) => !all.has(elem))).toEqual([])
})
