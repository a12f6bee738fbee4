/**
 * The order of a sequence by the definition of Fugue (Weidner and Kleppmann, "The art of the fugue", 2023): a tree of single
 * elements, each a left or right child, read in order. Every operation is interpreted in the tree that its author saw, which
 * is built anew from what it had seen: slow, plain, and independent of the engine.
 */
import { compareActors, type Stamped, type Tagged, type View } from './tagged.ts'

export type SequenceOp =
  | { readonly type: 'insert'; readonly at: number; readonly count: number }
  | { readonly type: 'delete'; readonly at: number; readonly count: number }
  | { readonly type: 'inside'; readonly at: number }

/** One element: the `index`-th of what an operation inserted. */
export interface Element {
  readonly by: Tagged<SequenceOp>
  readonly index: number
}

interface Node extends Element {
  readonly name: string
  readonly left: Node[]
  readonly right: Node[]
}

interface Place {
  readonly parent: string
  readonly side: 'left' | 'right'
}

const ROOT = 'root'

export class FugueOracle {
  readonly #view: View<SequenceOp>
  readonly #places = new Map<number, Place>()
  readonly #targets = new Map<number, readonly string[]>()

  /** @param view everything; what a single author saw is cut out of it. */
  constructor(view: View<SequenceOp>) {
    this.#view = view
  }

  /** The elements that show, in order. */
  visible(): Element[] {
    return this.#show(this.#view.ops, this.#view.resets)
  }

  /** Names of the elements that an operation deletes, or works inside. */
  targets(op: Tagged<SequenceOp>): readonly string[] {
    const known = this.#targets.get(op.id)
    if (known !== undefined) return known
    const seen = this.#seenBy(op)
    const shown = this.#show(seen.ops, seen.resets)
    const { type } = op.op
    const count = type === 'delete' ? op.op.count : 1
    const from = type === 'delete' || type === 'inside' ? op.op.at : 0
    const targets = shown.slice(from, from + count).map(nameOf)
    this.#targets.set(op.id, targets)
    return targets
  }

  #seenBy({ seen }: Stamped): { ops: Tagged<SequenceOp>[]; resets: Stamped[] } {
    return {
      ops: this.#view.ops.filter(({ id }) => seen.has(id)),
      resets: this.#view.resets.filter(({ id }) => seen.has(id)),
    }
  }

  #show(ops: readonly Tagged<SequenceOp>[], resets: readonly Stamped[]): Node[] {
    const deleted = new Set(ops.filter(({ op }) => op.type === 'delete').flatMap((op) => this.targets(op)))
    return this.#order(ops).filter(
      (node) => !deleted.has(node.name) && !resets.some((reset) => reset.seen.has(node.by.id)),
    )
  }

  /** All elements of these operations, deleted ones included. */
  #order(ops: readonly Tagged<SequenceOp>[]): Node[] {
    const root = { name: ROOT, left: [], right: [] } as unknown as Node
    const nodes = new Map<string, Node>([[ROOT, root]])
    const waiting = ops.filter(({ op }) => op.type === 'insert')
    const places = waiting.map((by) => ({ by, place: this.#placeOf(by) }))
    // Ids are given out as operations are done, so a parent always has a smaller one than its children.
    for (const { by, place } of places.sort((a, b) => a.by.id - b.by.id)) {
      let { parent, side } = place
      const { count } = by.op as { count: number }
      // What hangs on an element that has not arrived waits for it.
      if (!nodes.has(parent)) continue
      for (let index = 0; index < count; index += 1) {
        const node: Node = { by, index, name: nameOf({ by, index }), left: [], right: [] }
        const siblings = (nodes.get(parent) as Node)[side]
        siblings.push(node)
        siblings.sort((a, b) => compareActors(a.by.actor, b.by.actor) || a.by.id - b.by.id)
        nodes.set(node.name, node)
        parent = node.name
        side = 'right'
      }
    }
    return traverse(root, root)
  }

  /** Where the first element of an insertion hangs: decided by what its author saw, once and for all. */
  #placeOf(op: Tagged<SequenceOp>): Place {
    const known = this.#places.get(op.id)
    if (known !== undefined) return known
    const seen = this.#seenBy(op)
    const all = this.#order(seen.ops)
    const left = this.#leftOrigin(op, all, seen)
    const next = all[left === undefined ? 0 : all.indexOf(left) + 1]
    const above = left?.name ?? ROOT
    const hasRight = left === undefined ? all.length > 0 : left.right.length > 0
    const place: Place = hasRight ? { parent: (next as Node).name, side: 'left' } : { parent: above, side: 'right' }
    this.#places.set(op.id, place)
    return place
  }

  #leftOrigin(
    { op }: Tagged<SequenceOp>,
    all: readonly Node[],
    seen: { ops: Tagged<SequenceOp>[]; resets: Stamped[] },
  ): Node | undefined {
    if (op.type !== 'insert' || op.at === 0) return undefined
    const before = this.#show(seen.ops, seen.resets)[op.at - 1] as Node
    return all.find(({ name }) => name === before.name)
  }
}

export function nameOf({ by, index }: Element): string {
  return `${by.id}/${index}`
}

function traverse(node: Node, root: Node): Node[] {
  return [
    ...node.left.flatMap((child) => traverse(child, root)),
    ...(node === root ? [] : [node]),
    ...node.right.flatMap((child) => traverse(child, root)),
  ]
}
