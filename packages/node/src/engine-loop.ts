/** Gives an engine what happens, one thing after the other, and does what it says, in order. */
import type { Scheduler } from '@joinery/sync'
import type { Input, LifeKey, LifeWrite, NodeEngine, Output } from '@joinery/sync/replication'
import { isUnreadable, type LifeStore } from './life-store.ts'
import type { NodeActor } from './node-actor.ts'
import type { NodeObserver } from './observer.ts'

/** A read that the store refused is tried again after this time. */
const LOAD_AGAIN_MS = 500
/** A medium that does not give back what it was given is believed to have lost it after so many reads. */
const LOST_READS = 5

export interface EngineLoopOptions {
  readonly engine: NodeEngine
  readonly store: LifeStore
  readonly actor: NodeActor
  readonly scheduler: Scheduler
  readonly observer: NodeObserver
  /** Sends to a node. */
  readonly send: (to: string, bytes: Uint8Array) => void
  /** Told of everything, before it is done. */
  readonly told: (output: Output) => void
}

export class EngineLoop {
  readonly #options: EngineLoopOptions
  readonly #inputs: Input[] = []
  readonly #busy = new Set<Promise<void>>()
  #isHandling = false
  #isStopped = false
  #cancelWake: () => void = () => {}

  constructor(options: EngineLoopOptions) {
    this.#options = options
  }

  /** What the engine calls may call back: that comes next, and not in between. */
  take(input: Input): void {
    this.#inputs.push(input)
    if (this.#isHandling) return
    this.#isHandling = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined && !this.#isStopped; next = this.#inputs.shift()) {
        const { engine, scheduler } = this.#options
        for (const output of engine.handle(next, scheduler.nowMs())) this.#perform(output)
      }
    } finally {
      this.#isHandling = false
    }
  }

  /** Does nothing more for the engine. Resolves when what was begun with the store has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelWake()
    await Promise.all(this.#busy)
  }

  /** Resolves when nothing is being read or written. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy)
  }

  #perform(output: Output): void {
    const { observer, send, told, scheduler } = this.#options
    observer.output?.(output)
    told(output)
    switch (output.type) {
      case 'send':
        send(output.to, output.bytes)
        break
      case 'write':
        this.#begin(this.#write(output.write))
        break
      case 'load':
        this.#begin(this.#load(output.life))
        break
      case 'wake':
        this.#cancelWake()
        this.#cancelWake = scheduler.after(Math.max(0, output.atMs - scheduler.nowMs()), () =>
          this.take({ type: 'wake' }),
        )
        break
      default:
    }
  }

  #begin(work: Promise<void>): void {
    this.#busy.add(work)
    void work.finally(() => this.#busy.delete(work))
  }

  async #write(write: LifeWrite): Promise<void> {
    const { store, actor, observer, scheduler } = this.#options
    const fromMs = scheduler.nowMs()
    try {
      // An actor that a restart would not know might be drawn anew while its dots are out.
      await actor.durable()
      await store.write(write)
    } catch (error) {
      observer.storeFailed?.(error)
      this.take({ type: 'store-failed', write: write.write })
      return
    }
    observer.stored?.((scheduler.nowMs() - fromMs) / 1000)
    this.take({ type: 'stored', write: write.write })
  }

  /** What a store refuses for a while is not lost: to take it for that would fetch it anew, and cost an actor. */
  #loadAgain(life: LifeKey, lost: number): void {
    this.#options.scheduler.after(LOAD_AGAIN_MS, () => {
      if (!this.#isStopped) this.#begin(this.#load(life, lost))
    })
  }

  /** @param lost reads that came to nothing because of the medium. */
  async #load(life: LifeKey, lost = 0): Promise<void> {
    const { store, observer } = this.#options
    let parts: Uint8Array[]
    try {
      parts = await store.load(life)
    } catch (error) {
      observer.storeFailed?.(error)
      const reads = lost + (isUnreadable(error) ? 1 : 0)
      if (reads < LOST_READS) this.#loadAgain(life, reads)
      else this.take({ type: 'damaged', life })
      return
    }
    this.take({ type: 'loaded', life, parts })
  }
}
