/** Every type of this build by its number: what a document makes of containers that arrive from elsewhere. */
import { refuse } from '../errors.ts'
import type { Container, Place } from '../kernel/container.ts'
import { BoundedCounter } from '../types/bounded-counter.ts'
import { GCounter } from '../types/g-counter.ts'
import { GSet } from '../types/g-set.ts'
import { OrMap } from '../types/or-map.ts'
import { OrSet } from '../types/or-set.ts'
import { PnCounter } from '../types/pn-counter.ts'
import { isRegister, openRegister } from '../types/registers.ts'
import { Rga } from '../types/rga.ts'
import { Struct } from '../types/struct.ts'
import { tags } from '../types/tags.ts'
import { Text } from '../types/text.ts'
import { TwoPhaseSet } from '../types/two-phase-set.ts'

const constructors = new Map<number, new (place: Place) => Container>([
  [tags.gcounter, GCounter],
  [tags.pncounter, PnCounter],
  [tags.bcounter, BoundedCounter],
  [tags.gset, GSet],
  [tags['2pset'], TwoPhaseSet],
  [tags.orset, OrSet],
  [tags.ormap, OrMap],
  [tags.rga, Rga],
  [tags.text, Text],
  [tags.struct, Struct],
])

/** Types that cannot be reset, and therefore never stand below a removable key. */
export function isResettable(tag: number): boolean {
  return tag !== tags.gset && tag !== tags['2pset'] && tag !== tags.bcounter
}

/** A `TypeTable` of all types; undefined for a number this build does not know. */
export function allTypes(tag: number, place: Place): Container | undefined {
  if (place.removable && !isResettable(tag)) {
    refuse('CORE_SCHEMA_INVALID', 'a G-Set, 2P-Set or bounded counter cannot stand below a removable key')
  }
  if (isRegister(tag)) return openRegister(tag, place)
  const Type = constructors.get(tag)
  return Type === undefined ? undefined : new Type(place)
}
