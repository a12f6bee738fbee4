/** Why an entry is as it is: which write of each field won, over which others, and what is known of the entry. */
import type { JsonValue, KeyWrite, SchemaDoc } from '@joinery/core'
import type { EntryKey } from './kinds.ts'
import { rowKey } from './rows.ts'
import { compareTags, tagOf } from './tags.ts'
import { entriesOf } from './writes.ts'

/** A write that is there. */
export interface ExplainedWrite {
  readonly value: JsonValue
  /** Microseconds since 1970. */
  readonly timestamp: number
  readonly time: string
  readonly node: string
  readonly tag: string
}

/** A write that was made at the same time as the winner, neither having seen the other, and lost. */
export interface OverriddenWrite extends ExplainedWrite {
  /** `older`; `node`: same time, smaller node id; `epoch`: same node, of an earlier or later life of its store. */
  readonly because: 'older' | 'node' | 'epoch'
}

export interface ExplainedField extends ExplainedWrite {
  readonly overrode: readonly OverriddenWrite[]
}

export interface Explanation {
  /** Additions that nobody has removed. Empty where the entry is kept by concurrent updates alone. */
  readonly tags: readonly string[]
  /** Per author the last write that shows in the entry. */
  readonly clock: Readonly<Record<string, number>>
  readonly fields: Readonly<Record<string, ExplainedField>>
}

export function explainEntry(doc: SchemaDoc, { kind, id }: EntryKey, fields: readonly string[]): Explanation {
  const map = entriesOf(doc, kind)
  const additions = map.writes(rowKey(id))
  const writes = fields.map((field) => [field, map.writes(rowKey(id, field))] as const)
  const all = [additions, ...writes.map(([, each]) => each)].flat()
  return {
    tags: additions.map(({ dot }) => tagOf(dot)).toSorted(compareTags),
    clock: clockOf(all),
    fields: Object.fromEntries(
      writes.flatMap(([field, [won, ...lost]]) => (won ? [[field, explained(won, lost)]] : [])),
    ),
  }
}

function clockOf(writes: readonly KeyWrite[]): Record<string, number> {
  const clock = new Map<string, number>()
  for (const { dot } of writes) clock.set(dot.actor, Math.max(clock.get(dot.actor) ?? 0, dot.counter))
  return Object.fromEntries([...clock].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function explained(won: KeyWrite, lost: readonly KeyWrite[]): ExplainedField {
  return { ...shown(won), overrode: lost.map((write) => ({ ...shown(write), because: reason(won, write) })) }
}

function reason(won: KeyWrite, lost: KeyWrite): OverriddenWrite['because'] {
  if (lost.timeMicros !== won.timeMicros) return 'older'
  return lost.replica === won.replica ? 'epoch' : 'node'
}

function shown({ value, timeMicros, replica, dot }: KeyWrite): ExplainedWrite {
  const time = new Date(Math.floor(timeMicros / 1000)).toISOString()
  return { value, timestamp: timeMicros, time, node: replica, tag: tagOf(dot) }
}
