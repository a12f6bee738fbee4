/**
 * Struct: fixed fields of any types; the root of every document, and what lists and maps of records hold.
 *
 * For users: `{ title, tags, votes }`, each field with the conflict rule of its own type. A field is identified by name and
 * type: two versions of a schema that give one name two types have two fields. Fields that a schema does not know are kept
 * and replicated all the same. Conflicts: none of its own. Space: its fields. Left out: removing a field (see `OrMap`).
 */

import type { JsonValue } from '../codec/json.ts'
import { isWellFormed, takesMore } from '../codec/utf8.ts'
import type { Writer } from '../codec/writer.ts'
import { refuse } from '../errors.ts'
import { FAST_PATHS } from '../fast-paths.ts'
import { CausalContainer } from '../kernel/causal-container.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, type Container, isTakenBack, type Parent } from '../kernel/container.ts'
import { beginPart, emptyPart, endPart, ListOrder, readPart, skipPart } from '../kernel/parts.ts'
import type { Path } from '../kernel/patch.ts'
import { type Spec, specIn } from '../kernel/spec.ts'
import { copyUnread, openUnread, type Unread } from '../kernel/unread.ts'
import * as limits from '../limits.ts'
import { pushTo } from '../lists.ts'
import * as tags from './tag-numbers.ts'

/** Makes the handle that a schema shows of a struct. */
export type ViewClass = new (struct: Struct) => object

interface Field {
  readonly name: string
  readonly container: Container
}

export class Struct extends CausalContainer implements Parent {
  readonly tag: number = tags.struct
  /** Fields by name: nearly always one, several where versions of a schema disagree on the type. */
  #read: Map<string, Field[]> | undefined
  /** Fields that were loaded and not needed yet: of many records few are looked at. */
  #unread: Unread | undefined
  /** Fields with something pending. Few, so a list. */
  #dirty: Container[] = NO_CONTAINERS
  /** The field that arrived last. */
  #arrived: Field | undefined
  /** The handle of the schema that it was read by last. Kept here, as what a `WeakMap` holds outlives small garbage collections. */
  #view: object | undefined

  /** Throws `CORE_DECODE_*` when a state that was loaded without being looked into is damaged. */
  get #fields(): Map<string, Field[]> {
    if (this.#unread !== undefined) this.#open(this.#unread)
    this.#read ??= new Map()
    return this.#read
  }

  #open(unread: Unread): void {
    this.#unread = undefined
    try {
      openUnread(unread, (input) => this.#readFields(input))
    } catch (error) {
      this.#unread = unread
      throw error
    }
  }

  /** The handle that a schema shows. @internal */
  view(View: ViewClass): object {
    if (!(this.#view instanceof View)) this.#view = new View(this)
    return this.#view
  }

  /** The field of a name and type, made now if it is not there yet. Throws `CORE_VALUE_INVALID` for an unusable name. */
  field(name: string, spec: Spec): Container {
    const known = this.#field(name, spec.tag)
    if (known !== undefined) return known.container
    checkKey(name)
    const container = spec.create(this.placeOf(name, this.place.removable))
    this.#add({ name, container })
    return container
  }

  #field(name: string, tag: number): Field | undefined {
    const fields = this.#fields.get(name)
    if (fields !== undefined) for (const field of fields) if (field.container.tag === tag) return field
    return undefined
  }

  #add(field: Field): void {
    pushTo(this.#fields, field.name, field)
  }

  /** The field of a name and type number, if it is there. */
  override find(name: string | number, tag?: number): Container | undefined {
    if (tag !== undefined) return this.#field(`${name}`, tag)?.container
    return this.#sorted().find((field) => field.name === `${name}`)?.container
  }

  /** The field, made where nothing was ever written to it. */
  override childAt(name: string, tag: number): Container | undefined {
    const known = this.#field(name, tag)
    if (known !== undefined) return known.container
    const container = this.place.site.types?.(tag, this.placeOf(name, this.place.removable))
    if (container !== undefined) this.#add({ name, container })
    return container
  }

  /** The fields that hold something, by name, then type. */
  #sorted(): Field[] {
    return [...this.#fields.values()]
      .flat()
      .filter(({ container }) => !container.isBottom())
      .sort((a, b) => (a.name === b.name ? a.container.tag - b.container.tag : a.name < b.name ? -1 : 1))
  }

  childTouched(child: Container): void {
    if (this.#dirty === NO_CONTAINERS) this.#dirty = [child]
    else if (!this.#dirty.includes(child)) this.#dirty.push(child)
  }

  showsChild(): boolean {
    return true
  }

  childPath(name: string | number): Path {
    return [...this.path(), name]
  }

  toJSON(): JsonValue {
    return Object.fromEntries(this.#sorted().map(({ name, container }) => [name, container.toJSON()]))
  }

  *#containers(): Iterable<Container> {
    for (const fields of this.#fields.values()) for (const { container } of fields) yield container
  }

  copy(): JsonValue {
    return this.#sorted().map(({ name, container }) => [name, container.tag, container.copy()])
  }

  paste(copied: JsonValue): void {
    for (const [name, tag, value] of copied as [string, number, JsonValue][]) {
      this.field(name, specIn(this.place.site.types, tag)).paste(value)
    }
  }

  override visitTags(visit: (dot: number) => void): void {
    for (const container of this.#containers()) container.visitTags(visit)
  }

  mentions(actor: number): boolean {
    for (const container of this.#containers()) if (container.mentions(actor)) return true
    return false
  }

  isBottom(): boolean {
    if (this.#unread !== undefined) return false
    if (this.#read === undefined) return true
    for (const container of this.#containers()) if (!container.isBottom()) return false
    return true
  }

  clear(): void {
    this.#unread = undefined
    for (const container of this.#containers()) container.clear()
    for (const [name, fields] of this.#read ?? []) {
      const kept = fields.filter(({ container }) => !isTakenBack(container))
      if (kept.length === 0) this.#read?.delete(name)
      else if (kept.length < fields.length) this.#read?.set(name, kept)
    }
    this.#arrived = undefined
    this.#forgetDirty()
  }

  reset(): void {
    for (const container of this.#containers()) {
      container.stamp = 0
      if (container.isBottom()) continue
      container.reset()
      this.childTouched(container)
    }
  }

  #forgetDirty(): void {
    while (this.#dirty.length > 0) this.#dirty.pop()
  }

  writePending(out: Encoder): void {
    const { writer } = out
    writer.varint(this.#dirty.length)
    for (const container of this.#dirty) {
      const body = beginField(writer, container)
      container.writePending(out)
      endPart(writer, body)
    }
    this.#forgetDirty()
  }

  writeState(out: Encoder): void {
    const { writer } = out
    if (this.#unread !== undefined && copyUnread(out, this.#unread)) return
    const fields = this.#sorted()
    writer.varint(fields.length)
    for (const { container } of fields) {
      const body = beginField(writer, container)
      container.writeState(out)
      endPart(writer, body)
    }
  }

  read(input: Decoder): Apply {
    if (input.lazy && this.place.parent !== undefined && this.isBottom()) {
      const unread = this.#pass(input)
      if (unread !== undefined) {
        return () => {
          this.#unread = unread
        }
      }
    }
    return this.#readFields(input)
  }

  /**
   * Passes over the fields where all need nothing but their own bytes, and are of types that are known here; answers undefined, with
   * nothing read, for others.
   */
  #pass(input: Decoder): Unread | undefined {
    const { reader, partEnd } = input
    const at = reader.at
    for (let left = reader.count(3); left > 0; left -= 1) {
      reader.skip(reader.varint(limits.keyBytesMax))
      if (!this.#isSelfContained(input, reader.byte())) {
        reader.at = at
        return undefined
      }
      reader.skip(reader.varint())
    }
    if (reader.at !== partEnd) reader.invalid('not as announced')
    return { input, at, end: partEnd }
  }

  /** Whether a type needs nothing but its own bytes, and is known here. */
  #isSelfContained(input: Decoder, tag: number): boolean {
    input.selfContained ??= new Map()
    let known = input.selfContained.get(tag)
    if (known === undefined) {
      known = tags.isSelfContained(tag) && input.site.types?.(tag, this.placeOf('', this.place.removable)) !== undefined
      input.selfContained.set(tag, known)
    }
    return known
  }

  #readFields(input: Decoder): Apply {
    const { reader } = input
    const count = reader.count(3)
    const known = FAST_PATHS && count === 1 && input.context === undefined ? this.#readKnown(input) : undefined
    if (known !== undefined) return known
    const fresh: Field[] = []
    const steps: Apply[] = []
    // A field that a whole state does not show is empty there: what it vouches for was removed.
    const shown = input.context && this.#fields.size > 0 ? new Set<Container>() : undefined
    const order = new ListOrder(reader, input.context !== undefined)
    for (let left = count; left > 0; left -= 1) {
      const name = reader.string(limits.keyBytesMax)
      const tag = reader.byte()
      order.pass(name, tag)
      const known = this.#field(name, tag)
      const container = known?.container ?? input.site.types?.(tag, this.placeOf(name, this.place.removable))
      if (container === undefined) {
        skipPart(input)
        continue
      }
      if (known === undefined) fresh.push({ name, container })
      else this.#arrived = known
      shown?.add(container)
      steps.push(readPart(input, container))
    }
    if (shown !== undefined) {
      for (const container of this.#containers()) {
        if (!shown.has(container)) steps.push(container.read(emptyPart(input)))
      }
    }
    return () => {
      for (const field of fresh) this.#add(field)
      for (const step of steps) step()
    }
  }

  /** Reads a field if it is the one that arrived last: one change after the other goes to the same. */
  #readKnown(input: Decoder): Apply | undefined {
    const { reader } = input
    const from = reader.at
    const last = this.#arrived
    if (last !== undefined && reader.takes(last.name) && reader.byte() === last.container.tag) {
      return readPart(input, last.container)
    }
    reader.at = from
    return undefined
  }
}

const NO_CONTAINERS: Container[] = []

/** `name  tag  part`. Answers where the part begins. */
function beginField(writer: Writer, container: Container): number {
  writer.string(container.place.step as string)
  writer.byte(container.tag)
  return beginPart(writer)
}

/** Checks a field name or map key: well-formed text within the limit. */
export function checkKey(name: string): void {
  if (!isWellFormed(name)) refuse('CORE_VALUE_INVALID', 'not well-formed text')
  if (takesMore(name, limits.keyBytesMax)) {
    refuse('CORE_LIMIT_EXCEEDED', 'above limits.keyBytesMax')
  }
}
