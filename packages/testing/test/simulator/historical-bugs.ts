/** Bugs that other systems had, built in again one at a time: a replacement in one source, and the history that finds it. */
import type { SimulationOptions } from '@joinery/testing'

export interface HistoricalBug {
  readonly name: string
  /** Who had it, and where that is told. */
  readonly system: string
  readonly what: string
  readonly file: string
  /** Occurs exactly once. */
  readonly find: string
  readonly replace: string
  readonly history: SimulationOptions
}

const replication = 'packages/sync/src/replication'

export const historicalBugs: readonly HistoricalBug[] = [
  {
    name: 'actor reuse',
    system: 'Riak KV #1094, #679',
    what: 'A node tells of its own changes before they are durable, loses them in a crash, and uses their dots again.',
    file: `${replication}/documents/documents.ts`,
    find: '    this.write(life)\n  }\n\n  /** Gives out',
    replace: '    this.#events.durable(life, parts)\n    this.write(life)\n  }\n\n  /** Gives out',
    history: { seed: 1, scenario: 'crashes' },
  },
  {
    name: 'delta without context',
    system: 'Akka.NET PR #8220, Riak DT #99',
    what: 'A change is applied though what it follows is not there.',
    file: 'packages/core/src/document/past.ts',
    find: 'return deps.find((dep) => this.known(dep.actor) < dep.counter)',
    replace: 'return deps.find(() => false)',
    history: { seed: 1, scenario: 'partition' },
  },
  {
    name: 'garbage collection against a returning node',
    system: 'Cassandra gc_grace, Akka pruning',
    what: 'A node that was away gets the changes that the log still has, though the log was folded meanwhile.',
    file: 'packages/core/src/document/history.ts',
    find: 'if (version.get(actor) < counter) return undefined',
    replace: 'if (version.get(actor) < -counter) return undefined',
    history: { seed: 1, scenario: 'everything', limits: { foldBytesMin: 1 } },
  },
  {
    name: 'stuck partial buffer',
    system: 'Antidote #420, Corrosion PR #116',
    what: 'Changes that wait for others count as known, so that nobody sends what they wait for.',
    file: `${replication}/documents/intake.ts`,
    find: '    this.#taken.waiting = this.#life.early.size',
    replace: `    for (const { bytes } of this.#life.early.values()) {
      const { header, check } = readChange(bytes)
      this.#life.learn([{ actor: header.actor, counter: header.first + header.length - 1, check }])
    }`,
    history: { seed: 1, scenario: 'everything' },
  },
  {
    name: 'lost-message wedge',
    system: 'Automerge #702, #703',
    what: 'A node waits for the answer to its last digest before it sends another, and the answer was lost.',
    file: `${replication}/anti-entropy/rounds.ts`,
    find: '    if (partner !== undefined) this.begin(partner)',
    replace: `    const self = this as { answers?: number }
    if (partner !== undefined && self.answers !== this.counted.equal) this.begin(partner)
    self.answers = this.counted.equal`,
    history: { seed: 4, scenario: 'partition', loss: 0.3 },
  },
  {
    name: 'delete and delete',
    system: 'Corrosion PR #352',
    what: 'Of two nodes that end one document at once each keeps its own end.',
    file: `${replication}/documents/tombstone.ts`,
    find: 'if (difference !== 0) return difference < 0 ? known : other',
    replace: 'if (difference !== 0) return known',
    history: { seed: 1, scenario: 'calm' },
  },
  {
    name: 'confirmation of an earlier life',
    system: 'found here',
    what: 'Pushes are numbered from 1 after every start, and a late confirmation confirms another push.',
    file: `${replication}/gossip/pusher.ts`,
    find: '128 * context.options.random(2 ** 28)',
    replace: '0 * context.options.random(2 ** 28)',
    history: { seed: 26, scenario: 'restarts' },
  },
  {
    name: 'what nobody signed',
    system: 'CWE-347',
    what: 'A change without a signature is taken where changes are signed.',
    file: `${replication}/signing/signed-life.ts`,
    find: "if (claim === undefined) return { is: 'refused', code: 'REPLICATION_UNSIGNED' }",
    replace: "if (claim === undefined) return { is: 'new' }",
    history: { seed: 1, scenario: 'byzantine' },
  },
  {
    name: 'replay into another document',
    system: 'CWE-294',
    what: 'A signature does not say which document it is about, and holds in all of them.',
    file: `${replication}/signing/claim.ts`,
    find: '  writer.string(document)\n',
    replace: '',
    history: { seed: 1, scenario: 'byzantine' },
  },
  {
    name: 'equivocation',
    system: 'Kleppmann, Making CRDTs Byzantine fault tolerant (2022)',
    what: 'Who gets a second history of an actor keeps the first, and tells nobody.',
    file: `${replication}/signing/signed-life.ts`,
    find: "return rival === undefined ? { is: 'new' } : { is: 'proof', proof: { actor, claims: [rival, claim] } }",
    replace: "return { is: rival === undefined ? 'new' : 'known' }",
    history: { seed: 1, scenario: 'byzantine' },
  },
]
