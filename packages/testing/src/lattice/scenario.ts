/** A random history of stand-alone replicas, as plain JSON: it can be shrunk, printed, kept and replayed. */
import fc from 'fast-check'

export type LatticeStep<Op> =
  | { readonly type: 'mutate'; readonly replica: number; readonly op: Op }
  /** Takes the delta since the last take. Every delta stays deliverable for ever. */
  | { readonly type: 'take'; readonly replica: number }
  /** Delivers one of the deltas taken so far, wherever it stands in its author's order, and as often as it comes up. */
  | { readonly type: 'deliver'; readonly replica: number; readonly delta: number }
  /** Sends a whole state. */
  | { readonly type: 'exchange'; readonly replica: number; readonly from: number }
  /** Stops a replica and loads what it had encoded, under the same actor. */
  | { readonly type: 'resume'; readonly replica: number }
  /** Moves a wall clock. */
  | { readonly type: 'tick'; readonly replica: number; readonly millis: number }

export interface LatticeScenario<Op> {
  readonly replicas: number
  readonly steps: readonly LatticeStep<Op>[]
  /** Decides in what order everything is delivered in the end, and what is delivered twice. */
  readonly order: number
}

/** Replicas of a step beyond those of the scenario wrap around. */
export const replicaNumbers: fc.Arbitrary<number> = fc.nat(4)

/** Mostly small steps; the large one is beyond what others believe of a clock. */
export const clockSteps: fc.Arbitrary<number> = fc.constantFrom(1, 1, 2, 500, 200_000)

export function latticeScenarios<Op>(ops: fc.Arbitrary<Op>): fc.Arbitrary<LatticeScenario<Op>> {
  const type = <T extends string>(name: T): fc.Arbitrary<T> => fc.constant(name)
  const replica = replicaNumbers
  const step: fc.Arbitrary<LatticeStep<Op>> = fc.oneof(
    { weight: 16, arbitrary: fc.record({ type: type('mutate'), replica, op: ops }) },
    { weight: 6, arbitrary: fc.record({ type: type('take'), replica }) },
    { weight: 8, arbitrary: fc.record({ type: type('deliver'), replica, delta: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ type: type('exchange'), replica, from: replicaNumbers }) },
    { weight: 1, arbitrary: fc.record({ type: type('resume'), replica }) },
    { weight: 1, arbitrary: fc.record({ type: type('tick'), replica, millis: clockSteps }) },
  )
  return fc.record({
    replicas: fc.integer({ min: 3, max: 5 }),
    steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
    order: fc.nat(),
  })
}
