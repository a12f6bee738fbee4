/** What a peer lacks of a life, in causal order, and nothing that is not durable here. */
import { type ActorId, limits, openChange, readBundle, VersionVector } from '@joinery/core'
import type { Life } from '../documents/life.ts'
import type { LifeFrontier, WantedRange } from '../messages/messages.ts'

/** What is to be sent: changes, or the whole document where the log no longer reaches back so far. */
export type Lacking = readonly Uint8Array[] | 'snapshot'

/** @param frontier what the peer has, or a page of it: nothing is said of actors outside it. */
export function lackingOf(life: Life, { entries, after, through }: Pagelike, young: Young): Lacking {
  const known = new Map(entries.map(({ actor, counter }) => [actor, counter]))
  if (after !== '' || through !== '') {
    for (const { actor, counter } of life.entries()) {
      if (actor <= after || (through !== '' && actor > through)) known.set(actor, counter)
    }
  }
  const log = changesBeyond(life, known)
  if (log === undefined) return 'snapshot'
  const changes = durable(life, log)
  if (young.size === 0) return changes
  return changes.filter((bytes) => {
    const { actor, first } = openChange(bytes).header
    return first < (young.get(actor) ?? Number.POSITIVE_INFINITY)
  })
}

/** The first dot of each actor that is too young to be sent. */
export type Young = ReadonlyMap<ActorId, number>

type Pagelike = Pick<LifeFrontier, 'entries' | 'after' | 'through'>

/** The changes of these ranges, as far as the log has them. */
export function wantedOf(life: Life, ranges: readonly WantedRange[]): Lacking {
  const wanted = new Map(ranges.map((range) => [range.actor, range]))
  const known = new Map(life.entries().map(({ actor, counter }) => [actor, counter]))
  for (const { actor, from } of ranges) known.set(actor, from - 1)
  const log = changesBeyond(life, known)
  if (log === undefined) return 'snapshot'
  return durable(life, log).filter((bytes) => {
    const { actor, first } = openChange(bytes).header
    return first <= (wanted.get(actor)?.to ?? limits.dotCounterMax)
  })
}

/** Undefined where the log no longer reaches back so far, which never happens where changes are signed. */
function changesBeyond(life: Life, known: ReadonlyMap<ActorId, number>): readonly Uint8Array[] | undefined {
  const { signed } = life
  if (life.isPrivate) return []
  if (signed !== undefined) return signed.log.beyond((actor) => known.get(actor) ?? 0).map(({ bytes }) => bytes)
  const bundle = life.document?.changesSince(new VersionVector(known))
  return bundle && readBundle(bundle)
}

function durable(life: Life, changes: readonly Uint8Array[]): readonly Uint8Array[] {
  if (life.staged.length === 0) return changes
  return changes.filter((bytes) => {
    const { actor, first, length } = openChange(bytes).header
    return first + length - 1 <= life.durable(actor)
  })
}
