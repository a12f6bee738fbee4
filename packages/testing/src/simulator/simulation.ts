/**
 * One simulated history: nodes of the production engine, users that write, faults, and then a world that heals. Everything follows
 * from the seed, so that a failure is found again by it.
 *
 * - Safety: after healing everybody must have the same, with every promise kept.
 * - Liveness: only a majority of the nodes heals and the rest stays as broken as it is; that majority must come to the same state
 *   all the same, in bounded time.
 */
import { type ActorId, actorId, replicaId } from '@joinery/core'
import { MessageCodec, type NodeOptions } from '@joinery/sync/replication'
import { type SeededRandom, seededRandom } from '../random.ts'
import { Checkers } from './checkers.ts'
import { losses } from './faults.ts'
import { Intruder } from './intruder.ts'
import { Network } from './network.ts'
import { scenarios } from './scenarios.ts'
import { Schedule } from './schedule.ts'
import { SimNode } from './sim-node.ts'
import { SimSigners } from './sim-signers.ts'
import { Workload } from './workload.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly scenario: string
  readonly mode?: 'safety' | 'liveness'
  readonly nodes?: number
  readonly regions?: number
  /** Share of messages lost, on top of the scenario. */
  readonly loss?: number
  readonly documents?: number
  readonly operations?: number
  /** How long users write and things go wrong. */
  readonly seconds?: number
  readonly compression?: NodeOptions['compression']
  readonly limits?: NodeOptions['limits']
}

export interface SimulationReport {
  readonly seed: number
  readonly scenario: string
  readonly mode: 'safety' | 'liveness'
  readonly nodes: number
  /** What went wrong, at most 20 of it; nothing in a good run. */
  readonly failures: readonly string[]
  readonly operations: number
  readonly acknowledged: number
  /** Forks that signatures proved. */
  readonly forks: number
  /** How often malicious members did each kind of harm. */
  readonly harms: Readonly<Record<string, number>>
  /** From healing to equal states. */
  readonly convergedMs: number
  readonly messages: number
  readonly bytes: number
  readonly lost: number
  /** Equal for two runs that went alike. */
  readonly trace: string
  /** The command that runs it again. */
  readonly replay: string
}

/** Members of two branches have this long to find that they cannot agree. */
const BRANCHES_MS = 60_000
/** A malicious member does something about this often. */
const HARM_MS = 700

/** Healed nodes have this long to come to the same state. */
const CONVERGED_WITHIN_MS = 120_000
const STEP_MS = 100

export function simulate(options: SimulationOptions): SimulationReport {
  return new Simulation(options).run()
}

class Simulation {
  readonly #options: Required<Omit<SimulationOptions, 'compression' | 'limits'>> & SimulationOptions
  readonly #random: SeededRandom
  readonly #schedule = new Schedule()
  readonly #network: Network
  readonly #workload: Workload
  readonly #checkers: Checkers
  readonly #nodes: SimNode[]
  readonly #intruders: Intruder[]
  /** Where changes are signed. */
  readonly #signers: SimSigners | undefined
  readonly #byName: ReadonlyMap<string, SimNode>
  #actors = 0
  /** Messages of honest nodes. */
  #sent = 0
  #trace = 0

  constructor(options: SimulationOptions) {
    const defaults = {
      mode: 'safety',
      nodes: 5,
      regions: 2,
      loss: 0,
      documents: 2,
      operations: 60,
      seconds: 30,
    } as const
    this.#options = { ...defaults, ...options }
    this.#random = seededRandom(options.seed)
    this.#network = new Network(this.#schedule, seededRandom(options.seed ^ 0x5eed), {
      faults: { loss: 0, bursts: 0, duplication: 0, lateness: 0, delayMs: { min: 20, max: 120 } },
      deliver: (from, to, bytes) => this.#deliver(from, to, bytes),
    })
    this.#workload = new Workload(seededRandom(options.seed ^ 0x0f0f), this.#options.documents)
    this.#checkers = new Checkers(new MessageCodec(options.compression))
    const { nodes } = this.#options
    const { intruders } = scenarios[options.scenario] ?? {}
    const names = Array.from({ length: nodes + (intruders ?? 0) }, (_, i) => `n${i}`)
    if (intruders !== undefined) this.#signers = new SimSigners(names)
    const all = names.map((name, i) => this.#newNode(name, i))
    this.#nodes = all.slice(0, nodes)
    this.#byName = new Map(all.map((node) => [node.name, node]))
    this.#intruders = all.slice(nodes).map((node, i) => this.#newIntruder(node, i))
  }

  #newIntruder(node: SimNode, index: number): Intruder {
    this.#checkers.excused.add(node.name)
    return new Intruder({
      node,
      random: seededRandom(this.#options.seed * 17 + index),
      signing: (this.#signers as SimSigners).of(node.name),
      compression: this.#options.compression,
      victims: this.#nodes.map(({ name }) => name),
      lives: [...this.#workload.lives, this.#workload.shortLife],
      send: (to, bytes) => this.#network.send(node.name, to, bytes),
      newActor: () => node.newActor(),
    })
  }

  #newNode(name: string, index: number): SimNode {
    const { regions, compression, limits, seed } = this.#options
    const engine = {
      digestKey: new Uint8Array(16).fill(7),
      ...(compression && { compression }),
      ...(limits && { limits }),
      ...(this.#signers && { signing: this.#signers.of(name) }),
    }
    return new SimNode({
      name,
      region: `r${index % regions}`,
      schedule: this.#schedule,
      network: this.#network,
      random: seededRandom(seed * 31 + index),
      newActorId: () => this.#newActorId(name),
      engine,
      observe: (node, output) => this.#observe(node, output),
      disk: { latencyMs: 20, failures: 0.02 },
    })
  }

  #newActorId(name: string): ActorId {
    this.#actors += 1
    const epoch = new Uint8Array(12)
    new DataView(epoch.buffer).setUint32(8, this.#actors)
    return actorId(replicaId(name), epoch)
  }

  #deliver(from: string, to: string, bytes: Uint8Array): void {
    this.#note(bytes.length, this.#schedule.nowMs)
    const intruder = this.#intruders.find(({ node }) => node.name === to)
    if (intruder === undefined) this.#byName.get(to)?.handle({ type: 'message', from, bytes })
    else intruder.handle(from, bytes)
  }

  /** Mixes numbers into what tells two runs apart. */
  #note(...numbers: readonly number[]): void {
    for (const number of numbers) this.#trace = (Math.imul(this.#trace ^ number, 0x0100_0193) + 0x9e37) >>> 0
  }

  #observe(node: SimNode, output: Parameters<SimNodeObserver>[1]): void {
    this.#checkers.observe(node, output, this.#byName)
    if (output.type === 'send' && this.#nodes.includes(node)) this.#sent += 1
    if (output.type === 'admitted') {
      const operation = this.#workload.operations[output.ticket - 1]
      if (operation !== undefined) this.#checkers.admitted(node, operation.life, output.headers)
      this.#workload.acknowledged(output.ticket)
    } else if (output.type === 'refused') this.#workload.refused(output.ticket)
  }

  run(): SimulationReport {
    this.#begin()
    const endMs = this.#options.seconds * 1000
    for (let atMs = STEP_MS; atMs <= endMs; atMs += STEP_MS) {
      this.#schedule.runUntil(atMs)
      for (const node of this.#nodes) this.#checkers.bounds(node)
    }
    const core = this.#heal()
    const { hasBranches = false } = scenarios[this.#options.scenario] ?? {}
    const convergedMs = hasBranches ? this.#branch(core) : this.#agree(core)
    this.#meetAgain(core)
    this.#checkers.traffic(this.#sent, this.#nodes.length, this.#schedule.nowMs)
    return this.#report(convergedMs, core[0]?.engine?.forks().length ?? 0)
  }

  /** All come to the same; answers how long that took. */
  #agree(core: readonly SimNode[]): number {
    const convergedMs = this.#converge(core)
    const { scrubSeconds } = scenarios[this.#options.scenario] ?? {}
    if (scrubSeconds !== undefined) {
      this.#schedule.runUntil(this.#schedule.nowMs + scrubSeconds * 1000)
      this.#converge(core)
    }
    this.#checkers.final(core, this.#workload)
    if (this.#signers !== undefined) this.#checkers.signed(core, this.#signers.of('nobody'))
    return convergedMs
  }

  /** Nothing can be done about a fork but to find it. */
  #branch(core: readonly SimNode[]): number {
    this.#schedule.runUntil(this.#schedule.nowMs + BRANCHES_MS)
    this.#checkers.branches(core, this.#workload)
    return BRANCHES_MS
  }

  #begin(): void {
    const { seconds, operations, scenario, loss } = this.#options
    const found = scenarios[scenario]
    if (found === undefined) throw new Error(`no scenario ${scenario}; there are: ${Object.keys(scenarios).join(', ')}`)
    const endMs = seconds * 1000
    const all = [...this.#byName.values()]
    for (const node of all) node.start(all.filter((other) => other !== node))
    for (const intruder of this.#intruders) {
      for (let atMs = 0; atMs < endMs; atMs += 1 + this.#random.below(2 * HARM_MS)) {
        this.#schedule.at(atMs, () => intruder.act())
      }
    }
    const faults = loss > 0 ? [...found.faults, losses(loss)] : found.faults
    for (const fault of faults) {
      fault({
        schedule: this.#schedule,
        network: this.#network,
        random: this.#random,
        nodes: this.#nodes,
        endMs,
        excuse: (node) => this.#checkers.excused.add(node.name),
        write: (node) => node.isUp && this.#workload.perform(node),
      })
    }
    this.#planEnds(endMs)
    for (let i = 0; i < operations; i += 1) {
      this.#schedule.at(this.#random.below(endMs), () => {
        const up = this.#nodes.filter((node) => node.isUp)
        const node = up[this.#random.below(up.length)]
        if (node !== undefined) this.#workload.perform(node)
      })
    }
  }

  #planEnds(endMs: number): void {
    this.#schedule.at(this.#random.below(endMs), () => {
      const up = this.#random.shuffle(this.#nodes.filter((node) => node.isUp))
      this.#workload.performEnds(up.slice(0, 2))
    })
  }

  /** Ends the faults, of all or of a majority; answers those that must agree now. */
  #heal(): SimNode[] {
    const { nodes, mode } = this.#options
    const core = mode === 'safety' ? this.#nodes : this.#random.shuffle(this.#nodes).slice(0, (nodes >> 1) + 1)
    if (mode === 'safety') this.#network.heal()
    else {
      for (const a of core) for (const b of core) this.#network.mend(a.name, b.name)
      for (const node of this.#nodes) if (!core.includes(node)) this.#abandon(node)
    }
    for (const node of core) if (!node.isUp) node.start()
    return core
  }

  /** A node that stays broken: it is down, or nobody hears it, or it hears nobody. */
  #abandon(node: SimNode): void {
    const way = this.#random.below(3)
    if (way === 0 && node.isUp) node.crash()
    for (const other of this.#nodes) {
      if (way === 1) this.#network.cut(node.name, other.name)
      if (way === 2) this.#network.cut(other.name, node.name)
    }
  }

  /** Waits until the core agrees; answers how long it took. */
  #converge(core: readonly SimNode[]): number {
    const from = this.#schedule.nowMs
    while (this.#schedule.nowMs < from + CONVERGED_WITHIN_MS) {
      this.#schedule.runUntil(this.#schedule.nowMs + STEP_MS)
      if (isQuiet(core)) return this.#schedule.nowMs - from
    }
    this.#checkers.failures.push(`the nodes do not agree after ${CONVERGED_WITHIN_MS} ms`)
    return CONVERGED_WITHIN_MS
  }

  /** Nodes that gave each other up find each other again, and then nobody talks more than an idle node does. */
  #meetAgain(core: readonly SimNode[]): void {
    const names = core.map(({ name }) => name)
    const knowsAll = ({ engine }: SimNode): boolean => {
      const there = engine
        ?.members()
        .filter(({ state }) => state === 'alive' || state === 'suspect')
        .map(({ node }) => node)
      return names.every((name) => there?.includes(name))
    }
    const endMs = this.#schedule.nowMs + CONVERGED_WITHIN_MS
    while (!core.every(knowsAll)) {
      if (this.#schedule.nowMs > endMs) {
        this.#checkers.failures.push('nodes that are there are still given up by others')
        return
      }
      this.#schedule.runUntil(this.#schedule.nowMs + STEP_MS)
    }
  }

  #report(convergedMs: number, forks: number): SimulationReport {
    const { seed, scenario, mode, nodes, regions, loss } = this.#options
    const { messages, bytes, lost } = this.#network.counted
    const acknowledged = this.#workload.operations.filter(({ state }) => state === 'acknowledged').length
    const { documents, operations, seconds, limits } = this.#options
    const sizes = `--documents ${documents} --operations ${operations} --seconds ${seconds}`
    const folds = limits?.foldBytesMin === undefined ? '' : ' --fold'
    const more = ` ${sizes}${loss > 0 ? ` --loss ${loss}` : ''}${mode === 'liveness' ? ' --mode liveness' : ''}${folds}`
    return {
      seed,
      scenario,
      mode,
      nodes,
      failures: this.#checkers.failures,
      operations: this.#workload.operations.length,
      acknowledged,
      forks,
      harms: this.#harms(),
      convergedMs,
      messages,
      bytes,
      lost,
      trace: this.#trace.toString(16).padStart(8, '0'),
      replay: `npm run sim -- --seed ${seed} --scenario ${scenario} --nodes ${nodes} --regions ${regions}${more}`,
    }
  }

  #harms(): Readonly<Record<string, number>> {
    const harms: Record<string, number> = {}
    for (const { done } of this.#intruders) {
      for (const [name, count] of done) harms[name] = (harms[name] ?? 0) + count
    }
    return harms
  }
}

type SimNodeObserver = ConstructorParameters<typeof SimNode>[0]['observe']

/** Everything that was taken in is durable, and everybody has the same. */
function isQuiet(nodes: readonly SimNode[]): boolean {
  const [first, ...others] = nodes.map((node) => node.engine?.status())
  if (first === undefined || first.unstoredBytes > 0) return false
  return others.every((other) => other?.digest === first.digest && other.unstoredBytes === 0)
}
