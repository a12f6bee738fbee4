/** The difference of two JSON values as operations of JSON Patch, RFC 6902. */
import type { JsonValue } from '@joinery/core'

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }

type JsonObject = { readonly [name: string]: JsonValue }

/** What leads from one value to the other. Costs their size; lists and texts are compared from both ends. */
export function diffJson(before: JsonValue, after: JsonValue): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = []
  compare('', before, after, operations)
  return operations
}

function compare(path: string, before: JsonValue, after: JsonValue, into: JsonPatchOperation[]): void {
  if (before === after) return
  if (Array.isArray(before) && Array.isArray(after)) compareLists(path, before, after, into)
  else if (isObject(before) && isObject(after)) compareObjects(path, before, after, into)
  else into.push({ op: 'replace', path, value: after })
}

function compareObjects(path: string, before: JsonObject, after: JsonObject, into: JsonPatchOperation[]): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) into.push({ op: 'remove', path: `${path}/${escaped(name)}` })
  }
  for (const [name, value] of Object.entries(after)) {
    const at = `${path}/${escaped(name)}`
    if (Object.hasOwn(before, name)) compare(at, before[name] as JsonValue, value, into)
    else into.push({ op: 'add', path: at, value })
  }
}

/** What both begin with and end with stays; of the rest as many as possible are replaced, then removed or added. */
function compareLists(
  path: string,
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  into: JsonPatchOperation[],
): void {
  let from = 0
  while (from < before.length && from < after.length && isSame(before[from], after[from])) from += 1
  let [oldEnd, newEnd] = [before.length, after.length]
  while (oldEnd > from && newEnd > from && isSame(before[oldEnd - 1], after[newEnd - 1])) {
    oldEnd -= 1
    newEnd -= 1
  }
  const both = Math.min(oldEnd, newEnd)
  for (let i = from; i < both; i += 1) compare(`${path}/${i}`, before[i] as JsonValue, after[i] as JsonValue, into)
  for (let i = oldEnd - 1; i >= both; i -= 1) into.push({ op: 'remove', path: `${path}/${i}` })
  for (let i = both; i < newEnd; i += 1) into.push({ op: 'add', path: `${path}/${i}`, value: after[i] as JsonValue })
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => isSame(value, b[i]))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  )
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
