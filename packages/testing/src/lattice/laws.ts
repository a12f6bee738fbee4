/** The laws of a join semilattice, checked on the states and deltas of a random history. */
import { testActor } from '../actors.ts'
import { assert, assertBytes, refusal } from '../assert.ts'
import { type SeededRandom, seededRandom } from '../random.ts'
import type { LatticeRun } from './run.ts'
import type { AnySubject } from './subject.ts'

/** Joins states and deltas one after the other into a bottom. */
export function joined(subject: AnySubject, parts: readonly Uint8Array[]): Uint8Array {
  const value = subject.create(testActor('observer', 7))
  for (const part of parts) value.join(part)
  return value.encode()
}

export function checkLaws(subject: AnySubject, run: LatticeRun, order: number): void {
  const { replicas, deltas, states } = run
  const join = (...parts: readonly Uint8Array[]): Uint8Array => joined(subject, parts)
  const [final, ...others] = replicas.map(({ value }) => value.encode()) as [Uint8Array, ...Uint8Array[]]
  for (const other of others) assertBytes(other, final, 'replicas with the same deltas have other bytes')
  const bytes = deltas.map((delta) => delta.bytes)
  const random = seededRandom(order + 1)
  assertBytes(join(...random.shuffle(bytes)), final, 'deltas in another order')
  assertBytes(join(...random.shuffle(states)), final, 'whole states in another order')
  const parts = random.shuffle([...random.shuffle(states).slice(0, 2), ...random.shuffle(bytes).slice(0, 1)])
  checkAlgebra(subject, parts as [Uint8Array, Uint8Array, Uint8Array])
  for (const state of [states[0] as Uint8Array, final]) {
    const value = subject.decode(state, testActor('observer', 7))
    assertBytes(value.encode(), state, 'decoded and encoded again')
    assertBytes(join(state), state, 'joined to the bottom')
    assertBytes(join(state, state), state, 'joined to itself')
  }
}

/** States and deltas, concurrent as a rule. */
function checkAlgebra(subject: AnySubject, [a, b, c]: readonly [Uint8Array, Uint8Array, Uint8Array]): void {
  const join = (...all: readonly Uint8Array[]): Uint8Array => joined(subject, all)
  const bottom = subject.create(testActor('nobody', 7)).encode()
  const alone = join(a)
  assertBytes(join(bottom, a), alone, 'the bottom, then a part')
  assertBytes(join(a, bottom), alone, 'a part, then the bottom')
  assertBytes(join(a, a), alone, 'a part twice')
  const both = join(a, b)
  assertBytes(join(b, a), both, 'commutative')
  assertBytes(join(a, b, a, b), both, 'idempotent')
  const all = join(both, c)
  assertBytes(join(a, join(b, c)), all, 'associative')
  assertBytes(join(c, join(b, a)), all, 'associative and commutative')
}

/** A replica that comes back without its state must be told so by the first who knows more of it. */
export function checkRestart(subject: AnySubject, { replicas, ops }: LatticeRun, random: SeededRandom): number {
  if (!subject.model.identified) return 0
  const all = (replicas[0] as { value: { encode(): Uint8Array } }).value.encode()
  const active = replicas.filter(({ actor }) => ops.some((op) => op.actor === actor.id))
  for (const { actor } of random.shuffle(active).slice(0, 1)) {
    const reborn = subject.create(actor)
    const before = reborn.encode()
    const code = refusal(() => reborn.join(all))
    assert(code === 'CORE_ACTOR_REUSED', `a replica without its state joined that of others: ${code}`)
    assertBytes(reborn.encode(), before, 'what was refused changed something')
  }
  return Math.min(1, active.length)
}
