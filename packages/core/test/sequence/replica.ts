/**
 * A replica for tests: the engine and the oracle side by side, plus a mirror of the content kept only from the positions
 * that the engine reports. Actors are numbered in the order in which this replica meets them, so the numbers differ from
 * replica to replica.
 */
import { expect } from 'vitest'
import { checkSequence } from '../../src/sequence/check.ts'
import { RunColumns } from '../../src/sequence/run-columns.ts'
import { type Placement, Sequence } from '../../src/sequence/sequence.ts'
import { joined, NaiveFugue, type NaiveRun, type Node, nameOf } from './naive-fugue.ts'

export interface InsertOp {
  readonly type: 'insert'
  readonly actor: string
  readonly counter: number
  readonly count: number
  readonly parent: string
  readonly side: 'left' | 'right'
}

export interface DeleteOp {
  readonly type: 'delete'
  readonly runs: readonly { readonly actor: string; readonly counter: number; readonly count: number }[]
}

export type Op = InsertOp | DeleteOp

export interface Message {
  readonly from: number
  /** Messages of each replica that its author had applied. */
  readonly seen: readonly number[]
  readonly op: Op
}

export class Replica {
  readonly actor: string
  readonly oracle: NaiveFugue = new NaiveFugue()
  readonly applied: number[]
  sequence: Sequence
  nextCounter: number
  /** Names of the visible ids, as the engine's positions say. */
  content: string[] = []
  readonly #actors: string[] = []

  constructor(actor: string, replicas: number, firstCounter: number) {
    this.actor = actor
    this.nextCounter = firstCounter
    this.applied = new Array<number>(replicas).fill(0)
    this.sequence = new Sequence(this.#compare)
  }

  insert(position: number, count: number): InsertOp {
    const counter = this.#take(count)
    this.sequence.insert(position, this.#number(this.actor), counter, count)
    const placement = this.sequence.placementOf(this.#number(this.actor), counter)
    const first = this.oracle.insertAt(position, this.actor, counter)
    return this.#inserted(first, count, placement, position)
  }

  insertAfter(id: string, count: number): InsertOp {
    const counter = this.#take(count)
    const node = this.oracle.get(id)
    const refActor = id === 'root' ? -1 : this.#number(node.actor)
    const answer = this.sequence.insertAfter(refActor, node.counter, this.#number(this.actor), counter, count)
    const first = this.oracle.insertBehind(id, this.actor, counter)
    return this.#inserted(first, count, answer.placement, answer.position)
  }

  delete(position: number, count: number): DeleteOp {
    const runs: { actor: string; counter: number; count: number }[] = []
    this.sequence.delete(position, count, (actor, counter, size) => {
      runs.push({ actor: this.#actors[actor] as string, counter, count: size })
    })
    const gone = this.content.splice(position, count)
    expect(runs.flatMap(idsOf)).toEqual(gone)
    for (const id of gone) this.oracle.get(id).deleted = true
    return { type: 'delete', runs }
  }

  apply(op: Op): void {
    if (op.type === 'insert') this.#integrate({ ...op, deleted: false })
    else for (const run of op.runs) this.#remove(run)
  }

  /** Takes in everything another replica has, the way a delta or snapshot is joined. */
  join(other: Replica): void {
    const pending: NaiveRun[] = []
    for (const [number, actor] of other.#actors.entries()) {
      const known = Math.max(0, ...this.oracle.all().map((node) => (node.actor === actor ? node.counter : 0)))
      other.sequence.forEachRunOf(number, known + 1, 2 ** 32 - 1, (...run) => pending.push(other.#named(...run)))
    }
    while (pending.length > 0) {
      const index = pending.findIndex((run) => run.parent === 'root' || this.oracle.has(run.parent))
      this.#integrate(pending.splice(index, 1)[0] as NaiveRun)
    }
    other.sequence.forEachRun((...run) => {
      const named = other.#named(...run)
      if (named.deleted) this.#remove(named)
    })
    for (const [from, count] of other.applied.entries()) {
      this.applied[from] = Math.max(this.applied[from] as number, count)
    }
  }

  /** Rebuilds the engine from its own runs. */
  reload(): void {
    const runs = new RunColumns()
    for (const number of this.#actors.keys()) this.sequence.collect(runs, number)
    const loaded = Sequence.load(runs, this.#compare)
    expect(loaded.length).toBe(this.sequence.length)
    expect(loaded.idCount).toBe(this.sequence.idCount)
    this.sequence = loaded
    expect(this.runs()).toEqual(this.oracle.runs())
  }

  runs(): NaiveRun[] {
    const runs: NaiveRun[] = []
    this.sequence.forEachRun((...run) => runs.push(this.#named(...run)))
    return runs
  }

  /** Everything the engine answers against everything the oracle knows. */
  check(): void {
    const { sequence } = this
    checkSequence(sequence)
    const all = this.oracle.all()
    const visible = all.filter((node) => !node.deleted)
    expectSame([`${sequence.idCount} ${sequence.length}`], [`${all.length} ${visible.length}`])
    expectSame(this.content, visible.map(nameOf))
    const id = { actor: 0, counter: 0 }
    const ids = visible.map((_, position) => {
      sequence.idAt(position, id)
      return `${this.#actors[id.actor]}:${id.counter}`
    })
    expectSame(ids, this.content)
    let position = 0
    for (const node of all) this.#checkId(node, node.deleted ? position : position++)
    expectSame(this.runs().map(textOf), this.oracle.runs().map(textOf))
  }

  /** The runs of an interval of one actor's ids: those of the document, clipped. Each one's content is one stretch. */
  checkInterval(actor: string, first: number, last: number): void {
    const inside = (node: Node): boolean => node.actor === actor && node.counter >= first && node.counter <= last
    const expected = joined(this.oracle.all(), inside)
    expected.sort((a, b) => a.counter - b.counter)
    const runs: NaiveRun[] = []
    this.sequence.forEachRunOf(this.#number(actor), first, last, (...run) => runs.push(this.#named(...run)))
    expect(runs).toEqual(expected)
    for (const run of runs) {
      if (run.deleted) continue
      const position = this.sequence.positionOf(this.#number(actor), run.counter)
      expect(this.content.slice(position, position + run.count)).toEqual(idsOf(run))
    }
  }

  #checkId(node: Node, position: number): void {
    const { sequence } = this
    const actor = this.#number(node.actor)
    const placement = sequence.placementOf(actor, node.counter)
    const parent = this.#parentName(placement.parentActor, placement.parentCounter)
    const same =
      sequence.has(actor, node.counter) &&
      sequence.isVisible(actor, node.counter) === !node.deleted &&
      sequence.positionOf(actor, node.counter) === position &&
      parent === nameOf(node.parent) &&
      placement.side === (node.side === 'right' ? 1 : 0)
    expectSame([`${nameOf(node)} ${same}`], [`${nameOf(node)} true`])
  }

  #inserted(first: Node, count: number, placement: Placement, position: number): InsertOp {
    const parent = this.#parentName(placement.parentActor, placement.parentCounter)
    expect([parent, placement.side === 1 ? 'right' : 'left']).toEqual([nameOf(first.parent), first.side])
    const { actor, counter, side } = first
    for (let k = 1; k < count; k++) this.oracle.add(actor, counter + k, `${actor}:${counter + k - 1}`, 'right')
    this.content.splice(position, 0, ...idsOf({ actor, counter, count }))
    return { type: 'insert', actor, counter, count, parent, side }
  }

  #integrate(run: NaiveRun): void {
    const { actor, counter, count, deleted } = run
    const parent = run.parent === 'root' ? null : this.oracle.get(run.parent)
    const placement: Placement = {
      parentActor: parent === null ? -1 : this.#number(parent.actor),
      parentCounter: parent === null ? 0 : parent.counter,
      side: run.side === 'right' ? 1 : 0,
    }
    const position = this.sequence.integrate(this.#number(actor), counter, count, placement, deleted)
    if (!deleted) this.content.splice(position, 0, ...idsOf(run))
    for (let k = 0; k < count; k++) {
      const node =
        k === 0
          ? this.oracle.add(actor, counter, run.parent, run.side)
          : this.oracle.add(actor, counter + k, `${actor}:${counter + k - 1}`, 'right')
      node.deleted = deleted
    }
  }

  #remove(run: { actor: string; counter: number; count: number }): void {
    this.sequence.remove(this.#number(run.actor), run.counter, run.count, (position, count) => {
      this.content.splice(position, count)
    })
    for (const id of idsOf(run)) this.oracle.get(id).deleted = true
  }

  #take(count: number): number {
    const counter = this.nextCounter
    this.nextCounter += count
    return counter
  }

  readonly #compare = (a: number, b: number): number => {
    const [left, right] = [this.#actors[a] as string, this.#actors[b] as string]
    return left < right ? -1 : left > right ? 1 : 0
  }

  #number(actor: string): number {
    const known = this.#actors.indexOf(actor)
    return known >= 0 ? known : this.#actors.push(actor) - 1
  }

  #parentName(actor: number, counter: number): string {
    return actor === -1 ? 'root' : `${this.#actors[actor]}:${counter}`
  }

  #named(
    actor: number,
    counter: number,
    count: number,
    deleted: boolean,
    parentActor: number,
    parentCounter: number,
    side: 0 | 1,
  ): NaiveRun {
    const parent = this.#parentName(parentActor, parentCounter)
    return {
      actor: this.#actors[actor] as string,
      counter,
      count,
      deleted,
      parent,
      side: side === 1 ? 'right' : 'left',
    }
  }
}

const textOf = (run: NaiveRun): string => Object.values(run).join(' ')

/** An expectation that costs next to nothing while it holds: there are millions. */
function expectSame(actual: readonly string[], expected: readonly string[]): void {
  if (actual.length !== expected.length || actual.some((one, index) => one !== expected[index])) {
    expect(actual).toEqual(expected)
  }
}

function idsOf(run: { actor: string; counter: number; count: number }): string[] {
  return Array.from({ length: run.count }, (_, k) => `${run.actor}:${run.counter + k}`)
}
