/** The actor that a tab writes under, which no other tab may have at the same time. */
import type { ActorId } from '@joinery/core'
import type { Bus } from './bus.ts'

export class HeldActor {
  readonly #bus: Bus
  #held: { readonly actor: ActorId; readonly release: () => void } | undefined

  constructor(bus: Bus) {
    this.#bus = bus
  }

  get actor(): ActorId | undefined {
    return this.#held?.actor
  }

  /**
   * Takes an actor that no living tab has, so that vectors do not grow with every tab there ever was; the drawn one where there is
   * none. Once there is one it stays.
   */
  async take(actors: readonly ActorId[], drawn: ActorId): Promise<ActorId> {
    for (const actor of this.#held === undefined ? actors : []) {
      const release = await this.#bus.hold(`actor/${actor}`, { ifAvailable: true })
      if (release === undefined) continue
      this.#held = { actor, release }
      return actor
    }
    return this.#held?.actor ?? this.use(drawn)
  }

  /** Takes this one if no living tab has it, else the drawn one; answers whether it did. */
  async claim(actor: ActorId, drawn: ActorId): Promise<boolean> {
    return (await this.take([actor], drawn)) === actor
  }

  /** Takes one that was just drawn, in place of the one before. */
  async use(drawn: ActorId): Promise<ActorId> {
    this.release()
    this.#held = { actor: drawn, release: await this.#bus.hold(`actor/${drawn}`) }
    return drawn
  }

  release(): void {
    this.#held?.release()
    this.#held = undefined
  }
}
