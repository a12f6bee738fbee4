/**
 * The actor of a node. It is kept with the store as long as the store cannot have lost or forked anything; a restored, copied or
 * rolled back store gets another one, because a dot stamped twice is the one mistake that a join cannot repair. The same holds
 * when the engine finds out, from what peers say, that this node wrote as its actor what it has no more.
 */
import { type Actor, type ActorId, actorId, type HybridClock, parseActorId, replicaId, replicaOf } from '@joinery/core'
import { ownValuePrefix, requireFinished, type Store } from '@joinery/sync'
import type { ActorChoice } from '@joinery/sync/replication'

const VALUE = `${ownValuePrefix}node/actor`
const EPOCH_BYTES = 12

export interface NodeActorOptions {
  readonly store: Pick<Store, 'identity' | 'value' | 'setValue'>
  readonly node: string
  readonly clock: HybridClock
  readonly randomBytes: (count: number) => Uint8Array
}

export class NodeActor {
  readonly #options: NodeActorOptions
  #id: ActorId
  #durable: Promise<void> = Promise.resolve()
  #isDurable = true
  /** It was drawn since the start, so nobody can know more of it than this node does. */
  #isFresh = false
  /** Lives that were opened under it. */
  readonly #used = new Set<string>()

  private constructor(options: NodeActorOptions, id: ActorId) {
    this.#options = options
    this.#id = id
  }

  /** Refused with `STORE_UNFINISHED` where only a part of the data is. */
  static async open(options: NodeActorOptions): Promise<NodeActor> {
    const { store, node } = options
    await requireFinished(store)
    const kept = store.identity.continuous ? await store.value(VALUE) : undefined
    const known = kept === undefined ? undefined : parseActorId(kept)
    const actor = new NodeActor(options, known ?? newId(options))
    // A name is given anew when its actor says another one.
    if (known === undefined || replicaOf(known) !== node) {
      actor.renew()
      await actor.durable()
    }
    return actor
  }

  get actor(): Actor {
    return { id: this.#id, clock: this.#options.clock }
  }

  /**
   * The actor under which a life is opened: `new` where what the node wrote to it as its actor was lost. One new actor does for all
   * lives of a disk that was put back.
   */
  forLife(life: string, choice: ActorChoice): Actor {
    if (choice === 'new' && (!this.#isFresh || this.#used.has(life))) this.renew()
    this.#used.add(life)
    return this.actor
  }

  /** Takes an actor that was never used. Nothing that it writes may be stored before `durable`. */
  renew(): void {
    const id = newId(this.#options)
    this.#id = id
    this.#isDurable = false
    this.#isFresh = true
    this.#used.clear()
    this.#durable = this.#durable.then(() => this.#keep(id))
    // Whoever waits is told.
    this.#durable.catch(() => {})
  }

  /** Resolves when a node that starts again would have this actor. */
  async durable(): Promise<void> {
    if (this.#isDurable) return
    try {
      await this.#durable
    } catch (error) {
      this.#durable = this.#keep(this.#id)
      this.#durable.catch(() => {})
      throw error
    }
  }

  async #keep(id: ActorId): Promise<void> {
    await this.#options.store.setValue(VALUE, id)
    if (this.#id === id) this.#isDurable = true
  }
}

function newId({ node, randomBytes }: NodeActorOptions): ActorId {
  return actorId(replicaId(node), randomBytes(EPOCH_BYTES))
}
