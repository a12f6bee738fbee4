/** Listening to a part of a document: by path, or by what a function reads. */
import type { FieldSpecs, Fields, JsonValue, Patch, Path, SchemaDoc } from '@joinery/core'
import type { LiveDocEvent } from './types.ts'

/** Answers what takes note of an event, and calls back when the part is another. */
export type Selection = (event: LiveDocEvent) => void

/** Whatever changes at a path or below it, and what takes the place of all above. */
export function selectPath<S extends FieldSpecs>(
  doc: () => SchemaDoc<S>,
  path: Path,
  listener: (value: JsonValue | undefined) => void,
): Selection {
  return ({ origin, patches }) => {
    if (origin === 'reset' || patches.some((patch) => touches(patch, path))) listener(valueAt(doc(), path))
  }
}

/** What a function reads, compared as JSON is: by value. */
export function selectWith<S extends FieldSpecs, T>(
  doc: () => SchemaDoc<S>,
  selector: (root: Fields<S>) => T,
  listener: (value: T) => void,
): Selection {
  let fields = new Set<string>()
  const read = (): T => {
    fields = new Set()
    return selector(noting(doc().root, fields))
  }
  let last = read()
  return ({ origin, patches }) => {
    if (origin !== 'reset' && !patches.some(({ path }) => fields.has(String(path[0])))) return
    const value = read()
    if (isEqual(value, last)) return
    last = value
    listener(value)
  }
}

/** The fields, taking note of those that are looked at. */
export function noting<F extends object>(root: F, fields: Set<string>): F {
  return new Proxy(root, {
    get(target, name) {
      if (typeof name === 'string') fields.add(name)
      return Reflect.get(target, name, target)
    },
    ownKeys(target) {
      // Whoever lists them reads them all.
      const names = Reflect.ownKeys(Object.getPrototypeOf(target) as object)
      for (const name of names) if (typeof name === 'string') fields.add(name)
      return Reflect.ownKeys(target)
    },
  })
}

/**
 * Whether a patch changes what is at a path: it is at the same place, above or below. An index of a list shifts with what comes and
 * goes before it, so a patch of the list concerns all its elements.
 */
function touches({ path: changed }: Patch, path: Path): boolean {
  const shared = Math.min(changed.length, path.length)
  for (let i = 0; i < shared; i += 1) if (String(changed[i]) !== String(path[i])) return false
  return true
}

/** The value at a path of field names, map keys and list indices; undefined where there is none. */
export function valueAt<S extends FieldSpecs>(doc: SchemaDoc<S>, path: Path): JsonValue | undefined {
  const found = path.length === 0 ? doc : doc.find(path)
  if (found !== undefined) return found.toJSON() as JsonValue
  const parent = path.length === 1 ? doc.toJSON() : valueAt(doc, path.slice(0, -1))
  const last = path[path.length - 1] as string | number
  if (parent === null || typeof parent !== 'object' || !Object.hasOwn(parent, last)) return undefined
  return (parent as { readonly [key: string | number]: JsonValue })[last]
}

/** Whether two values are alike: what is not plain data, such as a container, is alike only itself. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((each, i) => isEqual(each, b[i]))
  if (!isPlain(a) || !isPlain(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
