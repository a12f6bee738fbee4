/** Plays a random history of a stand-alone type. */
import { type Actor, type Container, CoreError } from '@joinery/core'
import { TestWall, testActor, testNames } from '../actors.ts'
import { assertBytes, assertEqual } from '../assert.ts'
import type { Tagged } from '../oracle/tagged.ts'
import { seededRandom } from '../random.ts'
import type { LatticeScenario, LatticeStep } from './scenario.ts'
import type { AnySubject } from './subject.ts'

export interface Delta {
  readonly bytes: Uint8Array
  readonly ops: readonly number[]
}

/** A replica, and beside it what others can know of it. */
export interface Replica {
  readonly actor: Actor
  readonly wall: TestWall
  value: Container
  /** Joins, without ever mutating, what the replica took and received: must end equal to it. */
  readonly shadow: Container
  /** Operations received or done. */
  readonly seen: Set<number>
  /** Operations done since the last take. */
  pending: number[]
  change: number
}

export interface LatticeRun {
  readonly replicas: readonly Replica[]
  readonly deltas: readonly Delta[]
  readonly ops: readonly Tagged<unknown>[]
  /** What the replicas had before everything was delivered to everyone. */
  readonly states: readonly Uint8Array[]
}

export class LatticePlay {
  readonly #subject: AnySubject
  readonly #deltas: Delta[] = []
  readonly #ops: Tagged<unknown>[] = []
  readonly #replicas: Replica[]
  /** Operations that others may have undone before their delta was taken: the delta then says nothing of them. */
  readonly #overtaken = new Set<number>()
  /** Somebody worked on less than the authors of what it had seen knew. */
  #guessed = false

  constructor(subject: AnySubject, replicas: number) {
    this.#subject = subject
    this.#replicas = testNames.slice(0, replicas).map(({ name, epoch }) => {
      const wall = new TestWall()
      const actor = testActor(name, epoch, wall)
      const shadow = subject.create(testActor('shadow', epoch))
      return { actor, wall, value: subject.create(actor), shadow, seen: new Set(), pending: [], change: 1 }
    })
  }

  #replica(number: number): Replica {
    return this.#replicas[number % this.#replicas.length] as Replica
  }

  step(step: LatticeStep<unknown>): void {
    const replica = this.#replica(step.replica)
    switch (step.type) {
      case 'mutate':
        this.#mutate(replica, step.op)
        return
      case 'take':
        this.take(replica)
        return
      case 'deliver':
        if (this.#deltas.length > 0) this.deliver(replica, this.#deltas[step.delta % this.#deltas.length] as Delta)
        return
      case 'exchange':
        this.exchange(this.#replica(step.from), replica)
        return
      case 'resume':
        this.take(replica)
        replica.value = this.#subject.decode(replica.value.encode(), replica.actor)
        return
      case 'tick':
        replica.wall.millis += step.millis
    }
  }

  #mutate(replica: Replica, op: unknown): void {
    if (!this.#isClosed(replica)) this.#guessed = true
    const before = new Set(replica.seen)
    const done: unknown = this.#subject.model.perform(replica.value, op)
    if (done === undefined) return
    const { actor, change } = replica
    const id = this.#ops.length + 1
    this.#ops.push({ id, actor: actor.id, time: actor.clock.lastMicros, change, seen: before, op: done })
    replica.seen.add(id)
    replica.pending.push(id)
  }

  /**
   * Whether the definition cannot say what should come out: an index was given by a replica that lacked what others had built on, and
   * where a moved element stands for such a replica is not part of the definition. That all end equal is checked all the same.
   */
  #isGuess(): boolean {
    return this.#guessed && this.#ops.some(({ op }) => JSON.stringify(op).includes('"type":"move"'))
  }

  take(replica: Replica): void {
    const delta = { bytes: replica.value.takeDelta(), ops: replica.pending }
    replica.pending = []
    replica.change += 1
    this.#deltas.push(delta)
    replica.shadow.join(delta.bytes)
  }

  deliver(replica: Replica, { bytes, ops }: Delta): void {
    for (const id of replica.pending) this.#overtaken.add(id)
    replica.value.join(bytes)
    replica.shadow.join(bytes)
    for (const id of ops) replica.seen.add(id)
  }

  exchange(from: Replica, to: Replica): void {
    const bytes = from.value.encode()
    // What was seen by others can no longer be changed without a trace.
    from.change += 1
    for (const id of [...from.pending, ...to.pending]) this.#overtaken.add(id)
    if (from !== to) to.shadow.join(bytes)
    to.value.join(bytes)
    for (const id of from.seen) to.seen.add(id)
  }

  /**
   * Whether a replica has everything that the authors of what it has had seen. With less than that, the effect of a delta may
   * rest on another that is missing, which the definition does not know of.
   */
  #isClosed({ seen }: Replica): boolean {
    return this.#ops.every(({ id, seen: before }) => {
      if (!seen.has(id)) return true
      return !this.#overtaken.has(id) && [...before].every((other) => seen.has(other))
    })
  }

  /** Compares a replica with the definition, as far as it has received everything. */
  compare(replica: Replica, when: string): void {
    const { model } = this.#subject
    const ops = this.#ops.filter(({ id }) => replica.seen.has(id))
    const expected = model.evaluate({ ops, resets: [], removable: false })
    assertEqual(
      model.canonical(replica.value.toJSON()),
      expected,
      `${model.name} ${when} is not what its definition says`,
    )
  }

  /** Delivers every delta to every replica, in an order of its own each, some of them twice. */
  settle(order: number): LatticeRun {
    const random = seededRandom(order)
    for (const replica of this.#replicas) this.take(replica)
    for (const replica of this.#replicas) if (this.#isClosed(replica)) this.compare(replica, 'with some of the deltas')
    const states = this.#replicas.map(({ value }) => value.encode())
    for (const [i, { shadow }] of this.#replicas.entries()) {
      assertBytes(shadow.encode(), states[i] as Uint8Array, 'joined deltas are not the state that was mutated')
    }
    for (const replica of this.#replicas) {
      const twice = random.some(this.#deltas, 1, 3)
      for (const { bytes } of random.shuffle([...this.#deltas, ...twice])) replica.value.join(bytes)
      for (const { id } of this.#ops) replica.seen.add(id)
    }
    // The others will be seen to have the same bytes.
    if (!this.#isGuess()) this.compare(this.#replicas[0] as Replica, 'with all deltas')
    return { replicas: this.#replicas, deltas: this.#deltas, ops: this.#ops, states }
  }
}

export function playLattice(subject: AnySubject, scenario: LatticeScenario<unknown>): LatticeRun {
  const play = new LatticePlay(subject, scenario.replicas)
  for (const [i, step] of scenario.steps.entries()) {
    try {
      play.step(step)
    } catch (error) {
      if (error instanceof CoreError)
        throw new Error(`step ${i} (${step.type}): ${error.code}: ${error.message}`, { cause: error })
      throw error
    }
  }
  return play.settle(scenario.order)
}
