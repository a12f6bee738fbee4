/**
 * Schemas: the root fields of a document and their types, from which TypeScript infers the whole shape.
 *
 *     const schema = defineSchema({ title: lww<string>(), tags: orSet<string>(), items: list(struct({ done: ewFlag() })) })
 *
 * A schema is a lens, not a gate: fields that it does not know are kept and replicated all the same.
 */
import type { JsonValue } from '../codec/json.ts'
import type { Container, Place } from '../kernel/container.ts'
import { type HandleOf, requireResettable, type Spec, type TypeTable } from '../kernel/spec.ts'
import { BoundedCounter } from '../types/bounded-counter.ts'
import { DisableWinsFlag } from '../types/disable-wins-flag.ts'
import { EnableWinsFlag } from '../types/enable-wins-flag.ts'
import { GCounter } from '../types/g-counter.ts'
import { GSet } from '../types/g-set.ts'
import { LwwRegister } from '../types/lww-register.ts'
import { MvRegister } from '../types/mv-register.ts'
import { OrMap } from '../types/or-map.ts'
import { OrSet } from '../types/or-set.ts'
import { PnCounter } from '../types/pn-counter.ts'
import { Rga } from '../types/rga.ts'
import { Struct, type ViewClass } from '../types/struct.ts'
import * as tags from '../types/tag-numbers.ts'
import { Text } from '../types/text.ts'
import { TwoPhaseSet } from '../types/two-phase-set.ts'

/** Field names and their types. */
export type FieldSpecs = Readonly<Record<string, Spec>>

/** The handles of a struct's fields. */
export type Fields<S extends FieldSpecs> = { readonly [K in keyof S]: HandleOf<S[K]> }

/** The type of a struct; a schema is the struct of a document's root. */
export interface StructSpec<S extends FieldSpecs = FieldSpecs> extends Spec<Fields<S>> {
  readonly fields: S
}

export type Schema<S extends FieldSpecs = FieldSpecs> = StructSpec<S>

/** The specification of a type that says nothing of what is in its containers. */
function specBy<C extends Container>(tag: number, Type: new (place: Place) => C): Spec<C> {
  return {
    tag,
    resettable: tags.isResettable(tag),
    create: (place) => new Type(place),
    handle: (container) => container as C,
  }
}

/**
 * The types that a schema names, wherever in it: a document of these needs no others in its bundle.
 * @param schema left out for none.
 */
export function typesIn(schema: Spec | undefined): TypeTable {
  const known = new Map<number, Spec>()
  const learn = (spec: Spec): void => {
    if (!known.has(spec.tag)) known.set(spec.tag, spec)
    for (const inner of spec.inner ?? []) learn(inner)
  }
  if (schema !== undefined) learn(schema)
  return (tag, place) => {
    if (place.removable) requireResettable({ resettable: tags.isResettable(tag) })
    return known.get(tag)?.create(place)
  }
}

/** A counter that only goes up. */
export const gCounter = (): Spec<GCounter> => specBy(tags.gcounter, GCounter)
/** A counter that goes up and down. */
export const pnCounter = (): Spec<PnCounter> => specBy(tags.pncounter, PnCounter)
/** A counter that never goes below zero. */
export const boundedCounter = (): Spec<BoundedCounter> => specBy(tags.bcounter, BoundedCounter)
/** A set that only grows. */
export const gSet = <T extends JsonValue>(): Spec<GSet<T>> => specBy(tags.gset, GSet<T>)
/** A set whose removals are for ever. */
export const twoPhaseSet = <T extends JsonValue>(): Spec<TwoPhaseSet<T>> => specBy(tags.twoPhaseSet, TwoPhaseSet<T>)
/** A set in which adding wins over concurrent removing. */
export const orSet = <T extends JsonValue>(): Spec<OrSet<T>> => specBy(tags.orset, OrSet<T>)
/** A value; the last write wins. */
export const lww = <T extends JsonValue>(): Spec<LwwRegister<T>> => specBy(tags.lww, LwwRegister<T>)
/** A value that shows all concurrent writes. */
export const mvRegister = <T extends JsonValue>(): Spec<MvRegister<T>> => specBy(tags.mvreg, MvRegister<T>)
/** A boolean; enabling wins. */
export const ewFlag = (): Spec<EnableWinsFlag> => specBy(tags.ewflag, EnableWinsFlag)
/** A boolean; disabling wins. */
export const dwFlag = (): Spec<DisableWinsFlag> => specBy(tags.dwflag, DisableWinsFlag)
/** A text for people who write together. */
export const text = (): Spec<Text> => specBy(tags.text, Text)

/** A map with removable keys. Throws `CORE_SCHEMA_INVALID` for values that cannot be reset. */
export function orMap<H = unknown>(values?: Spec<H>): Spec<OrMap<H>> {
  if (values !== undefined) requireResettable(values)
  return {
    tag: tags.ormap,
    resettable: true,
    inner: values === undefined ? [] : [values],
    create: (place) => new OrMap<H>(place),
    handle: (container) => (container as OrMap<H>).bind(values),
  }
}

/** A list: of JSON values (`list<string>()`), or of containers of one type (`list(struct({…}))`). */
export function list<E = JsonValue>(elements?: Spec<E>): Spec<Rga<E>> {
  return {
    tag: tags.rga,
    resettable: true,
    inner: elements === undefined ? [] : [elements],
    create: (place) => new Rga<E>(place),
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
    inner: Object.values(fields),
    create: (place) => new Struct(place),
    handle: (container) => (container as Struct).view(View) as Fields<S>,
  }
}

/** The root fields of a document. */
export function defineSchema<S extends FieldSpecs>(fields: S): Schema<S> {
  return struct(fields)
}

/** A class with a getter per field, which all its views share. The struct itself stays out of sight, so any field name is free. */
function viewOf(fields: FieldSpecs): ViewClass {
  class View {
    readonly #struct: Struct
    readonly #handles: unknown[] = []

    constructor(struct: Struct) {
      this.#struct = struct
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
  for (const [i, [name, spec]] of Object.entries(fields).entries())
    Object.defineProperty(View.prototype, name, View.getter(name, spec, i))
  return View
}
