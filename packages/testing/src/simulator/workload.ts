/**
 * What simulated users do, and what they were promised: every operation can be recognised in the documents at the end, so that a
 * loss, a resurrection or a doubled effect shows without any knowledge of how replication works.
 */
import type { Doc } from '@joinery/core'
import type { LifeKey } from '@joinery/sync/replication'
import type { SeededRandom } from '../random.ts'
import type { SimNode } from './sim-node.ts'
import type { SimFields } from './workload-schema.ts'

export type OperationKind = 'add' | 'remove' | 'vote' | 'title' | 'note' | 'end'

export interface SimOperation {
  readonly ticket: number
  readonly life: LifeKey
  readonly kind: OperationKind
  readonly node: string
  /** Element, title or note; never used by another operation. A removal names what an addition added. */
  value: string
  votes: number
  /** `acknowledged`: the user was told that it is durable. `sent`: nobody knows. `refused`: it was not done. */
  state: 'sent' | 'acknowledged' | 'refused'
}

type SimDoc = Doc<SimFields>
const kinds: readonly OperationKind[] = ['add', 'add', 'add', 'remove', 'vote', 'title', 'note']

export class Workload {
  readonly operations: SimOperation[] = []
  readonly #random: SeededRandom
  readonly #lives: readonly LifeKey[]
  /** Ended before the history does. */
  readonly shortLife: LifeKey = { document: 'short', incarnation: 'life-1' }

  constructor(random: SeededRandom, documents: number) {
    this.#random = random
    this.#lives = Array.from({ length: documents }, (_, i) => ({ document: `doc-${i}`, incarnation: 'life-1' }))
  }

  /** Two nodes write to a document of its own and end it, each without waiting for the other. */
  performEnds(nodes: readonly SimNode[]): void {
    for (const node of nodes) {
      for (const kind of ['add', 'end'] as const) this.#perform(node, kind, this.shortLife)
    }
  }

  get lives(): readonly LifeKey[] {
    return this.#lives
  }

  /** One operation at a node. */
  perform(node: SimNode): void {
    const random = this.#random
    const kind = kinds[random.below(kinds.length)] as OperationKind
    this.#perform(node, kind, this.#lives[random.below(this.#lives.length)] as LifeKey)
  }

  #perform(node: SimNode, kind: OperationKind, life: LifeKey): void {
    const random = this.#random
    const ticket = this.operations.length + 1
    const operation: SimOperation = {
      ticket,
      life,
      kind,
      node: node.name,
      value: `<${ticket}>`,
      votes: kind === 'vote' ? 1 + random.below(4) * (random.below(2) === 0 ? 1 : -1) || 1 : 0,
      state: 'sent',
    }
    this.operations.push(operation)
    if (kind === 'end') node.handle({ type: 'end', life, ticket })
    else node.handle({ type: 'edit', life, ticket, write: (document) => this.#write(document as SimDoc, operation) })
  }

  #write(document: SimDoc, operation: SimOperation): Uint8Array | undefined {
    const { kind, value, votes } = operation
    return document.change(({ items, votes: tally, title, notes }) => {
      switch (kind) {
        case 'add':
          items.add(value)
          break
        case 'remove': {
          const present = [...items.values()].sort()
          operation.value = present[this.#random.below(Math.max(1, present.length))] ?? ''
          if (operation.value !== '') items.remove(operation.value)
          break
        }
        case 'vote':
          if (votes >= 0) tally.increment(votes)
          else tally.decrement(-votes)
          break
        case 'title':
          title.set(value)
          break
        case 'note':
          notes.insert(this.#random.below(2) === 0 ? 0 : notes.length, value)
          break
        case 'end':
          break
      }
    })
  }

  acknowledged(ticket: number): void {
    const operation = this.operations[ticket - 1]
    if (operation !== undefined) operation.state = 'acknowledged'
  }

  refused(ticket: number): void {
    const operation = this.operations[ticket - 1]
    if (operation !== undefined) operation.state = 'refused'
  }
}

/** What is wrong with a document after all operations, as far as they were promised. */
export function brokenPromises(
  life: LifeKey,
  document: SimDoc | undefined,
  operations: readonly SimOperation[],
): string[] {
  const here = operations.filter((operation) => operation.life === life)
  const {
    items = [],
    votes = 0,
    title,
    notes = '',
  } = (document?.toJSON() ?? {}) as {
    items?: string[]
    votes?: number
    title?: string
    notes?: string
  }
  const present = new Set(items)
  const problems: string[] = []
  const complain = (what: string): void => {
    problems.push(`${life.document}: ${what}`)
  }
  const removed = new Map<string, SimOperation['state']>()
  for (const { kind, value, state } of here) {
    if (kind === 'remove' && value !== '' && (state === 'acknowledged' || !removed.has(value)))
      removed.set(value, state)
  }
  for (const { kind, value, state, node } of here) {
    if (
      kind === 'add' &&
      state === 'acknowledged' &&
      !present.has(value) &&
      (removed.get(value) ?? 'refused') === 'refused'
    ) {
      complain(`lost: ${value}, which ${node} added and acknowledged`)
    }
    if (kind === 'add' && present.has(value) && removed.get(value) === 'acknowledged') complain(`resurrected: ${value}`)
    if (kind === 'add' && present.has(value) && state === 'refused') complain(`refused, and there: ${value}`)
    if (kind === 'note' && state === 'acknowledged' && !notes.includes(value)) complain(`lost: the note ${value}`)
  }
  const sum = (states: readonly string[], sign: number): number =>
    here.reduce((total, { votes: by, state }) => (states.includes(state) && by * sign > 0 ? total + by : total), 0)
  const least = sum(['acknowledged', 'sent'], -1) + sum(['acknowledged'], 1)
  const most = sum(['acknowledged', 'sent'], 1) + sum(['acknowledged'], -1)
  if (votes < least || votes > most) complain(`votes are ${votes}, not between ${least} and ${most}`)
  const titles = here.filter(({ kind, state }) => kind === 'title' && state === 'acknowledged')
  if (titles.length > 0 && title === undefined) complain('lost: every title')
  return problems
}
