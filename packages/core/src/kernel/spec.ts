/** What a schema says of a field: its type, how to make one, and the face it shows its user. */
import { refuse } from '../errors.ts'
import type { Container, Place } from './container.ts'

/** @typeParam H what the user handles: the container itself, or the fields of a struct. */
export interface Spec<H = unknown> {
  readonly tag: number
  /** False for types that cannot stand below a removable key. */
  readonly resettable: boolean
  /** What its containers hold, where it says so. */
  readonly inner?: readonly Spec[]
  create(place: Place): Container
  /** The handle of a container of this type, whoever created it. */
  handle(container: Container): H
}

/** Makes the types that arrive from elsewhere, by number; undefined for a number this build does not know. */
export type TypeTable = (tag: number, place: Place) => Container | undefined

/** A table of one type, or of none. */
export function typesOf(spec: Spec | undefined): TypeTable {
  return (tag, place) => (tag === spec?.tag ? spec.create(place) : undefined)
}

/** A type by its number. Making a container throws `CORE_SCHEMA_INVALID` where the table does not have it. */
export function specIn(types: TypeTable | undefined, tag: number): Spec<Container> {
  const create = (place: Place): Container =>
    types?.(tag, place) ?? refuse('CORE_SCHEMA_INVALID', 'a type not known here')
  return { tag, resettable: true, create, handle: (made) => made }
}

/** The handle of a specification. */
export type HandleOf<S> = S extends Spec<infer H> ? H : never

/** Refuses a type below a removable key that could not be reset with it. */
export function requireResettable({ resettable }: Pick<Spec, 'resettable'>): void {
  if (!resettable) refuse('CORE_SCHEMA_INVALID', 'a type that cannot be reset, below a removable key')
}
