/** Registers and flags by definition. */
import {
  type DisableWinsFlag,
  dwFlag,
  type EnableWinsFlag,
  ewFlag,
  type JsonValue,
  type LwwRegister,
  lww,
  type MvRegister,
  mvRegister,
} from '@joinery/core'
import fc from 'fast-check'
import { compareTimed, type Stamped, seenByAny, type Tagged, type Timed, type View } from '../oracle/tagged.ts'
import { type Model, same } from './model.ts'

export interface Write {
  readonly value: JsonValue
  /** Time and replica of its own: few, so that they tie. */
  readonly at?: number
  readonly by?: string
}

const values: fc.Arbitrary<JsonValue> = fc.oneof(fc.nat(99), fc.constantFrom('x', '', null, true, 0.5))

const stamps = fc.constantFrom<{ at?: number; by?: string }[]>(
  {},
  {},
  {},
  {},
  { at: 999_000 },
  { at: 1_000_002 },
  { at: 1_000_002, by: 'zoe' },
  { at: 1_000_002, by: 'amy' },
  { at: 999_000, by: 'node' },
)

const writes: fc.Arbitrary<Write> = fc.tuple(values, stamps).map(([value, stamp]) => ({ value, ...stamp }))

export function stampOf({ at, by }: Write): { timeMicros?: number; replica?: string } | undefined {
  if (at === undefined) return undefined
  return by === undefined ? { timeMicros: at } : { timeMicros: at, replica: by }
}

export function timed(tagged: Tagged<Write>): Timed & { readonly op: Write } {
  return { ...tagged, at: tagged.op.at, by: tagged.op.by }
}

/**
 * Writes that still count below a removable key: those that no removal has seen, and no younger write either. The youngest
 * first.
 */
export function liveWrites<W extends Timed>(writes: readonly W[], resets: readonly Stamped[]): W[] {
  const younger = (write: W): W[] => writes.filter((other) => compareTimed(other, write) > 0)
  const live = writes.filter((write) => !seenByAny(write, resets) && !seenByAny(write, younger(write)))
  return live.sort((a, b) => compareTimed(b, a))
}

/** The winning write; undefined when there is none. */
export function winner({ ops, resets }: View<Write>): Tagged<Write> | undefined {
  return liveWrites(ops.map(timed), resets)[0]
}

export const lwwModel: Model<LwwRegister, Write> = {
  name: 'lww',
  spec: lww(),
  ops: writes,
  perform: (register, op) => {
    register.set(op.value, stampOf(op))
    return op
  },
  evaluate: (view) => winner(view)?.op.value ?? null,
  canonical: same,
  empty: null,
  blank: null,
  identified: true,
}

/** Writes that no later write has seen, whatever their times, and no removal either. The youngest first. */
export function unseenWrites<W extends Timed>(writes: readonly W[], resets: readonly Stamped[]): W[] {
  return writes.filter((write) => !seenByAny(write, [...writes, ...resets])).sort((a, b) => compareTimed(b, a))
}

export const mvRegisterModel: Model<MvRegister, Write> = {
  ...lwwModel,
  name: 'mvreg',
  spec: mvRegister(),
  perform: (register, op) => {
    register.set(op.value, stampOf(op))
    return op
  },
  evaluate: ({ ops, resets }) => unseenWrites(ops.map(timed), resets).map(({ op }) => op.value),
  empty: [],
  blank: [],
}

export interface Switch {
  readonly on: boolean
}

export const ewFlagModel: Model<EnableWinsFlag, Switch> = {
  ...lwwModel,
  name: 'ewflag',
  spec: ewFlag(),
  ops: fc.record({ on: fc.boolean() }),
  perform: (flag, op) => {
    if (op.on) flag.enable()
    else flag.disable()
    return op
  },
  evaluate: ({ ops, resets }) => unseenWrites(ops, resets).some(({ op }) => op.on),
  empty: false,
  blank: false,
}

export const dwFlagModel: Model<DisableWinsFlag, Switch> = {
  ...ewFlagModel,
  name: 'dwflag',
  spec: dwFlag(),
  perform: (flag, op) => {
    if (op.on) flag.enable()
    else flag.disable()
    return op
  },
  evaluate: (view) => {
    const live = unseenWrites(view.ops, view.resets)
    return live.length > 0 && live.every(({ op }) => op.on)
  },
}
