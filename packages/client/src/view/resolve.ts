/**
 * Finds the ids that the server gave to elements inserted by a request.
 *
 * Its answer shows the document right after the request, and the request's own elements are the youngest of the server's
 * actor, numbered in the order in which they were inserted. The values must agree, and no other actor may fit as well: a wrong
 * match would move somebody's text, no match only sets a request aside.
 */
import type { JsonValue } from '@joinery/core'
import type { Created } from '../outbox/records.ts'
import { parseElementId } from './packed-ids.ts'

interface Candidate {
  readonly id: string
  readonly counter: number
  readonly value: JsonValue
}

/**
 * @param known ids that were there before the request, to tell the server's actor from earlier ones where several fit.
 * @returns ids by reference; undefined when they cannot be told.
 */
export function resolveCreated(
  created: readonly Created[],
  after: { readonly ids: readonly string[]; readonly units: readonly JsonValue[] },
  known: ReadonlySet<string>,
): ReadonlyMap<string, string> | undefined {
  if (created.length === 0) return new Map()
  const fitting = byActor(after)
    .map((list) => list.sort((a, b) => a.counter - b.counter).slice(-created.length))
    .filter((list) => list.length === created.length && list.every((one, i) => same(one.value, created[i]?.value)))
  const fresh = fitting.length > 1 ? fitting.filter((list) => !list.some(({ id }) => known.has(id))) : fitting
  const [only] = fresh
  if (fresh.length !== 1 || only === undefined) return undefined
  return new Map(created.map(({ ref }, index) => [ref, (only[index] as Candidate).id]))
}

function byActor(after: { readonly ids: readonly string[]; readonly units: readonly JsonValue[] }): Candidate[][] {
  const lists = new Map<string, Candidate[]>()
  for (const [index, id] of after.ids.entries()) {
    const parsed = parseElementId(id)
    if (parsed === undefined) continue
    const list = lists.get(parsed.actor) ?? []
    lists.set(parsed.actor, list)
    list.push({ id, counter: parsed.counter, value: after.units[index] as JsonValue })
  }
  return [...lists.values()]
}

function same(a: JsonValue, b: JsonValue | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
