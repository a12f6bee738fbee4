/**
 * The order of a sequence by the definition of Fugue (Weidner and Kleppmann, "The art of the fugue", 2023): a tree of single
 * elements, each a left or right child, read in order. Every operation is interpreted in the tree that its author saw, which
 * is built anew from what it had seen: slow, plain, and independent of the engine.
 */
import { compareActors, compareTimed, type Stamped, type Tagged, type Timed, type View } from './tagged.ts'

export type SequenceOp =
  | { readonly type: 'insert'; readonly at: number; readonly count: number }
  | { readonly type: 'delete'; readonly at: number; readonly count: number }
  | { readonly type: 'inside'; readonly at: number }
  | { readonly type: 'move'; readonly at: number; readonly to: number }

/** One element: the `index`-th of what an operation inserted. */
export interface Element {
  readonly by: Tagged<SequenceOp>
  readonly index: number
}

/** An element where it stands: at a node of its own, or at that of the move that won. */
interface Shown {
  readonly element: Node
  readonly slot: Node
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
  readonly #times = new Map<number, number>()
  readonly #targets = new Map<number, readonly string[]>()

  /** @param view everything; what a single author saw is cut out of it. */
  constructor(view: View<SequenceOp>) {
    this.#view = view
  }

  /** The elements that show, in order. */
  visible(): Element[] {
    return this.#show(this.#view.ops, this.#view.resets).map(({ element }) => element)
  }

  /** Names of the elements that an operation deletes, moves, or works inside. */
  targets(op: Tagged<SequenceOp>): readonly string[] {
    const known = this.#targets.get(op.id)
    if (known !== undefined) return known
    const seen = this.#seenBy(op)
    const shown = this.#show(seen.ops, seen.resets)
    const { type } = op.op
    const count = type === 'delete' ? op.op.count : 1
    const from = type === 'insert' ? 0 : op.op.at
    const targets = shown.slice(from, from + count).map(({ element }) => element.name)
    this.#targets.set(op.id, targets)
    return targets
  }

  #seenBy({ seen }: Stamped): { ops: Tagged<SequenceOp>[]; resets: Stamped[] } {
    return {
      ops: this.#view.ops.filter(({ id }) => seen.has(id)),
      resets: this.#view.resets.filter(({ id }) => seen.has(id)),
    }
  }

  #show(ops: readonly Tagged<SequenceOp>[], resets: readonly Stamped[]): Shown[] {
    const deleted = new Set(ops.filter(({ op }) => op.type === 'delete').flatMap((op) => this.targets(op)))
    const order = this.#order(ops)
    const nodes = new Map(order.map((node) => [node.name, node]))
    const winners = new Map<string, Tagged<SequenceOp>>()
    for (const move of ops.filter(({ op }) => op.type === 'move')) {
      const [target] = this.targets(move)
      // What hangs on something that has not arrived, or moves it, waits for it.
      if (target === undefined || !nodes.has(target) || !nodes.has(nameOf({ by: move, index: 0 }))) continue
      const other = winners.get(target)
      if (other === undefined || compareTimed(this.#timed(other), this.#timed(move)) < 0) winners.set(target, move)
    }
    return order.flatMap((slot) => {
      const [target] = slot.by.op.type === 'move' ? this.targets(slot.by) : [slot.name]
      const element = nodes.get(target as string)
      if (element === undefined || deleted.has(element.name)) return []
      if (resets.some((reset) => reset.seen.has(element.by.id))) return []
      const winner = winners.get(element.name)
      const stands = winner === undefined ? slot === element : slot.by.id === winner.id
      return stands ? [{ element, slot }] : []
    })
  }

  /** A move comes after those of the same element that its author had seen, whatever the clocks say. */
  #timed(move: Tagged<SequenceOp>): Timed {
    const known = this.#times.get(move.id)
    if (known !== undefined) return { ...move, at: known }
    const [target] = this.targets(move)
    const seen = this.#seenBy(move).ops.filter(({ op }) => op.type === 'move')
    const former = seen.filter((other) => this.targets(other)[0] === target).map((other) => this.#timed(other).at ?? 0)
    const at = Math.max(move.time, ...former.map((time) => time + 1))
    this.#times.set(move.id, at)
    return { ...move, at }
  }

  /** All elements of these operations, deleted ones included. */
  #order(ops: readonly Tagged<SequenceOp>[]): Node[] {
    const root = { name: ROOT, left: [], right: [] } as unknown as Node
    const nodes = new Map<string, Node>([[ROOT, root]])
    const waiting = ops.filter(({ op }) => op.type === 'insert' || op.type === 'move')
    const places = waiting.map((by) => ({ by, place: this.#placeOf(by) }))
    // Ids are given out as operations are done, so a parent always has a smaller one than its children.
    for (const { by, place } of places.sort((a, b) => a.by.id - b.by.id)) {
      let { parent, side } = place
      const count = by.op.type === 'insert' ? by.op.count : 1
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
    op: Tagged<SequenceOp>,
    all: readonly Node[],
    seen: { ops: Tagged<SequenceOp>[]; resets: Stamped[] },
  ): Node | undefined {
    const at = op.op.type === 'move' ? op.op.to : op.op.type === 'insert' ? op.op.at : 0
    if (at === 0) return undefined
    const shown = this.#show(seen.ops, seen.resets)
    // What is moved is taken out first.
    const rest = op.op.type === 'move' ? shown.filter(({ element }) => element.name !== this.targets(op)[0]) : shown
    const { slot } = rest[at - 1] as Shown
    return all.find(({ name }) => name === slot.name)
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
