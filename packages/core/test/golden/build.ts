/**
 * What the golden files hold: for each type a state in which two actors met, and the last delta that led there; changes, a
 * bundle and a snapshot of a document with every type; JSON values. Actors, epochs and clocks are fixed, so the same code
 * always builds the same bytes.
 */
import {
  type Actor,
  actorId,
  allTypes,
  BoundedCounter,
  type Container,
  DisableWinsFlag,
  Doc,
  EnableWinsFlag,
  encodeBundle,
  GCounter,
  GSet,
  HybridClock,
  type JsonValue,
  LwwRegister,
  MvRegister,
  OrMap,
  OrSet,
  PnCounter,
  Reader,
  Rga,
  readChange,
  readJson,
  replicaId,
  specOf,
  Text,
  TwoPhaseSet,
  Writer,
  writeJson,
} from '../../src/index.ts'
import { INCARNATION, type RichDoc, schema } from '../fuzz/documents.ts'

/** One encoding with the value it stands for. */
export interface Golden {
  readonly name: string
  readonly hex: string
  readonly value: JsonValue
}

/** Time of every event: 2024-01-01T00:00:00Z, then one microsecond more each time. */
const START_MS = 1_704_067_200_000

export function goldenActor(name: string): Actor {
  const epoch = new Uint8Array(12).map((_, i) => name.charCodeAt(0) + i)
  return { id: actorId(replicaId(name), epoch), clock: new HybridClock(() => START_MS) }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

type Open = (actor: Actor) => Container

interface Recipe<C extends Container> {
  open(actor: Actor): C
  /** What the first actor does before the second one sees it. */
  first(value: C): void
  /** What the second one does then. */
  second(value: C): void
}

function recipe<C extends Container>(each: Recipe<C>): Recipe<Container> {
  return each as unknown as Recipe<Container>
}

const recipes: Readonly<Record<string, Recipe<Container>>> = {
  gcounter: recipe({
    open: (actor) => new GCounter(actor),
    first: (value) => value.increment(300),
    second: (value) => value.increment(),
  }),
  pncounter: recipe({
    open: (actor) => new PnCounter(actor),
    first: (value) => value.increment(7),
    second: (value) => value.decrement(10),
  }),
  bcounter: recipe({
    open: (actor) => new BoundedCounter(actor),
    first: (value) => {
      value.increment(10)
      value.transfer(goldenActor('bob').id, 4)
    },
    second: (value) => value.decrement(3),
  }),
  gset: recipe<GSet>({
    open: (actor) => new GSet(actor),
    first: (value) => {
      for (const elem of ['b', 'a', 2, 10, true, null, { k: [1] }, '\u0000']) value.add(elem as JsonValue)
    },
    second: (value) => value.add('größe'),
  }),
  '2pset': recipe<TwoPhaseSet>({
    open: (actor) => new TwoPhaseSet(actor),
    first: (value) => {
      value.add('kept')
      value.add('gone')
    },
    second: (value) => value.remove('gone'),
  }),
  orset: recipe<OrSet>({
    open: (actor) => new OrSet(actor),
    first: (value) => {
      for (const elem of ['milk', 'bread', { n: 1 }]) value.add(elem)
    },
    second: (value) => {
      value.remove('milk')
      value.add('tea')
    },
  }),
  lww: recipe<LwwRegister>({
    open: (actor) => new LwwRegister(actor),
    first: (value) => value.set('first'),
    second: (value) => value.set({ title: 'second' }, { timeMicros: START_MS * 1000 + 5_000_000, replica: 'web-1' }),
  }),
  mvreg: recipe<MvRegister>({
    open: (actor) => new MvRegister(actor),
    first: (value) => value.set('red'),
    second: (value) => value.set('blue'),
  }),
  ewflag: recipe({
    open: (actor) => new EnableWinsFlag(actor),
    first: (value) => value.enable(),
    second: (value) => value.disable(),
  }),
  dwflag: recipe({
    open: (actor) => new DisableWinsFlag(actor),
    first: (value) => value.disable(),
    second: (value) => value.enable(),
  }),
  ormap: recipe<OrMap>({
    open: (actor) => new OrMap(actor, undefined, allTypes),
    first: (value) => {
      value.setLww('title', 'map')
      value.open('votes', specOf<PnCounter>('pncounter')).increment(2)
      value.open('inner', specOf<OrMap>('ormap')).setLww('deep', [1])
    },
    second: (value) => {
      value.remove('votes')
      value.open('tags', specOf<OrSet>('orset')).add('x')
    },
  }),
  rga: recipe<Rga>({
    open: (actor) => new Rga(actor, undefined, allTypes),
    first: (value) => {
      value.insert(0, 'a', 'b', 'c')
      value.create(1, specOf<Text>('text')).insert(0, 'inside')
    },
    second: (value) => {
      value.delete(0)
      value.insert(1, 0.5)
      value.move(3, 0)
    },
  }),
  text: recipe<Text>({
    open: (actor) => new Text(actor),
    first: (value) => {
      value.insert(0, 'Helo 😀')
      value.insert(3, 'l')
    },
    second: (value) => value.delete(0, 1),
  }),
}

export const typeNames: readonly string[] = Object.keys(recipes)

export function opener(type: string): Open {
  return recipes[type]!.open
}

export function buildType(type: string): Golden[] {
  const { open, first, second } = recipes[type]!
  const alice = open(goldenActor('alice'))
  const bob = open(goldenActor('bob'))
  const bottom = alice.encode()
  const bottomValue = alice.toJSON()
  first(alice)
  const opening = alice.takeDelta()
  const opened = alice.toJSON()
  bob.join(opening)
  second(bob)
  const closing = bob.takeDelta()
  alice.join(closing)
  // What the second delta says on its own, to someone who never saw the first.
  const alone = open(goldenActor('carol'))
  alone.join(closing)
  return [
    { name: 'bottom', hex: toHex(bottom), value: bottomValue },
    { name: 'delta 1', hex: toHex(opening), value: opened },
    { name: 'delta 2', hex: toHex(closing), value: alone.toJSON() },
    { name: 'delta 2 joined into nothing', hex: toHex(alone.encode()), value: alone.toJSON() },
    { name: 'state', hex: toHex(alice.encode()), value: alice.toJSON() },
  ]
}

function writeDocument(alice: RichDoc, bob: RichDoc): Uint8Array[] {
  const changes: (Uint8Array | undefined)[] = []
  const by = (doc: RichDoc, other: RichDoc, mutate: (root: RichDoc['root']) => void, note = {}): void => {
    const bytes = doc.change(mutate, note)
    changes.push(bytes)
    other.apply(bytes!)
  }
  by(alice, bob, (root) => {
    root.title.set('Plan')
    root.hits.increment(2)
    root.votes.decrement(3)
    root.credits.increment(9)
    root.seen.add('x')
    root.revoked.add('k')
    root.tags.add('work')
    root.color.set('red')
    root.open.enable()
    root.safe.disable()
    root.notes.insert(0, 'draft')
  })
  by(
    bob,
    alice,
    (root) => {
      const item = root.items.create()
      item.name.set('first')
      item.body.insert(0, 'body')
      root.plain.push('p', 'q')
      const cell = root.cells.open('a1')
      cell.count.increment(4)
      cell.label.set('total')
      root.tree.open('leaf').open('deep').set('yes')
      root.revoked.remove('k')
    },
    { author: 'bob@example.org', message: 'add items', schemaVersion: 2, signature: Uint8Array.of(1, 2, 3) },
  )
  by(alice, bob, (root) => {
    root.cells.remove('a1')
    root.tags.remove('work')
    root.notes.delete(0, 2)
    root.items.get(0)!.done.enable()
    root.plain.delete(0)
  })
  return changes as Uint8Array[]
}

export function buildDocument(): { changes: Golden[]; bundle: Golden; snapshot: Golden; versionHash: string } {
  const open = (name: string): RichDoc => new Doc({ schema, actor: goldenActor(name), incarnation: INCARNATION })
  const alice = open('alice')
  const changes = writeDocument(alice, open('bob'))
  const reader = open('carol')
  const value = alice.toJSON()
  return {
    changes: changes.map((bytes, i) => {
      reader.apply(bytes)
      return { name: `change ${i + 1}`, hex: toHex(bytes), value: reader.toJSON() }
    }),
    bundle: { name: 'bundle', hex: toHex(encodeBundle(changes)), value },
    snapshot: { name: 'snapshot', hex: toHex(alice.snapshot()), value },
    versionHash: alice.versionHash(),
  }
}

export function headerOf(bytes: Uint8Array): JsonValue {
  const { header, check } = readChange(bytes)
  const { signature, ...rest } = header
  return { ...rest, check, ...(signature === undefined ? {} : { signature: toHex(signature) }) } as unknown as JsonValue
}

const VALUES: readonly JsonValue[] = [
  null,
  false,
  true,
  0,
  -1,
  63,
  64,
  2 ** 52 - 1,
  -(2 ** 52 - 1),
  2 ** 52,
  -(2 ** 52),
  0.1,
  -1.5,
  1e300,
  '',
  'größe',
  '😀',
  [],
  [1, [2]],
  {},
  { b: 1, a: 2, '10': 3, '9': 4 },
]

export function buildJson(): Golden[] {
  return VALUES.map((value) => {
    const writer = new Writer()
    writeJson(writer, value)
    return { name: JSON.stringify(value), hex: toHex(writer.finish()), value }
  })
}

export function decodeJson(bytes: Uint8Array): JsonValue {
  const reader = new Reader(bytes)
  const value = readJson(reader)
  reader.finish()
  return value
}

export function decodeDocument(bytes: Uint8Array): RichDoc {
  return Doc.load(bytes, { schema, actor: goldenActor('dave') })
}
