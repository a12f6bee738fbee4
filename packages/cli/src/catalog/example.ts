/**
 * `joinery catalog example`: the classic story of two nodes that write the same field at the same time. Clock and random numbers are
 * its own, so that it reads the same each time.
 */
import { type Catalog, type Delta, startCatalog } from '@joinery/catalog'
import { clusterKeys } from '@joinery/node'
import { memoryStore } from '@joinery/storage/memory'
import { nodeScheduler } from '@joinery/transport/scheduler'
import type { Environment } from '../environment.ts'

const snap1 = { kind: 'snapshots', id: 'snap1' } as const
const BEGINS_MS = Date.UTC(2026, 0, 2, 10)
const STEP_MS = 1_000

type Say = (line?: string) => void

/** Nodes that share a clock, which moves when it is told to. */
class Story {
  readonly #say: Say
  #nowMs = BEGINS_MS
  #drawn = 0

  constructor(say: Say) {
    this.#say = say
  }

  async start(node: string): Promise<Catalog> {
    return await startCatalog({
      node,
      region: 'example',
      store: memoryStore(),
      transports: [],
      digestKey: clusterKeys('example').digestKey,
      wallMs: () => this.#nowMs,
      scheduler: nodeScheduler(() => performance.now()),
      randomBytes: (count) => {
        this.#drawn += 1
        return new Uint8Array(count).fill(this.#drawn)
      },
    })
  }

  tick(): void {
    this.#nowMs += STEP_MS
  }

  /** What an entry is on each node. */
  show(nodes: readonly Catalog[]): void {
    for (const node of nodes) {
      const found = node.get(snap1)
      const what = found === undefined ? 'nothing' : `snap1 ${JSON.stringify(found.metadata)}`
      this.#say(`  ${nameOf(node)} has ${what}`)
    }
  }

  async update(node: Catalog, status: string): Promise<void> {
    this.tick()
    await node.update(snap1, { status })
    this.#say(`  ${nameOf(node)} writes status: ${status} (${new Date(this.#nowMs).toISOString()})`)
  }

  /** Carries what the other one has not been given yet, as it travels. */
  async carry(from: Catalog, to: Catalog): Promise<void> {
    const { deltas, version } = from.deltas(nameOf(to))
    this.#say(`${nameOf(from)} -> ${nameOf(to)}`)
    for (const delta of deltas) this.#say(`  ${lineOf(delta)}`)
    const { applied, stale } = await to.apply(JSON.parse(JSON.stringify(deltas)) as unknown[])
    await from.clear(nameOf(to), { version })
    this.#say(`  ${applied} applied, ${stale} known already`)
  }
}

function nameOf(catalog: Catalog): string {
  return catalog.node.status().node
}

/** Authors by the names of their nodes: here each has but one life. */
function shortened(tags: readonly string[]): string {
  return tags.map((tag) => tag.replace(/~[^:]+/, '')).join(', ')
}

function lineOf(delta: Delta): string {
  switch (delta.type) {
    case 'orset':
      return `${delta.key}  orset  added ${shortened(delta.tags.added) || 'nothing'}`
    case 'lww': {
      const fields = Object.entries(delta.fields).map(
        ([name, { value, tag }]) => `${name}=${value} (${shortened([tag])})`,
      )
      return `${delta.key}  lww  ${fields.join('  ')}`
    }
    case 'state':
      return `${delta.key}  state`
  }
}

export async function example({ stdout }: Pick<Environment, 'stdout'>): Promise<void> {
  const say: Say = (line = '') => stdout.write(`${line}\n`)
  const story = new Story(say)
  const nodes = [await story.start('node1'), await story.start('node2')] as const
  try {
    await tell(story, nodes, say)
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
  }
}

async function tell(story: Story, [node1, node2]: readonly [Catalog, Catalog], say: Say): Promise<void> {
  const both = [node1, node2]
  say('Two nodes, empty')
  story.show(both)
  say()
  say('node1 adds a snapshot')
  story.tick()
  await node1.add(snap1, { name: 'daily backup', status: 'creating' })
  story.show(both)
  say()
  await story.carry(node1, node2)
  story.show(both)
  say()
  say('Both write its status, and neither knows of the other')
  await story.update(node1, 'completed')
  await story.update(node2, 'failed')
  story.show(both)
  say()
  await story.carry(node1, node2)
  await story.carry(node2, node1)
  story.show(both)
  say()
  explain(node1, say)
  const isEqual = JSON.stringify(node1.versions()) === JSON.stringify(node2.versions())
  say(isEqual ? 'The two catalogs are equal.' : 'The two catalogs differ.')
}

const reasons = {
  older: 'that one is older',
  node: 'same time, smaller node id',
  epoch: 'same time, another life of the node',
}

function explain(node: Catalog, say: Say): void {
  for (const [field, won] of Object.entries(node.explain(snap1).fields)) {
    for (const { value, node: by, time, because } of won.overrode) {
      say(
        `${field}: ${won.value} of ${won.node} (${won.time}) won over ${value} of ${by} (${time}): ${reasons[because]}`,
      )
    }
  }
}
