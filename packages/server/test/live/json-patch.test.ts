import type { JsonValue } from '@joinery/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { diffJson, type JsonPatchOperation } from '../../src/live/json-patch.ts'

type Tree = { [name: string]: JsonValue } | JsonValue[]

/** RFC 6902 by the letter, for `add`, `remove` and `replace`. */
function patched(value: JsonValue, operations: readonly JsonPatchOperation[]): JsonValue {
  const root = { '': structuredClone(value) } as { [name: string]: JsonValue }
  for (const operation of operations) {
    const names = operation.path.split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = names.pop() as string
    let at: Tree = root
    for (const name of names) at = (Array.isArray(at) ? at[Number(name)] : at[name]) as Tree
    if (Array.isArray(at)) {
      const index = Number(last)
      expect(index).toBeLessThan(at.length + (operation.op === 'add' ? 1 : 0))
      if (operation.op === 'add') at.splice(index, 0, operation.value)
      else if (operation.op === 'remove') at.splice(index, 1)
      else at[index] = operation.value
    } else {
      expect(operation.op === 'add' || Object.hasOwn(at, last)).toBe(true)
      if (operation.op === 'remove') delete at[last]
      else
        Object.defineProperty(at, last, {
          value: operation.value,
          enumerable: true,
          writable: true,
          configurable: true,
        })
    }
  }
  return root[''] as JsonValue
}

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>

it('leads from any value to any other', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(patched(a, diffJson(a, b))).toEqual(b)
    }),
  )
})

it('leads from a value to one that differs here and there', () => {
  const near = fc.tuple(
    fc.array(json, { maxLength: 12 }),
    fc.array(json, { maxLength: 12 }),
    fc.array(json, { maxLength: 3 }),
  )
  fc.assert(
    fc.property(near, ([head, tail, extra]) => {
      const [a, b] = [{ 'x/~y': [...head, ...tail] }, { 'x/~y': [...head, ...extra, ...tail] }]
      const patch = diffJson(a, b)
      expect(patched(a, patch)).toEqual(b)
      expect(patch.length).toBeLessThanOrEqual(extra.length)
    }),
  )
})

it('says nothing of what is the same', () => {
  fc.assert(
    fc.property(json, (a) => {
      expect(diffJson(a, structuredClone(a))).toEqual([])
    }),
  )
})
