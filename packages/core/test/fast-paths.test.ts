/**
 * The engine with its short cuts and the engine without them: given the same histories, both write the same changes, answer the same
 * and hold the same bytes.
 */
import { historyRuns, historySeed, type SeededRandom, seededRandom } from '@joinery/testing'
import { expect, test, vi } from 'vitest'

type Core = typeof import('../src/index.ts')

async function build(areTaken: boolean): Promise<Core> {
  vi.resetModules()
  vi.doMock('../src/fast-paths.ts', () => ({ FAST_PATHS: areTaken }))
  return import('../src/index.ts')
}

const fast = await build(true)
const slow = await build(false)

const NAMES = ['a', 'b', 'c']
const STEPS = 60

function schemaOf(core: Core) {
  const { defineSchema, list, lww, mvRegister, orMap, orSet, pnCounter, struct, text } = core
  return defineSchema({
    body: text(),
    items: list(),
    records: list(struct({ name: text(), done: lww() })),
    cells: orMap(lww()),
    drafts: orMap(text()),
    tags: orSet(),
    votes: pnCounter(),
    title: lww(),
    either: mvRegister(),
  })
}

/** What a history led to, step by step. */
class Play {
  readonly seen: string[] = []
  readonly #core: Core
  readonly #random: SeededRandom
  readonly #schema: ReturnType<typeof schemaOf>
  readonly #docs: ReturnType<Play['open']>[]
  /** Changes that a replica has not been given, oldest first. */
  readonly #inbox: Uint8Array[][] = NAMES.map(() => [])
  #ms = 1000

  constructor(core: Core, seed: number) {
    this.#core = core
    this.#random = seededRandom(seed)
    this.#schema = schemaOf(core)
    this.#docs = NAMES.map((_, i) => this.open(i))
  }

  open(i: number, parts?: readonly Uint8Array[]) {
    const { actorId, Doc, HybridClock, replicaId } = this.#core
    const id = actorId(replicaId(NAMES[i] as string), new Uint8Array(12).fill(i + 1))
    const options = { schema: this.#schema, actor: { id, clock: new HybridClock(() => this.#ms) } }
    return parts === undefined ? new Doc({ ...options, incarnation: 'life' }) : Doc.load(parts, options)
  }

  run(): this {
    for (let i = 0; i < STEPS; i += 1) {
      this.#ms += this.#random.below(3)
      this.#step(this.#random.below(NAMES.length), this.#random.below(12))
    }
    // In the end everybody has everything, in whatever order.
    for (const [i, doc] of this.#docs.entries()) {
      for (const other of this.#docs) doc.apply(other.changesSince(doc.version()) ?? other.snapshot())
      this.#note(i)
    }
    expect(new Set(this.#docs.map((doc) => hex(doc.snapshot()))).size).toBe(1)
    return this
  }

  #step(i: number, kind: number): void {
    const doc = this.#docs[i] as ReturnType<Play['open']>
    const inbox = this.#inbox[i] as Uint8Array[]
    if (kind < 7) this.#write(i)
    else if (kind === 7) doc.apply(this.#docs[this.#random.below(NAMES.length)]?.snapshot() ?? new Uint8Array(0))
    else if (kind === 8) this.#docs[i] = this.open(i, [doc.snapshot()])
    else if (kind === 9) doc.apply(this.#core.encodeBundle(inbox.splice(0)))
    else if (kind === 10) for (const change of this.#random.shuffle(inbox.splice(0))) doc.apply(change)
    else for (const change of inbox.splice(0)) doc.apply(change)
    this.#note(i)
  }

  #write(i: number): void {
    const doc = this.#docs[i] as ReturnType<Play['open']>
    const edits = 1 + this.#random.below(3)
    const bytes = doc.change((root) => {
      for (let left = edits; left > 0; left -= 1) this.#edit(root)
    })
    this.seen.push(bytes === undefined ? '-' : hex(bytes))
    if (bytes === undefined) return
    for (const [k, inbox] of this.#inbox.entries()) if (k !== i) inbox.push(bytes.slice())
  }

  #edit(root: ReturnType<Play['open']>['root']): void {
    const random = this.#random
    const key = 'klm'[random.below(3)] as string
    const word = ['x', 'word', 'ü\u{1f600}', 'a longer piece of text'][random.below(4)] as string
    switch (random.below(12)) {
      case 0:
      case 1:
        // Pairs are not cut.
        root.body.insert(random.below(2) === 0 ? 0 : root.body.length, word)
        break
      case 2:
        root.body.delete(0, random.below(2) === 0 ? root.body.length : 0)
        break
      case 3:
        root.items.insert(random.below(root.items.length + 1), word, random.below(100))
        break
      case 4:
        if (root.items.length > 1) root.items.move(random.below(root.items.length), random.below(root.items.length))
        break
      case 5:
        if (root.items.length > 0) root.items.delete(random.below(root.items.length), 1)
        break
      case 6:
        root.cells.setLww(key, word)
        break
      case 7:
        if (random.below(2) === 0) root.cells.remove(key)
        else root.drafts.remove(key)
        break
      case 8:
        root.drafts.open(key).insert(0, word)
        break
      case 9:
        root.tags.add(word)
        root.votes.increment(1 + random.below(5))
        break
      case 10:
        root.tags.remove(word)
        root.title.set(word)
        break
      default:
        root.either.set(random.below(9))
    }
  }

  #note(i: number): void {
    const doc = this.#docs[i] as ReturnType<Play['open']>
    this.seen.push(hex(doc.snapshot()), JSON.stringify(doc.toJSON()), doc.versionHash())
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('lead where the long ways lead, byte for byte', () => {
  for (let run = 0; run < historyRuns / 4; run += 1) {
    const seed = historySeed + run
    expect({ seed, seen: new Play(slow, seed).run().seen }).toEqual({ seed, seen: new Play(fast, seed).run().seen })
  }
})
