/**
 * Recorded editing, replayed. The recordings are not part of the project: JOINERY_TRACES names a folder with files of the
 * public collection editing-traces, `*.json.gz`. Without it, typing of the same shape is made up.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { checkSequence } from '../../src/sequence/check.ts'
import { RunColumns } from '../../src/sequence/run-columns.ts'
import { type Placement, Sequence } from '../../src/sequence/sequence.ts'

const FOLDER = process.env.JOINERY_TRACES

type Patch = readonly [position: number, deleted: number, inserted: string]

interface Transaction {
  readonly parents?: readonly number[]
  readonly agent?: number
  readonly patches: readonly Patch[]
}

interface Trace {
  readonly startContent?: string
  readonly endContent: string
  readonly txns: readonly Transaction[]
}

type Op =
  | { readonly type: 'insert'; readonly counter: number; readonly count: number; readonly placement: Placement }
  | { readonly type: 'delete'; readonly actor: number; readonly counter: number; readonly count: number }

/** One author: a sequence, what it wrote, and which transactions it has. */
class Author {
  readonly sequence = new Sequence((a, b) => a - b)
  readonly #actor: number
  readonly #known = new Set<number>()
  text = ''

  constructor(actor: number) {
    this.#actor = actor
  }

  /** Applies a patch of its own. */
  edit([position, deleted, inserted]: Patch): Op[] {
    const ops: Op[] = []
    this.sequence.delete(position, deleted, (actor, counter, count) => {
      ops.push({ type: 'delete', actor, counter, count })
    })
    if (inserted === '') return ops
    const counter = this.text.length + 1
    this.text += inserted
    this.sequence.insert(position, this.#actor, counter, inserted.length)
    const placement = this.sequence.placementOf(this.#actor, counter)
    return [...ops, { type: 'insert', counter, count: inserted.length, placement }]
  }

  /** Takes in a transaction of another, after those it builds on. */
  receive(index: number, trace: Trace, written: readonly (readonly Op[])[]): void {
    const pending = [index]
    while (pending.length > 0) {
      const top = pending.at(-1) as number
      const { parents = [], agent = 0 } = trace.txns[top] as Transaction
      const missing = this.#known.has(top) ? [] : parents.filter((parent) => !this.#known.has(parent))
      pending.push(...missing)
      if (missing.length > 0) continue
      pending.pop()
      if (!this.#known.has(top)) this.#apply(agent, written[top] as Op[])
      this.#known.add(top)
    }
  }

  know(index: number): void {
    this.#known.add(index)
  }

  #apply(author: number, ops: readonly Op[]): void {
    for (const op of ops) {
      if (op.type === 'insert') this.sequence.integrate(author, op.counter, op.count, op.placement, false)
      else this.sequence.remove(op.actor, op.counter, op.count, () => {})
    }
  }
}

function textOf(sequence: Sequence, authors: readonly Author[]): string {
  let text = ''
  sequence.forEachRun((actor, counter, count, deleted) => {
    if (!deleted) text += (authors[actor] as Author).text.slice(counter - 1, counter - 1 + count)
  })
  return text
}

function replay(trace: Trace): { authors: Author[]; ops: Op[][] } {
  const agents = new Set(trace.txns.map(({ agent = 0 }) => agent))
  const authors = Array.from({ length: Math.max(...agents) + 1 }, (_, actor) => new Author(actor))
  const written: Op[][] = []
  if (trace.startContent) (authors[0] as Author).edit([0, 0, trace.startContent])
  for (const [index, { parents = [], agent = 0, patches }] of trace.txns.entries()) {
    const author = authors[agent] as Author
    for (const parent of parents) author.receive(parent, trace, written)
    written.push(patches.flatMap((patch) => author.edit(patch)))
    author.know(index)
  }
  for (const author of authors) {
    for (const index of trace.txns.keys()) if (trace.txns[0]?.parents) author.receive(index, trace, written)
  }
  return { authors, ops: written }
}

/** Typing of the same shape as recorded: runs at a cursor that seldom jumps, some of them taken back. */
function typed(transactions: number): Trace {
  let seed = 20_260_101
  const below = (n: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * n)
  }
  const txns: Transaction[] = []
  let text = ''
  let cursor = 0
  for (let i = 0; i < transactions; i += 1) {
    if (below(40) === 0) cursor = below(text.length + 1)
    const deleted = below(6) === 0 ? Math.min(cursor, 1 + below(4)) : 0
    const inserted = deleted > 0 ? '' : String.fromCharCode(97 + below(26))
    const position = cursor - deleted
    text = text.slice(0, position) + inserted + text.slice(cursor)
    cursor = position + inserted.length
    txns.push({ patches: [[position, deleted, inserted]] })
  }
  return { endContent: text, txns }
}

/** The recordings of the folder, or typing made up where there is none. */
function traces(): [name: string, load: () => Trace][] {
  if (FOLDER === undefined) return [['generated typing', () => typed(20_000)]]
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json.gz'))
  return files.map((name) => [name, () => JSON.parse(gunzipSync(readFileSync(join(FOLDER, name))).toString()) as Trace])
}

describe('recorded editing', () => {
  test.each(traces())('%s ends in the recorded text', (_, load) => {
    const trace = load()
    const { authors } = replay(trace)
    for (const { sequence } of authors) {
      checkSequence(sequence)
      const runs = new RunColumns()
      for (const actor of authors.keys()) sequence.collect(runs, actor)
      const loaded = Sequence.load(runs, (a, b) => a - b)
      checkSequence(loaded)
      expect(textOf(loaded, authors)).toBe(textOf(sequence, authors))
      expect(textOf(sequence, authors) === trace.endContent).toBe(true)
    }
  })
})
