/** Copies of containers by value: what undo brings back under new ids. */
import type { JsonValue } from '../codec/json.ts'
import { toWellFormed } from '../codec/wtf8.ts'
import type { Container } from '../kernel/container.ts'
import type { Spec } from '../kernel/spec.ts'
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
import { Struct } from '../types/struct.ts'
import { type TypeName, tags } from '../types/tags.ts'
import { Text } from '../types/text.ts'
import { TwoPhaseSet } from '../types/two-phase-set.ts'
import { specOf } from './schema.ts'

/** Writes a value into an empty container of the type it came from. */
type Copy = (into: Container) => void

/** Remembers the value of a container as it is now. */
export function copyValue(container: Container): Copy {
  const copy = copyOf(container)
  return (into) => {
    if (into !== container) container.place.site.copies.set(container, into)
    copy(into)
  }
}

function copyOf(container: Container): Copy {
  if (container instanceof Text) {
    const text = container.slice()
    const elements = container.elements()
    return (into) => {
      ;(into as Text).insertAfter(undefined, toWellFormed(text))
      ;(into as Text).copiedFrom(elements)
    }
  }
  if (container instanceof Rga) return copyList(container)
  if (container instanceof OrMap) return copyMap(container)
  if (container instanceof Struct) return copyStruct(container)
  if (container instanceof OrSet || container instanceof GSet || container instanceof TwoPhaseSet) {
    const elements = [...container.values()] as JsonValue[]
    return (into) => {
      for (const elem of elements) (into as OrSet).add(elem)
    }
  }
  return copyScalar(container)
}

function copyScalar(container: Container): Copy {
  if (container instanceof LwwRegister || container instanceof MvRegister) {
    const value = container instanceof LwwRegister ? container.value : container.values[0]
    return (into) => (value === undefined ? undefined : (into as LwwRegister).set(value as JsonValue))
  }
  if (container instanceof EnableWinsFlag || container instanceof DisableWinsFlag) {
    const { value } = container
    return (into) => (value ? (into as EnableWinsFlag).enable() : undefined)
  }
  if (container instanceof GCounter || container instanceof PnCounter || container instanceof BoundedCounter) {
    const { value } = container
    return (into) =>
      value > 0 ? (into as PnCounter).increment(value) : value < 0 ? (into as PnCounter).decrement(-value) : undefined
  }
  return () => {}
}

function copyStruct(struct: Struct): Copy {
  const fields = struct
    .entries()
    .map(({ name, container }) => ({ name, spec: specLike(container), copy: copyValue(container) }))
  return (into) => {
    for (const { name, spec, copy } of fields) copy((into as Struct).field(name, spec))
  }
}

function copyMap(map: OrMap): Copy {
  const entries = map.keys().map((key) => {
    const container = map.find(key) as Container
    return { key, spec: specLike(container), copy: copyValue(container) }
  })
  return (into) => {
    for (const { key, spec, copy } of entries) copy((into as OrMap).open(key, spec))
  }
}

function copyList(list: Rga): Copy {
  const elements = list.elements()
  const items = Array.from({ length: list.length }, (_, index) => {
    const container = list.find(index)
    return container === undefined
      ? { value: list.get(index) as JsonValue }
      : { spec: specLike(container), copy: copyValue(container) }
  })
  return (into) => {
    for (const { value, spec, copy } of items) {
      if (spec === undefined) (into as Rga).push(value as JsonValue)
      else copy((into as Rga).create(undefined, spec))
    }
    ;(into as Rga).copiedFrom(elements)
  }
}

/** The type of a container, for another of it. */
function specLike({ tag }: Container): Spec<Container> {
  const name = (Object.keys(tags) as TypeName[]).find((each) => tags[each] === tag) as TypeName
  return specOf<Container>(name)
}
