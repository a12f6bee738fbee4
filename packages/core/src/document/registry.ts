/** Every type of this build by its number: what a document makes of containers that arrive from elsewhere. */
import type { Container, Place } from '../kernel/container.ts'
import { requireResettable, type Spec } from '../kernel/spec.ts'
import { BoundedCounter } from '../types/bounded-counter.ts'
import { GCounter } from '../types/g-counter.ts'
import { GSet } from '../types/g-set.ts'
import { OrMap } from '../types/or-map.ts'
import { OrSet } from '../types/or-set.ts'
import { PnCounter } from '../types/pn-counter.ts'
import { isRegister, openRegister } from '../types/registers.ts'
import { Rga } from '../types/rga.ts'
import { Struct } from '../types/struct.ts'
import * as numbers from '../types/tag-numbers.ts'
import { type TypeName, tags } from '../types/tags.ts'
import { Text } from '../types/text.ts'
import { TwoPhaseSet } from '../types/two-phase-set.ts'

const constructors = new Map<number, new (place: Place) => Container>([
  [numbers.gcounter, GCounter],
  [numbers.pncounter, PnCounter],
  [numbers.bcounter, BoundedCounter],
  [numbers.gset, GSet],
  [numbers.twoPhaseSet, TwoPhaseSet],
  [numbers.orset, OrSet],
  [numbers.ormap, OrMap],
  [numbers.rga, Rga],
  [numbers.text, Text],
  [numbers.struct, Struct],
])

/** A `TypeTable` of all types; undefined for a number this build does not know. */
export function allTypes(tag: number, place: Place): Container | undefined {
  if (place.removable) requireResettable({ resettable: numbers.isResettable(tag) })
  if (isRegister(tag)) return openRegister(tag, place)
  const Type = constructors.get(tag)
  return Type === undefined ? undefined : new Type(place)
}

/** The specification of a type by its name, for tools that know no schema. */
export function specOf<C extends Container>(name: TypeName): Spec<C> {
  const tag = tags[name]
  return {
    tag,
    resettable: numbers.isResettable(tag),
    create: (place) => allTypes(tag, place) as Container,
    handle: (container) => container as C,
  }
}
