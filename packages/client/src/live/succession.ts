/** How a tab goes on with a document that another one kept: what it has and what the storage has become one. */
import { encodeBundle, type FieldSpecs, readBundle, type VersionVector } from '@joinery/core'
import { type Life, nameOf, type OwnChange, ownChange } from './life.ts'

/**
 * What came from the server, was shared, and is not in the storage, because the tab that was to keep it is gone. Without it the storage
 * would go on to later positions over a gap.
 */
export function lackingSince<S extends FieldSpecs>(
  { doc, unstored }: Life<S>,
  known: VersionVector,
): Uint8Array | undefined {
  const own = new Set(unstored.map(nameOf))
  const bundle = doc.changesSince(known)
  if (bundle === undefined) return doc.snapshot()
  const lacking = readBundle(bundle).filter((bytes) => !own.has(nameOf(ownChange(bytes, 0, true))))
  return lacking.length === 0 ? undefined : encodeBundle(lacking)
}

/**
 * What the server has not stored: of the storage, oldest first, then what only this tab has.
 * @param kept of all tabs, as the storage has it.
 */
export function joined<S extends FieldSpecs>({ actor, unstored }: Life<S>, kept: readonly Uint8Array[]): OwnChange[] {
  const mine = new Map(unstored.map((own) => [nameOf(own), own]))
  let order = 0
  const known = kept.flatMap((bytes): OwnChange[] => {
    const found = ownChange(bytes, order, true)
    const own = mine.get(nameOf(found))
    mine.delete(nameOf(found))
    // What this tab knows to be stored the record may not know yet.
    if (own === undefined && found.actor === actor.id) return []
    order = own?.order ?? order
    return [own === undefined ? found : Object.assign(own, { durable: true })]
  })
  return [...known, ...mine.values()]
}
