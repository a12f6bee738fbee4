/** Fields that several wrote without knowing of each other: which write shows, which do not, and why. */
import type { KeyWrite } from '@joinery/core'
import type { FieldOf } from '../model/field-keys.ts'
import type { ConcurrentWrite, Conflict } from '../model/types.ts'

/** @param writes of one field, the one that shows first; there is no conflict where there is one. */
export function conflictOf(
  kind: Conflict['kind'],
  { id, field }: FieldOf,
  writes: readonly KeyWrite[],
): Conflict | undefined {
  const [won, ...others] = writes
  if (won === undefined || others.length === 0) return undefined
  // A replica has them in an order of its own.
  const lost = others.toSorted((a, b) => b.timeMicros - a.timeMicros || (a.replica < b.replica ? 1 : -1))
  const because = lost.every(({ timeMicros }) => timeMicros < won.timeMicros) ? 'later' : 'larger name'
  return { kind, id, field, won: shown(won), lost: lost.map(shown), because }
}

/** Ascending by kind, name and field, so that all nodes tell the same. */
export function byName(a: Conflict, b: Conflict): number {
  return compare(a.kind, b.kind) || compare(a.id, b.id) || compare(a.field, b.field)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** A write as its readers see it. */
export function shown({ value, timeMicros, replica }: KeyWrite): ConcurrentWrite {
  return { value, time: timeText(timeMicros), by: replica }
}

/** The last instant that RFC 3339 has a text for. */
const MS_MAX = Date.UTC(9999, 11, 31)

function timeText(micros: number): string {
  return new Date(Math.min(micros / 1000, MS_MAX)).toISOString()
}
