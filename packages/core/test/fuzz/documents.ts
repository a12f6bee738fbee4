/** A document with every type in it, and small random histories of it. */
import {
  boundedCounter,
  Doc,
  defineSchema,
  dwFlag,
  ewFlag,
  gCounter,
  gSet,
  list,
  lww,
  mvRegister,
  orMap,
  orSet,
  pnCounter,
  type Schema,
  struct,
  text,
  twoPhaseSet,
} from '../../src/index.ts'
import { testActor } from './actors.ts'
import { type Random, seeded } from './random.ts'

export const schema = defineSchema({
  hits: gCounter(),
  votes: pnCounter(),
  credits: boundedCounter(),
  seen: gSet<string>(),
  revoked: twoPhaseSet<string>(),
  tags: orSet<string>(),
  title: lww<string>(),
  color: mvRegister<string>(),
  open: ewFlag(),
  safe: dwFlag(),
  notes: text(),
  items: list(struct({ name: lww<string>(), done: ewFlag(), body: text() })),
  plain: list<string>(),
  cells: orMap(struct({ count: pnCounter(), label: lww<string>(), set: orSet<number>(), log: text() })),
  tree: orMap(orMap(lww<string>())),
})

type Fields = typeof schema extends Schema<infer F> ? F : never
export type RichDoc = Doc<Fields>

export const INCARNATION = 'incarnation-0001'

export function openDoc(name: string): RichDoc {
  return new Doc({ schema, actor: testActor(name), incarnation: INCARNATION })
}

const WORDS = ['a', 'b', 'größe', '😀', '__proto__']

type Step = (root: RichDoc['root'], random: Random) => void

const steps: readonly Step[] = [
  (root, random) => root.hits.increment(1 + random.int(5)),
  (root) => root.votes.decrement(2),
  (root) => root.credits.increment(5),
  (root) => root.credits.rights() > 1 && root.credits.decrement(),
  (root, random) => root.seen.add(random.pick(WORDS)),
  (root, random) => !root.revoked.wasRemoved('a') && root.revoked.add(random.pick(['a', 'c'])),
  (root) => root.revoked.remove('a'),
  (root, random) => root.tags.add(random.pick(WORDS)),
  (root, random) => root.tags.remove(random.pick(WORDS)),
  (root, random) => root.title.set(random.pick(WORDS)),
  (root, random) => root.color.set(random.pick(WORDS)),
  (root, random) => (random.chance(0.5) ? root.open.enable() : root.open.disable()),
  (root, random) => (random.chance(0.5) ? root.safe.enable() : root.safe.disable()),
  (root, random) => root.notes.insert(0, random.pick(WORDS)),
  (root) => root.notes.length > 4 && root.notes.toString().charCodeAt(0) < 128 && root.notes.delete(0, 1),
  (root, random) => root.items.create(random.int(root.items.length + 1)).name.set(random.pick(WORDS)),
  (root) => root.items.length > 0 && root.items.get(0)!.body.insert(0, 'body'),
  (root) => root.items.length > 1 && root.items.delete(1),
  (root, random) => root.plain.insert(random.int(root.plain.length + 1), random.pick(WORDS), 'z'),
  (root) => root.plain.length > 2 && root.plain.delete(1, 2),
  (root, random) => root.cells.open(random.pick(WORDS)).count.increment(3),
  (root, random) => root.cells.open(random.pick(WORDS)).label.set('l'),
  (root, random) => root.cells.open(random.pick(WORDS)).log.insert(0, 'log'),
  (root, random) => root.cells.open(random.pick(WORDS)).set.add(random.int(3)),
  (root, random) => root.cells.remove(random.pick(WORDS)),
  (root, random) => root.tree.open(random.pick(WORDS)).open(random.pick(WORDS)).set('leaf'),
  (root, random) => root.tree.remove(random.pick(WORDS)),
]

export function changeAtRandom(doc: RichDoc, random: Random): Uint8Array | undefined {
  return doc.change((root) => {
    for (let count = random.int(4); count >= 0; count -= 1) random.pick(steps)(root, random)
  })
}

export interface History {
  readonly changes: Uint8Array[]
  readonly bundles: Uint8Array[]
  readonly snapshots: Uint8Array[]
}

/** Three replicas that change, exchange and fall behind. */
export function documentHistory(seed: number): History {
  const random = seeded(seed)
  const docs = ['r0', 'r1', 'r2'].map(openDoc)
  const history: History = { changes: [], bundles: [], snapshots: [] }
  for (let round = 0; round < 10; round += 1) {
    const from = random.int(3)
    const change = changeAtRandom(docs[from]!, random)
    if (change !== undefined) history.changes.push(change)
    const to = (from + 1 + random.int(2)) % 3
    const bundle = docs[from]!.changesSince(docs[to]!.version())
    if (bundle !== undefined && random.chance(0.7)) {
      docs[to]!.apply(bundle)
      history.bundles.push(bundle)
    }
    if (random.chance(0.4)) history.snapshots.push(docs[to]!.snapshot())
  }
  for (const doc of docs) {
    history.snapshots.push(doc.snapshot())
    history.bundles.push(doc.changesSince(openDoc('nobody').version())!)
  }
  return history
}
