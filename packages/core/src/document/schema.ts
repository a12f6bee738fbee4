/**
 * Schemas: the root fields of a document and their types, from which TypeScript infers the whole shape.
 *
 *     const schema = defineSchema({ title: lww<string>(), tags: orSet<string>(), items: list(struct({ done: ewFlag() })) })
 *
 * A schema is a lens, not a gate: fields that it does not know are kept and replicated all the same.
 */
import type { JsonValue } from '../codec/json.ts'
import type { Container, Place } from '../kernel/container.ts'
import type { HandleOf, Spec } from '../kernel/spec.ts'
import { requireResettable } from '../kernel/spec.ts'
import type { BoundedCounter } from '../types/bounded-counter.ts'
import type { DisableWinsFlag } from '../types/disable-wins-flag.ts'
import type { EnableWinsFlag } from '../types/enable-wins-flag.ts'
import type { GCounter } from '../types/g-counter.ts'
import type { GSet } from '../types/g-set.ts'
import type { LwwRegister } from '../types/lww-register.ts'
import type { MvRegister } from '../types/mv-register.ts'
import { OrMap } from '../types/or-map.ts'
import type { OrSet } from '../types/or-set.ts'
import type { PnCounter } from '../types/pn-counter.ts'
import { Rga } from '../types/rga.ts'
import type { Struct, ViewClass } from '../types/struct.ts'
import { type TypeName, tags } from '../types/tags.ts'
import type { Text } from '../types/text.ts'
import type { TwoPhaseSet } from '../types/two-phase-set.ts'
import { allTypes, isResettable } from './registry.ts'

/** Field names and their types. */
export type FieldSpecs = Readonly<Record<string, Spec>>

/** The handles of a struct's fields. */
export type Fields<S extends FieldSpecs> = { readonly [K in keyof S]: HandleOf<S[K]> }

/** The type of a struct; a schema is the struct of a document's root. */
export interface StructSpec<S extends FieldSpecs = FieldSpecs> extends Spec<Fields<S>> {
  readonly fields: S
}

export type Schema<S extends FieldSpecs = FieldSpecs> = StructSpec<S>

/** The specification of a type by its name, for tools that know no schema. */
export function specOf<C extends Container>(name: TypeName): Spec<C> {
  return {
    tag: tags[name],
    resettable: isResettable(tags[name]),
    create: (place: Place) => allTypes(tags[name], place) as Container,
    handle: (container: Container) => container as C,
  }
}

/** A counter that only goes up. */
export const gCounter = (): Spec<GCounter> => specOf('gcounter')
/** A counter that goes up and down. */
export const pnCounter = (): Spec<PnCounter> => specOf('pncounter')
/** A counter that never goes below zero. */
export const boundedCounter = (): Spec<BoundedCounter> => specOf('bcounter')
/** A set that only grows. */
export const gSet = <T extends JsonValue>(): Spec<GSet<T>> => specOf('gset')
/** A set whose removals are for ever. */
export const twoPhaseSet = <T extends JsonValue>(): Spec<TwoPhaseSet<T>> => specOf('2pset')
/** A set in which adding wins over concurrent removing. */
export const orSet = <T extends JsonValue>(): Spec<OrSet<T>> => specOf('orset')
/** A value; the last write wins. */
export const lww = <T extends JsonValue>(): Spec<LwwRegister<T>> => specOf('lww')
/** A value that shows all concurrent writes. */
export const mvRegister = <T extends JsonValue>(): Spec<MvRegister<T>> => specOf('mvreg')
/** A boolean; enabling wins. */
export const ewFlag = (): Spec<EnableWinsFlag> => specOf('ewflag')
/** A boolean; disabling wins. */
export const dwFlag = (): Spec<DisableWinsFlag> => specOf('dwflag')
/** A text for people who write together. */
export const text = (): Spec<Text> => specOf('text')

/** A map with removable keys. Throws `CORE_SCHEMA_INVALID` for values that cannot be reset. */
export function orMap<H = unknown>(values?: Spec<H>): Spec<OrMap<H>> {
  if (values !== undefined) requireResettable(values)
  return {
    tag: tags.ormap,
    resettable: true,
    create: (place) => new OrMap<H>(place, values),
    handle: (container) => (container as OrMap<H>).bind(values),
  }
}

/** A list: of JSON values (`list<string>()`), or of containers of one type (`list(struct({…}))`). */
export function list<E = JsonValue>(elements?: Spec<E>): Spec<Rga<E>> {
  return {
    tag: tags.rga,
    resettable: true,
    create: (place) => new Rga<E>(place, elements),
    handle: (container) => (container as Rga<E>).bind(elements),
  }
}

/** Fixed fields of any types. Throws `CORE_SCHEMA_INVALID` below a removable key for fields that cannot be reset. */
export function struct<S extends FieldSpecs>(fields: S): StructSpec<S> {
  const View = viewOf(fields)
  return {
    tag: tags.struct,
    fields,
    resettable: Object.values(fields).every((field) => field.resettable),
    create: (place) => allTypes(tags.struct, place) as Container,
    handle: (container) => (container as Struct).view(View) as Fields<S>,
  }
}

/** The root fields of a document. */
export function defineSchema<S extends FieldSpecs>(fields: S): Schema<S> {
  return struct(fields)
}

/**
 * A class with a getter per field. The struct itself stays out of sight, so any field name is free. All views share the
 * getters: with getters of its own each would have a shape of its own, and every access would be slow.
 */
function viewOf(fields: FieldSpecs): ViewClass {
  class View {
    readonly #struct: Struct
    readonly #handles: unknown[] = []

    constructor(struct: Struct) {
      this.#struct = struct
      for (const [name, getter] of getters) Object.defineProperty(this, name, getter)
    }

    static getter(name: string, spec: Spec, index: number): PropertyDescriptor & ThisType<View> {
      return {
        enumerable: true,
        get() {
          this.#handles[index] ??= spec.handle(this.#struct.field(name, spec))
          return this.#handles[index]
        },
      }
    }
  }
  const getters = Object.entries(fields).map(([name, spec], i) => [name, View.getter(name, spec, i)] as const)
  return View
}
