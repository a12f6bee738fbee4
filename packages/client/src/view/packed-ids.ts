/** Element ids `counter@actor` as runs: a text of 100 000 units that was typed in one go takes one of them. */
import type { PackedIds } from '../outbox/records.ts'

export interface ElementId {
  readonly counter: number
  readonly actor: string
}

/** Undefined for what is not an id of the server. */
export function parseElementId(id: string): ElementId | undefined {
  const split = id.indexOf('@')
  const counter = Number(id.slice(0, Math.max(0, split)))
  return split > 0 && Number.isSafeInteger(counter) && counter > 0 ? { counter, actor: id.slice(split + 1) } : undefined
}

export function packIds(ids: readonly string[]): readonly PackedIds[] {
  const packed: PackedIds[] = []
  let run: { first: string; counter: number; actor: string; count: number } | undefined
  const flush = (): void => {
    if (run !== undefined) packed.push(run.count === 1 ? run.first : [run.first, run.count])
    run = undefined
  }
  for (const id of ids) {
    const parsed = parseElementId(id)
    if (parsed !== undefined && run?.actor === parsed.actor && run.counter + run.count === parsed.counter) {
      run.count += 1
      continue
    }
    flush()
    if (parsed === undefined) packed.push(id)
    else run = { first: id, ...parsed, count: 1 }
  }
  flush()
  return packed
}

export function unpackIds(packed: readonly PackedIds[]): string[] {
  const ids: string[] = []
  for (const run of packed) {
    if (typeof run === 'string') {
      ids.push(run)
      continue
    }
    const first = parseElementId(run[0]) as ElementId
    for (let i = 0; i < run[1]; i += 1) ids.push(`${first.counter + i}@${first.actor}`)
  }
  return ids
}
