/**
 * Fugue as the paper defines it (Weidner & Kleppmann, "The Art of the Fugue", 2023, algorithm 1): a tree of single
 * elements with left and right children, read by a recursive traversal. Slow and plain on purpose, and it shares nothing
 * with the engine, so that it can judge it.
 */

export interface Node {
  readonly actor: string
  readonly counter: number
  readonly parent: Node | null
  readonly side: 'left' | 'right'
  readonly left: Node[]
  readonly right: Node[]
  deleted: boolean
}

export interface NaiveRun {
  readonly actor: string
  readonly counter: number
  readonly count: number
  readonly deleted: boolean
  readonly parent: string
  readonly side: 'left' | 'right'
}

export const nameOf = (node: Node | null): string => (node === null ? 'root' : `${node.actor}:${node.counter}`)

export class NaiveFugue {
  readonly #root: Node = { actor: '', counter: 0, parent: null, side: 'right', left: [], right: [], deleted: true }
  readonly #byId = new Map<string, Node>()

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  get(id: string): Node {
    const node = id === 'root' ? this.#root : this.#byId.get(id)
    if (node === undefined) throw new Error(`no element ${id}`)
    return node
  }

  /** Every element in document order, deleted ones included. */
  all(): Node[] {
    const result: Node[] = []
    const traverse = (node: Node): void => {
      for (const child of node.left) traverse(child)
      if (node !== this.#root) result.push(node)
      for (const child of node.right) traverse(child)
    }
    traverse(this.#root)
    return result
  }

  visible(): Node[] {
    return this.all().filter((node) => !node.deleted)
  }

  insertAt(position: number, actor: string, counter: number): Node {
    return this.insertBehind(position === 0 ? 'root' : this.#nameAt(position - 1), actor, counter)
  }

  /** The paper's insert for a given left origin. */
  insertBehind(leftOrigin: string, actor: string, counter: number): Node {
    const origin = this.get(leftOrigin)
    if (origin.right.length === 0) return this.add(actor, counter, leftOrigin, 'right')
    const all = this.all()
    const next = all[origin === this.#root ? 0 : all.indexOf(origin) + 1]
    if (next === undefined) throw new Error('an element with right children is not the last')
    return this.add(actor, counter, nameOf(next), 'left')
  }

  /** Adds an element whose parent and side are given. */
  add(actor: string, counter: number, parent: string, side: 'left' | 'right'): Node {
    const above = this.get(parent)
    const node: Node = {
      actor,
      counter,
      parent: above === this.#root ? null : above,
      side,
      left: [],
      right: [],
      deleted: false,
    }
    if (this.#byId.has(nameOf(node))) throw new Error(`${nameOf(node)} is there already`)
    this.#byId.set(nameOf(node), node)
    const siblings = above[side]
    siblings.push(node)
    siblings.sort((a, b) => (a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : a.counter - b.counter))
    return node
  }

  /** Neighbours joined where the second is the right child of the first, its next id, and deleted alike. */
  runs(): NaiveRun[] {
    return joined(this.all())
  }

  #nameAt(position: number): string {
    const node = this.visible()[position]
    if (node === undefined) throw new Error(`no visible element at ${position}`)
    return nameOf(node)
  }
}

/** The runs that a document's elements form, or those among them that are wanted. */
export function joined(nodes: readonly Node[], wanted: (node: Node) => boolean = () => true): NaiveRun[] {
  const groups: Node[][] = []
  let before: Node | undefined
  for (const node of nodes) {
    const goesOn =
      before !== undefined &&
      wanted(before) &&
      node.parent === before &&
      node.side === 'right' &&
      node.actor === before.actor &&
      node.counter === before.counter + 1 &&
      node.deleted === before.deleted
    before = node
    if (!wanted(node)) continue
    const group = groups.at(-1)
    if (group !== undefined && goesOn) group.push(node)
    else groups.push([node])
  }
  return groups.map((group) => {
    const first = group[0] as Node
    return {
      actor: first.actor,
      counter: first.counter,
      count: group.length,
      deleted: first.deleted,
      parent: nameOf(first.parent),
      side: first.side,
    }
  })
}
