/**
 * The suite `large`: one list of a million elements, and one text of ten megabytes, in documents: the longest pause and the median of
 * each operation, and what it all occupies.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memoryOf } from '../engines/memory.mjs'
import { below, randomOf } from '../engines/random.mjs'
import { plain } from '../lib/format.mjs'
import { quantile } from '../lib/statistics.mjs'

setFlagsFromString('--expose-gc')
globalThis.gc ??= runInNewContext('gc')

const HOME = new URL('../../packages/core/dist/', import.meta.url)
const { Doc, defineSchema, list, text } = await import(new URL('index.js', HOME).href)
const { newActor } = await import(new URL('system.js', HOME).href)

/** What an interface does at once may take so long. */
const PAUSE_MS_MAX = 50
const BLOCK = 1000
const EDITS = 2000
const READS = 20_000
const PARAGRAPH = 'The quick brown fox jumps over the lazy dog, and so on. '.repeat(20).slice(0, BLOCK)

const kinds = {
  list: {
    schema: defineSchema({ field: list() }),
    length: 1_000_000,
    append: (field, at) => field.insert(at, ...Array.from({ length: BLOCK }, (_, i) => at + i)),
    insert: (field, at) => field.insert(at, at),
    read: (field, at) => field.get(at),
    all: {
      iterate: (field) => {
        let count = 0
        for (const _ of field) count += 1
        return count
      },
      values: (field) => field.toJSON().length,
    },
  },
  text: {
    schema: defineSchema({ field: text() }),
    length: 10_000_000,
    append: (field, at) => field.insert(at, PARAGRAPH),
    insert: (field, at) => field.insert(at, 'x'),
    read: (field, at) => field.slice(at, at + 1),
    all: { read: (field) => field.toString().length },
  },
}

class Times {
  #all = []

  time(run) {
    const from = performance.now()
    const result = run()
    this.#all.push(performance.now() - from)
    return result
  }

  row(name) {
    const sorted = this.#all.toSorted((a, b) => a - b)
    return { name, longest: sorted.at(-1), median: quantile(sorted, 0.5), runs: sorted.length }
  }
}

function measure(name) {
  const { schema, length, append, insert, read, all } = kinds[name]
  const random = randomOf(7)
  const rows = []
  const doc = new Doc({ schema, incarnation: 'large', actor: newActor('large') })
  const { field } = doc.root
  const many = (what, count, run) => {
    const times = new Times()
    for (let i = 0; i < count; i += 1) times.time(() => run(i))
    rows.push(times.row(what))
  }
  const anywhere = () => below(random, field.length)
  const mb = memoryOf(() => {
    many(`append ${BLOCK}`, length / BLOCK, (i) => doc.change(() => append(field, i * BLOCK)))
    return doc
  })
  many('insert one anywhere', EDITS, () => doc.change(() => insert(field, anywhere())))
  many('delete one anywhere', EDITS, () => doc.change(() => field.delete(anywhere(), 1)))
  many('index', READS, () => read(field, anywhere()))
  for (const [what, run] of Object.entries(all)) {
    many(`${what} all`, 5, () => {
      if (run(field) !== field.length) throw new Error(`${what}: not all`)
    })
  }
  let snapshot
  many('snapshot', 5, () => {
    snapshot = doc.snapshot()
  })
  many('load, read, first edit', 5, () => {
    const loaded = Doc.load(snapshot, { schema, actor: newActor('other') })
    const found = loaded.root.field
    Object.values(all)[0](found)
    loaded.change(() => insert(found, found.length >> 1))
    if (found.length !== field.length + 1) throw new Error('not all was loaded')
  })
  return { mb, length: field.length, bytes: snapshot.length, rows }
}

export async function run({ wanted, flags, fail }) {
  const names = wanted.length === 0 ? Object.keys(kinds) : wanted
  for (const name of names) {
    if (kinds[name] === undefined) fail(`no case ${name}; there are:\n${Object.keys(kinds).join('\n')}`)
    const { mb, length, bytes, rows } = measure(name)
    if (flags.json) {
      for (const { name: metric, longest, median: value, runs } of rows) {
        const row = { suite: 'large', case: name, subject: 'joinery', metric, value, unit: 'ms', runs, max: longest }
        process.stdout.write(`${JSON.stringify(row)}\n`)
      }
      continue
    }
    process.stdout.write(`${name}: ${length} elements, ${mb.toFixed(1)} MB in memory, ${bytes} bytes as a snapshot\n`)
    const lines = rows.map(({ name: what, longest, median: value }) => [
      what,
      longest.toFixed(2),
      value.toFixed(4),
      longest > PAUSE_MS_MAX ? `above ${PAUSE_MS_MAX} ms` : '',
    ])
    process.stdout.write(`${plain({ head: ['', 'longest ms', 'median ms', ''], lines })}\n\n`)
  }
}
