/** What a tab made on a state that another one takes the place of, on top of that. */
import { type Actor, CoreError, type FieldSpecs, type SchemaDoc } from '@joinery/core'
import type { Kept } from '../live/kept.ts'
import { adopted, nameOf, type OwnChange, ownChange } from '../live/life.ts'
import type { FromLeader } from '../live/tabs.ts'

type State = Extract<FromLeader, { is: 'state' }>

/**
 * The document as the leader has it, with what of this tab's changes the leader has not; and those of them that the server has not.
 * @param own what this tab made and the server has not stored, as far as it knows.
 */
export function rebased<S extends FieldSpecs>(
  kept: Kept<S>,
  actor: Actor,
  own: readonly OwnChange[],
  { base, unstored, incarnation }: State,
): { readonly doc: SchemaDoc<S>; readonly unstored: OwnChange[] } {
  const parts = [...base, ...unstored]
  const there = parts.length === 0 ? kept.blank(actor, incarnation) : kept.load(parts, actor)
  const mine = own.filter((each) => each.actor === actor.id)
  const theirs = unstored.map((bytes) => ownChange(bytes, 0, true)).filter((each) => each.actor === actor.id)
  // The leader may have written anew what these follow.
  const rest = adopted(
    mine.filter(({ last }) => last > there.known(actor.id)),
    incarnation,
    theirs.at(-1)?.bytes,
  )
  const orders = new Map(mine.map((each) => [nameOf(each), each.order]))
  const known = theirs.flatMap((each) => {
    const order = orders.get(nameOf(each))
    return order === undefined ? [] : [{ ...each, order }]
  })
  const all = [...parts, ...rest.map(({ bytes }) => bytes)]
  return { doc: rest.length === 0 ? there : kept.load(all, actor), unstored: [...known, ...rest] }
}

/** The same; undefined where one does not follow the other. */
export function rebasedOr<S extends FieldSpecs>(
  ...args: Parameters<typeof rebased<S>>
): ReturnType<typeof rebased<S>> | undefined {
  try {
    return rebased(...args)
  } catch (error) {
    if (error instanceof CoreError) return undefined
    throw error
  }
}
