/**
 * Deliberately wrong merges. Each is one replacement in one source file, made while the file is loaded for a test run; the
 * sources stay as they are. `find` must occur exactly once. `tests` are the files that must notice, `only` narrows them down
 * to the suites that look, so that a run is short.
 *
 * @typedef {{ name: string, file: string, find: string, replace: string, tests: string[], only?: string }} Mutant
 */

const core = 'packages/core/src'
const lattice = ['packages/core/test/types/lattice.test.ts']
const named = [
  'packages/core/test/types/counter-examples.test.ts',
  'packages/core/test/document/counter-examples.test.ts',
]
const documents = ['packages/core/test/document/document.test.ts', 'packages/core/test/document/nested.test.ts']

/** @type {Mutant[]} */
export const mutants = [
  {
    name: 'or-set-remove-wins',
    file: `${core}/types/or-set.ts`,
    find: 'const kept = this.#dotsOf(row).filter((other) => other !== dot)',
    replace: 'const kept = []',
    tests: [...lattice, ...named],
    only: 'lattice orset|adding wins',
  },
  {
    name: 'lww-without-full-tie-break',
    file: `${core}/kernel/cell.ts`,
    find: 'if (a.time !== b.time) return a.time - b.time',
    replace: 'return a.time - b.time',
    tests: [...lattice, ...named],
    only: 'lattice lww|one time is decided',
  },
  {
    name: 'lww-below-key-drops-loser',
    file: `${core}/kernel/write-table.ts`,
    find: 'this.#next[head] = row + 1',
    replace: 'this.#next[head] = NONE + 1',
    tests: [...lattice, ...named],
    only: 'lattice ormap of lww|write that lost by time',
  },
  {
    name: 'counter-adds-instead-of-maximum',
    file: `${core}/kernel/tally.ts`,
    find: 'Math.max(sum, this.sums[actor] as number)',
    replace: 'sum + (this.sums[actor] as number)',
    tests: lattice,
    only: 'lattice gcounter',
  },
  {
    name: 'nested-counter-without-cut',
    file: `${core}/kernel/cut-tally.ts`,
    find: 'if (observed <= this.#cut(actor)) continue',
    replace: 'continue',
    tests: [...lattice, ...named],
    only: 'lattice ormap of gcounter|removal takes away the increments',
  },
  {
    name: 'nested-counter-cut-not-joined',
    file: `${core}/kernel/cut-tally.ts`,
    find: 'cut: Math.max(entry.cut, this.#cut(actor))',
    replace: 'cut: this.#cut(actor)',
    tests: [...lattice, ...named],
    only: 'lattice ormap of gcounter|removal takes away the increments',
  },
  {
    name: 'delta-claims-what-its-author-had-seen',
    file: `${core}/kernel/causal-container.ts`,
    find: 'actor === SELF ? own : []',
    replace: 'actor === SELF ? own : (site.context?.runs(actor) ?? [])',
    tests: lattice,
    only: 'lattice orset|lattice ormap of orset',
  },
  {
    name: 'delta-claims-its-author-s-past',
    file: `${core}/kernel/causal-container.ts`,
    find: '[site.first, site.last]',
    replace: '[1, site.last]',
    tests: lattice,
    only: 'lattice orset|lattice mvreg',
  },
  {
    name: 'presence-not-refreshed',
    file: `${core}/types/or-map.ts`,
    find: 'if (slot.child !== undefined && !refreshed)',
    replace: 'if (slot.child !== undefined && slot.cell.dot === 0)',
    tests: named,
    only: 'refreshes the presence',
  },
  {
    name: 'early-removals-forgotten',
    file: `${core}/types/or-set.ts`,
    find: 'this.#early.add(dot)',
    replace: 'void dot',
    tests: [...lattice, ...named],
    only: 'lattice orset|not forgotten',
  },
  {
    name: 'shown-state-still-private',
    file: `${core}/kernel/frame.ts`,
    find: 'site.show()',
    replace: 'site.settle()',
    tests: [...lattice, ...named],
    only: 'lattice orset|whole state had shown',
  },
  {
    name: 'multi-value-decided-by-time',
    file: `${core}/kernel/cell.ts`,
    find: "(keep === 'younger' && compareWrites(site, other, write) > 0)",
    replace: 'compareWrites(site, other, write) > 0',
    tests: [...lattice, ...named],
    only: 'lattice mvreg|whatever the clocks say',
  },
  {
    name: 'clock-does-not-follow-what-it-reads',
    file: `${core}/causality/hybrid-clock.ts`,
    find: 'if (micros > this.#last && this.believes(micros)) this.#last = micros',
    replace: 'void micros',
    tests: named,
    only: 'comes after everything its author had read',
  },
  {
    name: 'siblings-in-order-of-arrival',
    file: `${core}/sequence/fugue-tree.ts`,
    find: 'spans.counter(row) - counter : this.#compareActors(by, actor)',
    replace: 'spans.counter(row) - counter : by - actor',
    tests: [...lattice, ...documents],
    only: 'lattice text|document text',
  },
  {
    name: 'moves-won-by-the-last-to-arrive',
    file: `${core}/kernel/moves.ts`,
    find: 'if (time !== other.time) return time > other.time',
    replace: 'if (time > 0) return true',
    tests: [...lattice, ...documents],
    only: 'lattice rga|document rga',
  },
  {
    name: 'orphaned-runs-dropped',
    file: `${core}/kernel/ordered.ts`,
    find: 'this.#waiting.push(entry)',
    replace: 'void entry',
    tests: lattice,
    only: 'lattice text',
  },
  {
    name: 'chain-check-ignored',
    file: `${core}/document/check-changes.ts`,
    find: 'if (previous !== checkAt(known, actor, head, history)) forked()',
    replace: '',
    tests: ['packages/core/test/document/forks.test.ts'],
  },
  {
    name: 'early-changes-applied-at-once',
    file: `${core}/document/past.ts`,
    find: 'return deps.find((dep) => this.known(dep.actor) < dep.counter)',
    replace: 'return undefined',
    tests: documents,
    only: 'document orset|document ormap of orset|document text',
  },
  {
    name: 'hidden-values-tell-subscribers',
    file: `${core}/kernel/container.ts`,
    find: 'if (patches !== undefined && container.shows())',
    replace: 'if (patches !== undefined)',
    tests: [...documents, 'packages/core/test/document/patches.test.ts'],
    only: 'patches|document rga of struct',
  },
]
