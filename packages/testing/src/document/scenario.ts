/** A random history of documents, as plain JSON: it can be shrunk, printed, kept and replayed. */
import fc from 'fast-check'
import { clockSteps, replicaNumbers } from '../lattice/scenario.ts'

export type DocumentStep<Op> =
  /** One change of several operations; one that fails throws after the last of them. */
  | { readonly type: 'change'; readonly replica: number; readonly ops: readonly Op[]; readonly fails?: boolean }
  /** Delivers one of the changes made so far, early or late, known or not. */
  | { readonly type: 'deliver'; readonly replica: number; readonly change: number }
  /** Sends what the other lacks: changes if the log has them, else a snapshot. */
  | { readonly type: 'sync'; readonly replica: number; readonly from: number }
  | { readonly type: 'snapshot'; readonly replica: number; readonly from: number }
  /** Stops a replica and loads it again under the same actor: from a snapshot, or from a snapshot and the changes since. */
  | { readonly type: 'reload'; readonly replica: number }
  | { readonly type: 'compact'; readonly replica: number }
  | { readonly type: 'tick'; readonly replica: number; readonly millis: number }

export interface DocumentScenario<Op> {
  readonly replicas: number
  readonly steps: readonly DocumentStep<Op>[]
  /** Decides the orders and subsets of the end. */
  readonly order: number
}

export function documentScenarios<Op>(ops: fc.Arbitrary<Op>): fc.Arbitrary<DocumentScenario<Op>> {
  const type = <T extends string>(name: T): fc.Arbitrary<T> => fc.constant(name)
  const replica = replicaNumbers
  const several = fc.array(ops, { minLength: 1, maxLength: 3, size: 'max' })
  const step: fc.Arbitrary<DocumentStep<Op>> = fc.oneof(
    { weight: 14, arbitrary: fc.record({ type: type('change'), replica, ops: several }) },
    { weight: 1, arbitrary: fc.record({ type: type('change'), replica, ops: several, fails: fc.constant(true) }) },
    { weight: 8, arbitrary: fc.record({ type: type('deliver'), replica, change: fc.nat(40) }) },
    { weight: 5, arbitrary: fc.record({ type: type('sync'), replica, from: replicaNumbers }) },
    { weight: 2, arbitrary: fc.record({ type: type('snapshot'), replica, from: replicaNumbers }) },
    { weight: 1, arbitrary: fc.record({ type: type('reload'), replica }) },
    { weight: 1, arbitrary: fc.record({ type: type('compact'), replica }) },
    { weight: 1, arbitrary: fc.record({ type: type('tick'), replica, millis: clockSteps }) },
  )
  return fc.record({
    replicas: fc.integer({ min: 3, max: 5 }),
    steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
    order: fc.nat(),
  })
}
