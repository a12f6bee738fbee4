/** What must hold at the end of a random history of documents. */
import { Doc, encodeBundle, type Head, type JsonValue } from '@joinery/core'
import { testActor } from '../actors.ts'
import { assert, assertBytes, assertEqual, refusal } from '../assert.ts'
import type { SeededRandom } from '../random.ts'
import { type DocumentPlay, INCARNATION, type MadeChange } from './run.ts'

const lastOf = ({ header }: MadeChange): number => header.first + header.length - 1

/** Delivers some changes in any order, then what the documents ask for, then the rest; others just ask a peer. All end equal. */
export function checkConvergence(play: DocumentPlay, random: SeededRandom): void {
  const { replicas, changes } = play
  const [first, ...others] = random.shuffle(replicas.map(({ doc }) => doc)) as [Doc, Doc, ...Doc[]]
  for (const doc of [first, others[0] as Doc]) {
    for (const { bytes } of random.shuffle(random.some(changes, 2, 3))) doc.apply(bytes)
    supplyMissing(doc, changes)
    for (const { bytes } of random.shuffle([...changes, ...random.some(changes, 1, 4)])) doc.apply(bytes)
    assertEqual(doc.missing(), [], 'nothing is missing with all changes')
  }
  for (const doc of others.slice(1)) play.sync(first, doc)
  const expected = fingerprint(first)
  for (const other of others) assertSame(other, expected, 'replicas with all changes')
  play.compare(first, 'with all changes')
  for (const replica of replicas) play.compareMirror(replica)
}

/** Gives a document what it asks for until it asks for nothing. */
function supplyMissing(doc: Doc, changes: readonly MadeChange[]): void {
  for (let round = 0; doc.missing().length > 0; round += 1) {
    assert(round <= changes.length, 'a document goes on asking')
    for (const { actor, from, to } of doc.missing()) {
      const wanted = changes.filter((change) => {
        return change.header.actor === actor && change.header.first <= to && lastOf(change) >= from
      })
      assert(wanted.length > 0, `asks for ${from}..${to} of ${actor}, which nobody made`)
      for (const { bytes } of wanted) doc.apply(bytes)
    }
  }
}

/** All that must be equal where histories are. */
interface Fingerprint {
  readonly snapshot: Uint8Array
  readonly versionHash: string
  readonly value: JsonValue
  readonly heads: readonly Head[]
}

function fingerprint(doc: Doc): Fingerprint {
  return { snapshot: doc.snapshot(), versionHash: doc.versionHash(), value: doc.toJSON(), heads: doc.heads() }
}

function assertSame(doc: Doc, expected: Fingerprint, what: string): void {
  assertBytes(doc.snapshot(), expected.snapshot, `${what}: snapshots`)
  assertEqual(doc.versionHash(), expected.versionHash, `${what}: version hashes`)
  assertEqual(doc.toJSON(), expected.value, `${what}: values`)
  assertEqual(doc.heads(), expected.heads, `${what}: heads`)
}

/** Sets of changes with the same causal closure end equal, whatever the order, the repetitions and the packing. */
export function checkClosedSubset(play: DocumentPlay, random: SeededRandom): void {
  const subset = closureOf(play.changes, random.some(play.changes, 1, 3))
  const observer = (): Doc => play.open(testActor('observer', 7))
  const inOrder = observer()
  if (subset.length > 0) inOrder.apply(encodeBundle(subset.map(({ bytes }) => bytes)))
  play.compare(inOrder, 'with a closed subset of the changes')
  const shuffled = observer()
  for (const { bytes } of random.shuffle([...subset, ...random.some(subset, 1, 3)])) shuffled.apply(bytes)
  const expected = fingerprint(inOrder)
  assertSame(shuffled, expected, 'one subset in two orders')
  if (subset.length === 0) return
  const loaded = Doc.load(inOrder.snapshot(), { schema: play.schema, actor: testActor('loader', 7) })
  assertSame(loaded, expected, 'a subset and its snapshot')
  const { doc } = play.replicas[0] as { readonly doc: Doc }
  const final = fingerprint(doc)
  for (const { bytes } of random.shuffle(play.changes)) loaded.apply(bytes)
  assertSame(loaded, final, 'a snapshot of a subset and all changes')
  inOrder.apply(final.snapshot)
  assertSame(inOrder, final, 'a subset and a snapshot of everything')
}

/** The changes and everything before them, in the order in which they were made. */
function closureOf(changes: readonly MadeChange[], some: readonly MadeChange[]): MadeChange[] {
  const upTo = new Map<string, number>()
  const want = (actor: string, counter: number): void => {
    upTo.set(actor, Math.max(counter, upTo.get(actor) ?? 0))
  }
  for (const change of some) want(change.header.actor, lastOf(change))
  // From the youngest to the oldest: whatever is wanted by a change is older than it.
  for (const { header } of [...changes].reverse()) {
    if (header.first > (upTo.get(header.actor) ?? 0)) continue
    for (const dep of header.deps) want(dep.actor, dep.counter)
  }
  return changes.filter(({ header }) => header.first <= (upTo.get(header.actor) ?? 0))
}

/** An actor that comes back without its state is told so, and nothing of what it was told stays. */
export function checkRestart({ replicas, changes, schema }: DocumentPlay, random: SeededRandom): number {
  const final = replicas[0] as { readonly doc: Doc }
  const active = replicas.filter(({ actor }) => changes.some(({ header }) => header.actor === actor.id))
  for (const { actor } of random.shuffle(active).slice(0, 1)) {
    const reborn = new Doc({ schema, actor, incarnation: INCARNATION })
    const before = reborn.snapshot()
    const all = encodeBundle(changes.map(({ bytes }) => bytes))
    for (const bytes of [all, final.doc.snapshot()]) {
      const code = refusal(() => reborn.apply(bytes))
      assert(code === 'CORE_ACTOR_REUSED' || code === 'CORE_ACTOR_FORKED', `lost state was not noticed: ${code}`)
      assertBytes(reborn.snapshot(), before, 'what was refused changed something')
    }
  }
  return Math.min(1, active.length)
}
