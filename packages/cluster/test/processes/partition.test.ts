/**
 * Five nodes in three regions, processes of their own over TLS, whose clocks are up to a second off. The regions are cut apart and go
 * on writing; nodes are killed and started again; one is away until what it knew was folded elsewhere; one loses its disk and comes back
 * under its name. In the end all have the same, everything that was acknowledged is there, and no credit was spent twice.
 *
 * `JOINERY_SEED=7 npx vitest run packages/cluster/test/processes` runs one history; `JOINERY_SOAK=1` ten, with cuts of a minute.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type SeededRandom, seededRandom } from '@joinery/testing'
import { afterEach, expect, test } from 'vitest'
import type { Conflict, Credits, Vm, VmPage } from '../../src/index.ts'
import { until } from '../clusters.ts'
import { type Member, type Members, newMembers } from './members.ts'

const isSoak = process.env.JOINERY_SOAK === '1'
const CUT_MS = isSoak ? 60_000 : 5_000
const VMS = 60
const CREDITS = 1_000
const places = [
  { node: 'a', region: 'eu', clockOffsetMs: 0 },
  { node: 'b', region: 'eu', clockOffsetMs: 1_000 },
  { node: 'c', region: 'us', clockOffsetMs: -1_000 },
  { node: 'd', region: 'us', clockOffsetMs: 1_000 },
  { node: 'e', region: 'asia', clockOffsetMs: -1_000 },
]

let members: Members | undefined
let directory: string | undefined
afterEach(async () => {
  await members?.close()
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
})

/** What was acknowledged, by key: a name in the metadata that one write has for itself. */
class Book {
  readonly acknowledged = new Map<string, string>()
  readonly writes = { done: 0, unanswered: 0, spent: 0, unanswered_spent: 0 }
  #last = 0

  /** Writes a name of its own into a virtual machine, and fields that others write, too. */
  async write(member: Member, random: SeededRandom): Promise<void> {
    this.#last += 1
    const name = `by-${member.name}-${this.#last}`
    const vm = vmName(random.below(VMS))
    const fields = { status: `${name}`, cpuCores: random.below(64), metadata: { [name]: true } }
    if ((await member.ask('PUT', `/v1/vms/${vm}`, fields)) === undefined) this.writes.unanswered += 1
    else {
      this.acknowledged.set(name, vm)
      this.writes.done += 1
    }
  }

  /** Takes credits that the node holds, if it does. */
  async spend(member: Member, random: SeededRandom): Promise<void> {
    const amount = 1 + random.below(40)
    try {
      const answer = await member.ask('POST', '/v1/credits/gpu', { type: 'take', amount })
      if (answer === undefined) this.writes.unanswered_spent += amount
      else this.writes.spent += amount
    } catch (error) {
      expect((error as { readonly code?: string }).code).toBe('CLUSTER_CREDITS_INSUFFICIENT')
    }
  }
}

function vmName(number: number): string {
  return `vm-${number}`
}

/** All nodes go on writing, each by itself, until it is over. */
async function writing(all: readonly Member[], book: Book, random: SeededRandom, isOver: () => boolean): Promise<void> {
  await Promise.all(
    all.map(async (member) => {
      while (!isOver()) {
        await book.write(member, random)
        if (random.below(8) === 0) await book.spend(member, random)
        if (random.below(4) === 0) await assign(member, random)
        await delay(20 + random.below(60))
      }
    }),
  )
}

async function assign(member: Member, random: SeededRandom): Promise<void> {
  const node = (places[random.below(places.length)] as { readonly node: string }).node
  await member.ask('PUT', `/v1/vms/${vmName(random.below(VMS))}/assignment`, { node })
}

/** Answers how long it took until all have the same. */
async function equal(all: readonly Member[]): Promise<number> {
  const sinceMs = performance.now()
  await until(async () => {
    const stats = await Promise.all(all.map((member) => member.stats()))
    return new Set(stats.map(({ digest }) => digest)).size === 1
  }, 'all nodes have the same')
  return performance.now() - sinceMs
}

async function begin(all: readonly Member[]): Promise<void> {
  const [a, b, c, d, e] = all as [Member, Member, Member, Member, Member]
  await Promise.all(all.map((member) => member.start()))
  const vms = Array.from({ length: VMS }, (_, i) => ({ id: vmName(i), status: 'running' }))
  await a.ask('POST', '/v1/vms', { vms })
  await a.ask('POST', '/v1/credits/gpu', { type: 'add', amount: CREDITS })
  await until(async () => (await a.stats()).cluster.nodesAlive === all.length, 'a has heard of everybody')
  for (const { name } of [b, c, d, e]) {
    await a.ask('POST', '/v1/credits/gpu', { type: 'transfer', to: name, amount: CREDITS / all.length })
  }
  await equal(all)
}

async function everything(member: Member) {
  const { vms } = (await member.ask<VmPage>('GET', '/v1/vms?limit=10000')) as VmPage
  const { conflicts } = (await member.ask<{ conflicts: Conflict[] }>('GET', '/v1/conflicts')) as {
    conflicts: Conflict[]
  }
  const { credits } = (await member.ask<{ credits: Credits[] }>('GET', '/v1/credits')) as { credits: Credits[] }
  const available = credits[0]?.available ?? 0
  return { vms, conflicts: conflicts.map(({ id, field, won, lost }) => ({ id, field, won, lost })), available }
}

const seeds = process.env.JOINERY_SEED ? [Number(process.env.JOINERY_SEED)] : isSoak ? range(10) : [1]

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

test.each(seeds)(
  'seed %i: three regions apart, nodes killed, away and new, and nothing is lost',
  async (seed) => {
    directory = mkdtempSync(join(tmpdir(), 'joinery-cluster-'))
    members = await newMembers(directory, places)
    const { all } = members
    const [, b, c, , e] = all as [Member, Member, Member, Member, Member]
    const random = seededRandom(seed)
    const book = new Book()
    await begin(all)

    let isOver = false
    const work = writing(all, book, random, () => isOver)
    members.cut()
    await delay(CUT_MS / 2)
    await c.stop('SIGKILL')
    await delay(CUT_MS / 4)
    await c.start()
    await delay(CUT_MS / 4)
    isOver = true
    await work
    const before = await Promise.all(all.map((member) => member.stats()))
    expect(new Set(before.map(({ digest }) => digest)).size, 'they were apart').toBeGreaterThan(1)
    members.heal()
    const healMs = await equal(all)

    // Away while the others write so much that their logs are folded; it writes meanwhile, too.
    await e.ask('POST', '/v1/drill', { isolated: true })
    for (let i = 0; i < 40; i += 1) for (const member of all) await book.write(member, random)
    await e.stop('SIGKILL')
    await e.start()
    const awayMs = await equal(all)

    // A member that goes for good, loses its disk, and comes back under its name.
    await b.stop('leave')
    b.forget()
    for (let i = 0; i < 5; i += 1) await book.write(all[0] as Member, random)
    await b.start()
    await book.write(b, random)
    members.reset()
    const newMs = await equal(all)

    const shown = await Promise.all(all.map(everything))
    for (const each of shown) expect(each).toEqual(shown[0])
    const { vms, available } = shown[0] as Awaited<ReturnType<typeof everything>>
    const kept = new Map(vms.map((vm: Vm) => [vm.id, vm.metadata]))
    const lost = [...book.acknowledged].filter(([name, vm]) => kept.get(vm)?.[name] !== true)
    expect(lost, 'acknowledged and lost').toEqual([])
    const { writes } = book
    expect(writes.done).toBeGreaterThan(200)
    expect(available, 'credits').toBeGreaterThanOrEqual(0)
    expect(available, 'credits').toBeLessThanOrEqual(CREDITS - writes.spent)
    expect(available, 'credits').toBeGreaterThanOrEqual(CREDITS - writes.spent - writes.unanswered_spent)
    process.stdout.write(
      `seed ${seed}: ${writes.done} writes, ${writes.spent} credits spent, ${vms.length} machines; equal ${Math.round(healMs)} ms after the cut, ${Math.round(awayMs)} ms after being away, ${Math.round(newMs)} ms after a new disk\n`,
    )
  },
  isSoak ? 600_000 : 180_000,
)
