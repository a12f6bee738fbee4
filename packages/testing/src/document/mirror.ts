/** A subscriber that knows patches only: it keeps a plain JSON copy by applying them, and must end with the document's value. */
import type { JsonValue, Patch } from '@joinery/core'

type Node = { [key: string]: Tree } | Tree[]
type Tree = Node | JsonValue

export class Mirror {
  #root: Tree

  constructor(json: JsonValue) {
    this.#root = clone(json)
  }

  toJSON(): JsonValue {
    return this.#root as JsonValue
  }

  apply(patches: readonly Patch[]): void {
    for (const patch of patches) {
      this.#root = patched(this.#root, patch, 0)
    }
  }
}

/** The tree with a patch applied below `depth` steps of its path. */
function patched(tree: Tree | undefined, patch: Patch, depth: number): Tree {
  const step = patch.path[depth]
  if (step === undefined) return changed(tree, patch)
  if (typeof step === 'number') {
    const list = tree as Tree[]
    if (!Array.isArray(list) || list[step] === undefined)
      throw new Error(`patch into what is not there: ${JSON.stringify(patch)}`)
    list[step] = patched(list[step], patch, depth + 1)
    return list
  }
  const node = (tree ?? {}) as { [key: string]: Tree }
  if (patch.type === 'unset' && depth === patch.path.length - 1) delete node[step]
  else Object.defineProperty(node, step, { value: patched(own(node, step), patch, depth + 1), ...OPEN })
  return node
}

const OPEN = { enumerable: true, configurable: true, writable: true } as const

function own(node: { [key: string]: Tree }, key: string): Tree | undefined {
  return Object.hasOwn(node, key) ? node[key] : undefined
}

function changed(tree: Tree | undefined, patch: Patch): Tree {
  switch (patch.type) {
    case 'set':
      return clone(patch.value)
    case 'add':
      return [...((tree ?? []) as Tree[]), clone(patch.elem)]
    case 'remove':
      return withoutOne(tree as Tree[], JSON.stringify(patch.elem))
    case 'insert':
      return spliced(tree, patch.index, 0, patch.value)
    case 'delete':
      return spliced(tree, patch.index, patch.count, typeof tree === 'string' ? '' : [])
    case 'unset':
      throw new Error('the root cannot be unset')
  }
}

function withoutOne(list: readonly Tree[], elem: string): Tree[] {
  const at = list.findIndex((item) => JSON.stringify(item) === elem)
  if (at < 0) throw new Error(`removed what is not there: ${elem}`)
  return list.filter((_, i) => i !== at)
}

function spliced(tree: Tree | undefined, index: number, count: number, value: JsonValue): Tree {
  if (typeof value === 'string') {
    const text = (tree ?? '') as string
    if (index + count > text.length) throw new Error(`patch beyond the text: ${index}+${count} of ${text.length}`)
    return text.slice(0, index) + value + text.slice(index + count)
  }
  const list = [...((tree ?? []) as Tree[])]
  if (index + count > list.length) throw new Error(`patch beyond the list: ${index}+${count} of ${list.length}`)
  list.splice(index, count, ...(clone(value) as Tree[]))
  return list
}

function clone(json: JsonValue): Tree {
  return JSON.parse(JSON.stringify(json)) as Tree
}
