/**
 * B1 of crdt-benchmarks, N = 6,000: one replica edits, a transaction per edit, and each update is applied on another at once.
 *   time   all of it, with both results read
 *   parse  the stored document decoded and read
 */
import { expectEqual } from '../bench.mjs'
import { below, letters, randomOf, word } from '../random.mjs'
import { edit, editsOf, textAfter } from '../traces.mjs'

export const N = 6000

const metrics = { time: 'ms', parse: 'ms', bytes: 'bytes' }

/** What `make` answers is the next edit `[position, deletions, insertion]`, given the text's length. */
export function generate(seed, make, start = '') {
  const random = randomOf(seed)
  const patches = []
  let { length } = start
  for (let i = 0; i < N; i += 1) {
    const patch = make({ random, length, i })
    length += patch[2].length - patch[1]
    patches.push(patch)
  }
  return editsOf(patches, textAfter(patches, start))
}

export const randomChar = ({ random, length }) => [below(random, length + 1), 0, letters(random, 1)]
export const randomWord = ({ random, length }) => [below(random, length + 1), 0, word(random)]

/** A word in, or up to 9 characters out. */
export function wordOrDeletion({ random, length }) {
  const position = below(random, length + 1)
  if (length === position || random() < 0.5) return [position, 0, word(random)]
  return [position, Math.min(length - position, 1 + below(random, 9)), '']
}

const texts = {
  'b1.1': () => generate(11, ({ random, i }) => [i, 0, letters(random, 1)]),
  'b1.2': () => insertedString(),
  'b1.3': () => generate(13, ({ random }) => [0, 0, letters(random, 1)]),
  'b1.4': () => generate(14, randomChar),
  'b1.5': () => generate(15, randomWord),
  'b1.6': () => deletedString(),
  'b1.7': () => generate(17, wordOrDeletion),
}

function insertedString() {
  const string = letters(randomOf(12), N)
  return editsOf([[0, 0, string]], string)
}

function deletedString() {
  const insertion = [0, 0, letters(randomOf(16), N)]
  return editsOf([insertion, [0, N, '']], '')
}

/** Insertions into a list: `values[i]` at `positions[i]`. */
function generateList(seed, count, make) {
  const random = randomOf(seed)
  const positions = []
  const values = []
  const end = []
  for (let i = 0; i < count; i += 1) {
    const { position, inserted } = make({ random, i })
    positions.push(position)
    values.push(inserted)
    end.splice(position, 0, ...inserted)
  }
  return { count, positions, values, end: JSON.stringify(end) }
}

const numberOf = (random) => below(random, 0x7fff_ffff)

const lists = {
  'b1.8': () => generateList(18, N, ({ random, i }) => ({ position: i, inserted: [numberOf(random)] })),
  'b1.9': () =>
    generateList(19, 1, ({ random }) => ({ position: 0, inserted: Array.from({ length: N }, () => numberOf(random)) })),
  'b1.10': () => generateList(110, N, ({ random }) => ({ position: 0, inserted: [numberOf(random)] })),
  'b1.11': () =>
    generateList(111, N, ({ random, i }) => ({ position: below(random, i + 1), inserted: [numberOf(random)] })),
}

const editors = {
  text: { edit, read: (replica) => replica.read() },
  list: {
    edit: (replica, { positions, values }, i) => replica.insertValues(positions[i], values[i]),
    read: (replica) => JSON.stringify(replica.values()),
  },
}

function round(kind, bench, edits) {
  const editor = editors[kind]
  const { one } = bench.time('time', {
    prepare: () => ({ one: bench.open(kind, 0), other: bench.open(kind, 1) }),
    run: ({ one, other }) => {
      for (let i = 0; i < edits.count; i += 1) other.apply(one.change(() => editor.edit(one, edits, i)))
      return { one, other, read: editor.read(one), received: editor.read(other) }
    },
    check: ({ read, received }) => {
      expectEqual(read, edits.end, 'own result')
      expectEqual(received, edits.end, 'received result')
    },
  })
  const bytes = one.encode()
  bench.value('bytes', bytes.length)
  bench.time('parse', {
    run: () => {
      const loaded = bench.load(kind, bytes, 2)
      return { loaded, read: editor.read(loaded) }
    },
    check: ({ read }) => expectEqual(read, edits.end, 'parsed result'),
  })
}

const casesOf = (kind, all) =>
  Object.entries(all).map(([name, make]) => ({
    name,
    kind,
    floors: kind === 'text',
    metrics,
    sequence: ['time', 'bytes', 'parse'],
    prepare: make,
    round: (bench, edits) => round(kind, bench, edits),
  }))

export const b1Cases = [...casesOf('text', texts), ...casesOf('list', lists)]
