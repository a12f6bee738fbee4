/** What goes wrong, and when: each fault is planned from the seed before anything happens, and undone when the world heals. */
import type { SeededRandom } from '../random.ts'
import type { Network } from './network.ts'
import type { Schedule } from './schedule.ts'
import type { SimNode } from './sim-node.ts'

export interface World {
  readonly schedule: Schedule
  readonly network: Network
  readonly random: SeededRandom
  readonly nodes: readonly SimNode[]
  /** Faults happen until then. */
  readonly endMs: number
  /** Nothing more is promised of what this node acknowledged. */
  readonly excuse: (node: SimNode) => void
  /** A user writes something at this node. */
  readonly write: (node: SimNode) => unknown
}

export type Fault = (world: World) => void

function pick<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.below(items.length)] as T
}

/** Nodes crash between any two writes, and come back. */
export const crashes: Fault = ({ schedule, random, nodes, endMs }) => {
  for (let count = 2 + random.below(nodes.length); count > 0; count -= 1) {
    const node = pick(random, nodes)
    schedule.at(random.below(endMs), () => {
      if (!node.isUp) return
      node.crash()
      schedule.after(random.below(5000), () => {
        if (!node.isUp) node.start()
      })
    })
  }
}

/** A node finds what it had stored damaged. What it alone had is gone, so nothing of that is promised. */
export const rot: Fault = ({ schedule, random, nodes, endMs, excuse }) => {
  const node = pick(random, nodes)
  schedule.at(endMs / 2 + random.below(endMs / 2), () => {
    excuse(node)
    if (!node.isUp) return
    node.crash()
    node.disk.rot(random)
    node.start()
  })
}

/** A node's disk is put back as it was some time ago. What it alone had since then is gone, so nothing of that is promised. */
export const backups: Fault = ({ schedule, random, nodes, endMs, excuse }) => {
  const node = pick(random, nodes)
  const takenMs = random.below(endMs / 2)
  schedule.at(takenMs, () => {
    const image = node.disk.image()
    schedule.at(takenMs + random.below(endMs - takenMs), () => {
      excuse(node)
      node.restore(image)
    })
  })
}

/**
 * A node's disk is put back as it was, its store does not notice, and it writes before it hears of anybody: under dots that it used
 * before. Nothing is promised of what it acknowledged.
 */
export const clones: Fault = ({ schedule, random, nodes, network, endMs, excuse, write }) => {
  const node = pick(random, nodes)
  const others = nodes.filter((other) => other !== node)
  const takenMs = random.below(endMs / 3)
  schedule.at(takenMs, () => {
    excuse(node)
    const image = node.disk.image()
    for (let i = 0; i < 3; i += 1) schedule.after(random.below(3_000), () => write(node))
    schedule.after(5_000 + random.below(endMs / 3), () => {
      each([node], others, (a, b) => network.cut(a, b))
      node.restoreUnnoticed(image)
      for (let i = 0; i < 4; i += 1) schedule.after(100 + random.below(1_000), () => write(node))
      schedule.after(3_000, () => each([node], others, (a, b) => network.mend(a, b)))
    })
  })
}

/** The nodes fall into two groups that do not hear each other for a while. */
export const partitions: Fault = ({ schedule, random, nodes, network, endMs }) => {
  for (let count = 1 + random.below(2); count > 0; count -= 1) {
    const [some, others] = halves(random, nodes)
    const from = random.below(endMs / 2)
    schedule.at(from, () => each(some, others, (a, b) => network.cut(a, b)))
    schedule.at(from + random.below(endMs - from), () => each(some, others, (a, b) => network.mend(a, b)))
  }
}

/** Links that carry in one direction only. */
export const oneWayCuts: Fault = ({ schedule, random, nodes, network, endMs }) => {
  for (let count = nodes.length; count > 0; count -= 1) {
    const [from, to] = random.shuffle(nodes.map(({ name }) => name)) as [string, string]
    const atMs = random.below(endMs)
    schedule.at(atMs, () => network.cut(from, to))
    schedule.at(atMs + random.below(endMs - atMs), () => network.mend(from, to))
  }
}

/** A node that everybody hears and does not hear by turns. */
export const flapping: Fault = ({ schedule, random, nodes, network, endMs }) => {
  const node = pick(random, nodes)
  const others = nodes.filter((other) => other !== node)
  for (let atMs = random.below(1000), isCut = false; atMs < endMs; atMs += 200 + random.below(1500), isCut = !isCut) {
    const cuts = !isCut
    schedule.at(atMs, () => each([node], others, (a, b) => (cuts ? network.cut(a, b) : network.mend(a, b))))
  }
}

/** Wall clocks that are off by up to a second, and jump by up to an hour. */
export const clocks: Fault = ({ schedule, random, nodes, endMs }) => {
  for (const node of nodes) {
    node.skewMs = random.below(2001) - 1000
    if (random.below(3) > 0) continue
    schedule.at(random.below(endMs), () => {
      node.skewMs += random.below(7_200_001) - 3_600_000
    })
  }
}

export function losses(loss: number): Fault {
  return ({ network }) => {
    network.faults.loss = loss
  }
}

export const bursts: Fault = ({ network }) => {
  network.faults.bursts = 0.2
}

export const disorder: Fault = ({ network }) => {
  network.faults.duplication = 0.1
  network.faults.lateness = 0.1
}

function halves(random: SeededRandom, nodes: readonly SimNode[]): [SimNode[], SimNode[]] {
  const shuffled = random.shuffle([...nodes])
  const size = 1 + random.below(nodes.length - 1)
  return [shuffled.slice(0, size), shuffled.slice(size)]
}

function each(some: readonly SimNode[], others: readonly SimNode[], run: (from: string, to: string) => void): void {
  for (const a of some) {
    for (const b of others) {
      run(a.name, b.name)
      run(b.name, a.name)
    }
  }
}
