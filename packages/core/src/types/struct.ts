/**
 * Struct: fixed fields of any types; the root of every document, and what lists and maps of records hold.
 *
 * For users: `{ title, tags, votes }`, each field with the conflict rule of its own type. A field is identified by name and
 * type: two versions of a schema that give one name two types have two fields. Fields that a schema does not know are kept
 * and replicated all the same. Conflicts: none of its own. Space: its fields. Left out: removing a field (see `OrMap`).
 */
import type { JsonValue } from '../codec/json.ts'
import { isWellFormed, utf8Length } from '../codec/utf8.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, Container, type Parent } from '../kernel/container.ts'
import type { Path } from '../kernel/patch.ts'
import type { Spec } from '../kernel/spec.ts'
import { limits } from '../limits.ts'
import { tags } from './tags.ts'

interface Field {
  readonly name: string
  readonly container: Container
}

export class Struct extends Container implements Parent {
  readonly tag: number = tags.struct
  readonly #fields = new Map<string, Field>()
  readonly #dirty = new Set<Container>()

  /** The field of a name and type, made now if it is not there yet. Throws `CORE_VALUE_INVALID` for an unusable name. */
  field(name: string, spec: Spec): Container {
    const known = this.#fields.get(fieldKey(spec.tag, name))
    if (known !== undefined) return known.container
    checkKey(name)
    const container = spec.create(this.placeOf(name, this.place.removable))
    this.#fields.set(fieldKey(spec.tag, name), { name, container })
    return container
  }

  /** The field of a name and type number, if it is there. */
  find(name: string, tag?: number): Container | undefined {
    if (tag !== undefined) return this.#fields.get(fieldKey(tag, name))?.container
    return this.#sorted().find((field) => field.name === name)?.container
  }

  #sorted(): Field[] {
    return [...this.#fields.values()]
      .filter(({ container }) => !container.isBottom())
      .sort((a, b) => (a.name === b.name ? a.container.tag - b.container.tag : a.name < b.name ? -1 : 1))
  }

  childTouched(child: Container): void {
    this.#dirty.add(child)
  }

  childPath(name: string | number): Path {
    return [...this.path(), name]
  }

  toJSON(): JsonValue {
    return Object.fromEntries(this.#sorted().map(({ name, container }) => [name, container.toJSON()]))
  }

  override visitTags(visit: (dot: number) => void): void {
    for (const { container } of this.#fields.values()) container.visitTags(visit)
  }

  isBottom(): boolean {
    for (const { container } of this.#fields.values()) if (!container.isBottom()) return false
    return true
  }

  clear(): void {
    for (const { container } of this.#fields.values()) container.clear()
    this.#dirty.clear()
  }

  reset(): void {
    for (const { container } of this.#fields.values()) {
      container.stamp = 0
      if (container.isBottom()) continue
      container.reset()
      this.#dirty.add(container)
    }
  }

  writePending(out: Encoder): void {
    const dirty = [...this.#dirty]
    this.#dirty.clear()
    out.writer.varint(dirty.length)
    for (const container of dirty) {
      this.#write(out, { name: container.place.step as string, container }, () => container.writePending(out))
    }
  }

  writeState(out: Encoder): void {
    const fields = this.#sorted()
    out.writer.varint(fields.length)
    for (const field of fields) this.#write(out, field, () => field.container.writeState(out))
  }

  #write({ writer }: Encoder, { name, container }: Field, body: () => void): void {
    writer.string(name)
    writer.byte(container.tag)
    writer.nested(body)
  }

  read(input: Decoder): Apply {
    const { reader } = input
    const fresh = new Map<string, Field>()
    const steps: Apply[] = []
    const shown = new Set<string>()
    for (let count = reader.count(3); count > 0; count -= 1) {
      const name = reader.string(limits.keyBytesMax)
      const tag = reader.byte()
      const key = fieldKey(tag, name)
      if (shown.has(key)) reader.invalid('field listed twice')
      shown.add(key)
      const known = this.#fields.get(key)
      const container = known?.container ?? input.create(tag, this.placeOf(name, this.place.removable))
      if (container === undefined) {
        input.skip()
        continue
      }
      if (known === undefined) fresh.set(key, { name, container })
      steps.push(input.part(() => container.read(input)))
    }
    if (input.context !== undefined) {
      // A field that a whole state does not show is empty there: what it vouches for was removed.
      for (const [key, { container }] of this.#fields) if (!shown.has(key)) steps.push(container.read(input.empty()))
    }
    return () => {
      for (const [key, field] of fresh) this.#fields.set(key, field)
      for (const step of steps) step()
    }
  }
}

function fieldKey(tag: number, name: string): string {
  return `${tag}/${name}`
}

/** Checks a field name or map key: well-formed text within the limit. */
export function checkKey(name: string): void {
  if (typeof name !== 'string' || !isWellFormed(name)) refuse('CORE_VALUE_INVALID', 'a key is well-formed text')
  if (name.length * 3 > limits.keyBytesMax && utf8Length(name) > limits.keyBytesMax) {
    refuse('CORE_LIMIT_EXCEEDED', `a key takes at most ${limits.keyBytesMax} bytes`)
  }
}
