/** A node of the production engine with a simulated disk, network, clock and timer; it can crash at any moment and start again. */
import { type Actor, type ActorId, Doc, type DocOptions, HybridClock } from '@joinery/core'
import { type Input, isProof, type LifeKey, NodeEngine, type NodeOptions, type Output } from '@joinery/sync/replication'
import type { SeededRandom } from '../random.ts'
import { Disk, type DiskImage } from './disk.ts'
import type { Network } from './network.ts'
import type { Schedule } from './schedule.ts'
import { type SimFields, simSchema } from './workload-schema.ts'

/** The virtual world begins here, milliseconds since 1970. */
const EPOCH_MS = 1_767_225_600_000

export interface SimNodeOptions {
  readonly name: string
  readonly region: string
  readonly schedule: Schedule
  readonly network: Network
  readonly random: SeededRandom
  readonly newActorId: () => ActorId
  readonly engine: Omit<NodeOptions, 'node' | 'region' | 'open' | 'random'>
  /** Told of everything that the engine puts out, before it is done. */
  readonly observe: (node: SimNode, output: Output) => void
  /** How long a write takes, and whether it fails. */
  readonly disk: { readonly latencyMs: number; failures: number }
}

export class SimNode {
  readonly name: string
  readonly region: string
  readonly disk: Disk = new Disk()
  engine: NodeEngine | undefined
  /** How far its wall clock is off. */
  skewMs = 0
  actorId: ActorId
  /** Actors that it began with in lives that were damaged, put back or forked. */
  readonly #actors = new Map<string, ActorId>()
  readonly #options: SimNodeOptions
  /** Counts its lives, so that what was planned for an earlier one does nothing. */
  #boots = 0
  #wakes = 0
  #neighbours: readonly SimNode[] = []

  constructor(options: SimNodeOptions) {
    this.#options = options
    this.name = options.name
    this.region = options.region
    this.actorId = options.newActorId()
  }

  get isUp(): boolean {
    return this.engine !== undefined
  }

  /** Everything on its disk is as it was, its store notices, and it goes on as another actor. */
  restore(image: DiskImage): void {
    this.crash()
    this.disk.restore(image)
    this.actorId = this.#options.newActorId()
    this.#actors.clear()
    this.start()
  }

  /** Everything on its disk is as it was, and nobody notices: it goes on as the actor that it was. */
  restoreUnnoticed(image: DiskImage): void {
    this.crash()
    this.disk.restore(image)
    this.start()
  }

  /** @param knows others it is told of when it starts. */
  start(knows: readonly SimNode[] = this.#neighbours): void {
    this.#neighbours = knows
    this.#boots += 1
    const { engine, random, name, region } = this.#options
    this.engine = new NodeEngine({
      ...engine,
      node: name,
      region,
      random: (bound) => random.below(bound),
      open: (life, parts, actor) => this.#open(life, parts, actor === 'new'),
    })
    // Every second start has to find out by itself what is stored.
    const known = this.disk.lives()
    const lives = random.below(2) === 0 ? known : known.map(({ summary, ...life }) => life)
    this.handle({ type: 'start', lives })
    for (const { name: node, region: where } of knows) this.handle({ type: 'peer', node, region: where, address: node })
  }

  /** Whether an actor is, or was, this node's own. */
  writesAs(actor: ActorId): boolean {
    return actor === this.actorId || [...this.#actors.values()].includes(actor)
  }

  /** Whether its disk says that a life has ended. */
  hasEnded(life: LifeKey): boolean {
    return this.disk.isEnded(life)
  }

  /** A life as it would come back after a crash at this moment. */
  stored(life: LifeKey): Doc<SimFields> | undefined {
    const parts = this.disk.parts(life).filter((part) => !isProof(part))
    if (parts.length === 0 || this.hasEnded(life)) return undefined
    const id = `reader~----------------` as ActorId
    return Doc.load(parts, { schema: simSchema, actor: this.#actor(id) })
  }

  /** An actor of its own that was never used. */
  newActor(): Actor {
    return this.#actor(this.#options.newActorId())
  }

  crash(): void {
    this.engine = undefined
    this.#boots += 1
    this.disk.crash(this.#options.random)
  }

  #open(life: LifeKey, parts: readonly Uint8Array[], isNew: boolean): Doc<SimFields> {
    const name = `${life.incarnation}\n${life.document}`
    if (isNew) this.#actors.set(name, this.#options.newActorId())
    const options: DocOptions<SimFields> = { schema: simSchema, actor: this.#actor(this.#actors.get(name)) }
    return parts.length === 0 ? new Doc({ ...options, incarnation: life.incarnation }) : Doc.load(parts, options)
  }

  #actor(id: ActorId = this.actorId): Actor {
    return { id, clock: new HybridClock(() => EPOCH_MS + this.#options.schedule.nowMs + this.skewMs) }
  }

  handle(input: Input): void {
    const { engine } = this
    if (engine === undefined) return
    for (const output of engine.handle(input, this.#options.schedule.nowMs)) this.#perform(output)
  }

  #perform(output: Output): void {
    this.#options.observe(this, output)
    const { network, schedule } = this.#options
    switch (output.type) {
      case 'send':
        network.send(this.name, output.to, output.bytes)
        break
      case 'write':
        this.#write(output.write)
        break
      case 'load':
        this.#later(this.#latency(), () => {
          this.handle({ type: 'loaded', life: output.life, ...this.disk.read(output.life) })
        })
        break
      case 'wake': {
        this.#wakes += 1
        const wake = this.#wakes
        this.#later(output.atMs - schedule.nowMs, () => {
          if (wake === this.#wakes) this.handle({ type: 'wake' })
        })
        break
      }
      default:
    }
  }

  #write(write: Extract<Output, { type: 'write' }>['write']): void {
    const { disk, random } = this.#options
    const target = this.disk
    target.begin(write)
    const fails = disk.failures > 0 && random.below(1000) < disk.failures * 1000
    this.#later(this.#latency(), () => {
      if (fails) target.fail(write)
      else target.finish(write)
      this.handle({ type: fails ? 'store-failed' : 'stored', write: write.write })
    })
  }

  #latency(): number {
    return this.#options.random.below(this.#options.disk.latencyMs + 1)
  }

  /** Plans something that does not happen if the node crashes before. */
  #later(ms: number, run: () => void): void {
    const boot = this.#boots
    this.#options.schedule.after(ms, () => {
      if (boot === this.#boots) run()
    })
  }
}
