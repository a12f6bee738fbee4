/**
 * Three catalog nodes, processes of their own, behind proxies that delay, hold back one direction and reset; nodes are killed and started
 * again. Meanwhile entries are added, updated and removed on all of them. In the end all have the same, byte for byte, and everything
 * that was acknowledged is in it.
 *
 * `JOINERY_SEED=7 npx vitest run packages/cli/test/catalog-processes.test.ts` runs one history; `JOINERY_SOAK=1` twenty.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startCatalog } from '@joinery/catalog'
import { levelStore } from '@joinery/storage/leveldb'
import { type SeededRandom, seededRandom } from '@joinery/testing'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { type FaultProxy, makeTrouble, openFaultProxy, type Trouble } from '@joinery/transport/testing'
import { afterEach, expect, test } from 'vitest'
import { freePorts, joineryHere, type Serving, serve, temporaryDirectory } from './joinery.ts'

const WRITERS = 12
const ENTRIES = 15
const SHARED = 8
const PATIENCE_MS = 120_000

const isSoak = process.env.JOINERY_SOAK === '1'
const seeds = process.env.JOINERY_SEED
  ? [Number(process.env.JOINERY_SEED)]
  : Array.from({ length: isSoak ? 20 : 2 }, (_, i) => i + 1)

interface Member {
  readonly name: string
  readonly data: string
  readonly args: readonly string[]
  readonly proxy: FaultProxy
  serving: Serving | undefined
}

let members: Member[] = []
afterEach(async () => {
  for (const { serving } of members) serving?.signal('SIGKILL')
  await Promise.all(members.map(({ proxy }) => proxy.close()))
  members = []
})

async function newMembers(directory: string): Promise<Member[]> {
  const names = ['node1', 'node2', 'node3']
  const secret = join(directory, 'secret')
  expect((await joineryHere(['node', 'keygen', '--secret', secret])).code).toBe(0)
  const ports = await freePorts(names.length)
  const proxies = await Promise.all(ports.map((port) => openFaultProxy(port)))
  const addresses = proxies.map(({ port }) => `tcp://127.0.0.1:${port}`)
  return names.map((name, i) => {
    const data = join(directory, name)
    const peers = addresses.filter((_, at) => at !== i).join(',')
    const listen = ['--listen', `tcp://127.0.0.1:${ports[i]}`, '--advertise', addresses[i] as string]
    const args = ['--node-id', name, '--data', data, '--secret', secret, '--peers', peers, ...listen]
    return { name, data, args: [...args, '--log-level', 'error'], proxy: proxies[i] as FaultProxy, serving: undefined }
  })
}

async function start(member: Member): Promise<void> {
  member.serving = await serve(member.args, {}, ['catalog', 'serve'])
}

/** What was done of each kind, so that a history in which nothing happened does not pass for one. */
type Done = Record<Trouble | 'killed', number>
const troubles: readonly Trouble[] = ['reset', 'delayed', 'held']

async function harm(random: SeededRandom, done: Done, isOver: () => boolean): Promise<void> {
  for (let step = 0; !isOver() || step < 8; step += 1) {
    const member = members[random.below(members.length)] as Member
    const trouble = troubles[step % 4]
    if (trouble !== undefined) {
      done[trouble] += await makeTrouble(member.proxy, trouble, { random, delayMsMax: 100, heldMsMax: 1_200 })
    } else {
      member.serving?.signal('SIGKILL')
      await member.serving?.exited
      member.serving = undefined
      await start(member)
      done.killed += 1
    }
    await delay(random.below(300))
  }
  for (const { proxy } of members) {
    proxy.release()
    proxy.delay(0)
  }
}

type Status = number | undefined

/** Undefined where nobody answered: it may have been done or not. */
async function ask(member: Member, method: string, path: string, body?: object): Promise<Status> {
  try {
    const response = await fetch(`${member.serving?.url}${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return undefined
  }
}

/** Asks until it was done. */
async function insist(
  member: Member,
  method: string,
  path: string,
  body?: object,
  done: readonly number[] = [200, 201],
) {
  for (;;) {
    const status = await ask(member, method, path, body)
    if (status !== undefined && done.includes(status)) return
    expect([undefined, 503], `${method} ${path}`).toContain(status)
    await delay(50)
  }
}

/** Entries that nobody else touches, so that what is to become of them is known; and some that everybody fights for. */
async function write(
  member: Member,
  writer: number,
  random: SeededRandom,
  expected: Map<string, object>,
): Promise<void> {
  for (let i = 0; i < ENTRIES; i += 1) {
    const id = `own-${writer}-${i}`
    await insist(member, 'POST', `/snapshots/add/${id}`, { v: 1, writer })
    let value = 1
    for (let updates = random.below(3); updates > 0; updates -= 1) {
      value += 1
      await insist(member, 'PUT', `/snapshots/metadata/${id}`, { v: value })
    }
    // Whoever was not answered may find that it is gone already.
    if (random.below(3) === 0) await insist(member, 'DELETE', `/snapshots/remove/${id}`, undefined, [200, 404])
    else expected.set(id, { v: value, writer })
    const shared = `shared-${random.below(SHARED)}`
    const does = random.below(3)
    if (does === 0) await ask(member, 'DELETE', `/images/remove/${shared}`)
    else if (does === 1) await ask(member, 'PUT', `/images/metadata/${shared}`, { by: member.name, i })
    else await ask(member, 'POST', `/images/add/${shared}`, { [member.name]: i })
  }
}

interface Item {
  readonly id: string
  readonly metadata: object
}

async function read<T>(member: Member, path: string): Promise<T> {
  return (await (await fetch(`${member.serving?.url}${path}`)).json()) as T
}

async function converged(): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  for (;;) {
    const statuses = await Promise.all(members.map((member) => read<{ versions: object }>(member, '/catalog/status')))
    const versions = new Set(statuses.map((status) => JSON.stringify(status.versions)))
    if (versions.size === 1) return
    if (performance.now() > endMs) throw new Error(`they stay apart: ${[...versions].join('\n')}`)
    await delay(100)
  }
}

async function bytesOf({ name, data }: Member): Promise<string> {
  const store = await levelStore({ path: data })
  const scheduler = nodeScheduler(() => performance.now())
  const catalog = await startCatalog({
    node: name,
    region: 'r',
    store,
    transports: [],
    digestKey: new Uint8Array(16),
    wallMs: Date.now,
    scheduler,
    randomBytes: (count) => new Uint8Array(count),
  })
  const parts: string[] = []
  for (const document of catalog.node.documents()) {
    parts.push(await catalog.node.read(document, (doc) => `${document} ${Buffer.from(doc.snapshot()).toString('hex')}`))
  }
  await catalog.stop()
  await store.close()
  return parts.join('\n')
}

test.each(seeds)(
  'seed %i: entries are added, updated and removed under faults, and nothing is lost',
  async (seed) => {
    const random = seededRandom(seed)
    members = await newMembers(temporaryDirectory())
    await Promise.all(members.map(start))
    const done: Done = { reset: 0, delayed: 0, held: 0, killed: 0 }
    const expected = new Map<string, object>()
    let isOver = false
    const harming = harm(random, done, () => isOver)
    const writers = Array.from({ length: WRITERS }, (_, i) =>
      write(members[i % members.length] as Member, i, seededRandom(seed * 1_000 + i), expected),
    )
    const written = Promise.all(writers).finally(() => {
      isOver = true
    })
    await Promise.all([written, harming])
    expect(Math.min(done.delayed, done.held, done.killed), JSON.stringify(done)).toBeGreaterThan(0)
    await converged()
    expect(expected.size).toBeGreaterThan(WRITERS)
    for (const member of members) {
      const { items } = await read<{ items: Item[] }>(member, '/catalog/query?type=snapshots&limit=1000')
      expect(new Map(items.map(({ id, metadata }) => [id, metadata])), member.name).toEqual(expected)
    }
    for (const { serving } of members) expect(await serving?.stop()).toBe(0)
    const bytes = await Promise.all(members.map(bytesOf))
    expect(bytes[0]?.length).toBeGreaterThan(4_000)
    expect(new Set(bytes).size, 'byte for byte').toBe(1)
  },
  isSoak ? 600_000 : 240_000,
)
