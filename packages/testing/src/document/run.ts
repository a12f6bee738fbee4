/** Plays a random history of documents. */
import {
  type Actor,
  type ChangeHeader,
  Doc,
  defineSchema,
  type JsonValue,
  readChange,
  type Schema,
} from '@joinery/core'
import { TestWall, testActor, testNames } from '../actors.ts'
import { assert, assertBytes, assertEqual } from '../assert.ts'
import type { AnyModel } from '../models/model.ts'
import type { Tagged } from '../oracle/tagged.ts'
import { Mirror } from './mirror.ts'
import type { DocumentScenario, DocumentStep } from './scenario.ts'

/** The one root field. */
export const FIELD = 'value'

export const INCARNATION = 'life-1'

export interface MadeChange {
  readonly bytes: Uint8Array
  readonly header: ChangeHeader
}

interface Replica {
  readonly actor: Actor
  readonly wall: TestWall
  doc: Doc
  mirror: Mirror
}

class Failure extends Error {}

export class DocumentPlay {
  readonly model: AnyModel
  readonly schema: Schema
  readonly changes: MadeChange[] = []
  readonly ops: Tagged<unknown>[] = []
  readonly replicas: Replica[]
  readonly #lastOf = new Map<number, { readonly actor: string; readonly counter: number }>()

  constructor(model: AnyModel, replicas: number) {
    this.model = model
    this.schema = defineSchema({ [FIELD]: model.spec })
    this.replicas = testNames.slice(0, replicas).map(({ name, epoch }) => {
      const wall = new TestWall()
      const actor = testActor(name, epoch, wall)
      return this.#watch({ actor, wall, doc: this.open(actor), mirror: new Mirror({}) })
    })
  }

  open(actor: Actor): Doc {
    return new Doc({ schema: this.schema, actor, incarnation: INCARNATION })
  }

  #watch(replica: Replica): Replica {
    replica.mirror = new Mirror(replica.doc.toJSON())
    replica.doc.subscribe(({ patches }) => replica.mirror.apply(patches))
    return replica
  }

  #replica(number: number): Replica {
    return this.replicas[number % this.replicas.length] as Replica
  }

  step(step: DocumentStep<unknown>): void {
    const replica = this.#replica(step.replica)
    const { doc } = replica
    switch (step.type) {
      case 'change':
        if (step.fails) this.#fail(replica, step.ops)
        else this.#change(replica, step.ops)
        return
      case 'deliver':
        if (this.changes.length > 0) doc.apply((this.changes[step.change % this.changes.length] as MadeChange).bytes)
        return
      case 'sync':
        this.sync(this.#replica(step.from).doc, doc)
        return
      case 'snapshot':
        doc.apply(this.#replica(step.from).doc.snapshot())
        return
      case 'reload':
        this.#reload(replica)
        return
      case 'compact':
        doc.compact()
        return
      case 'tick':
        replica.wall.millis += step.millis
    }
  }

  sync(from: Doc, to: Doc): void {
    to.apply(from.changesSince(to.version()) ?? from.snapshot())
  }

  #perform(doc: Doc, ops: readonly unknown[], done: unknown[]): void {
    for (const op of ops) {
      const performed: unknown = this.model.perform((doc.root as Record<string, unknown>)[FIELD], op)
      if (performed !== undefined) done.push(performed)
    }
  }

  #change({ actor, doc }: Replica, ops: readonly unknown[]): void {
    const seen = [...this.known(doc)]
    const done: unknown[] = []
    const bytes = doc.change(() => this.#perform(doc, ops, done))
    assert((bytes === undefined) === (done.length === 0), 'a change is made by operations, and by nothing else')
    if (bytes === undefined) return
    const { header } = readChange(bytes)
    this.changes.push({ bytes, header })
    for (const op of done) {
      const id = this.ops.length + 1
      this.#lastOf.set(id, { actor: actor.id, counter: header.first + header.length - 1 })
      this.ops.push({ id, actor: actor.id, time: header.timeMicros, change: header.first, seen: new Set(seen), op })
      seen.push(id)
    }
  }

  #fail({ doc }: Replica, ops: readonly unknown[]): void {
    const before = doc.snapshot()
    const json = doc.toJSON()
    try {
      doc.change(() => {
        this.#perform(doc, ops, [])
        throw new Failure()
      })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
    assertBytes(doc.snapshot(), before, 'a change that failed left something behind')
    assertEqual(doc.toJSON(), json, 'a change that failed shows')
  }

  #reload(replica: Replica): void {
    const { doc, actor } = replica
    const parts = [doc.snapshot()]
    replica.doc = Doc.load(parts, { schema: this.schema, actor })
    assertBytes(replica.doc.snapshot(), parts[0] as Uint8Array, 'loaded and saved again')
    assertEqual(replica.doc.versionHash(), doc.versionHash(), 'version hash of what was loaded')
    this.#watch(replica)
  }

  /** The operations that a document has applied. */
  known(doc: Doc): Set<number> {
    const version = doc.version().toJSON()
    const applied = this.ops.filter(({ id }) => {
      const last = this.#lastOf.get(id) as { actor: string; counter: number }
      return last.counter <= (version[last.actor] ?? 0)
    })
    return new Set(applied.map(({ id }) => id))
  }

  /** Compares a document with the definition. */
  compare(doc: Doc, when: string): void {
    const known = this.known(doc)
    const ops = this.ops.filter(({ id }) => known.has(id))
    const expected = this.model.evaluate({ ops, resets: [], removable: false })
    assertEqual(this.#shown(doc.toJSON()), expected, `${this.model.name} ${when} is not what its definition says`)
  }

  compareMirror({ doc, mirror }: Replica): void {
    assertEqual(this.#shown(mirror.toJSON()), this.#shown(doc.toJSON()), `the mirror of ${this.model.name}`)
  }

  #shown(json: JsonValue): JsonValue {
    const value = (json as { readonly [key: string]: JsonValue })[FIELD]
    return value === undefined ? this.model.empty : this.model.canonical(value)
  }
}

export function playDocument(model: AnyModel, scenario: DocumentScenario<unknown>): DocumentPlay {
  const play = new DocumentPlay(model, scenario.replicas)
  for (const [i, step] of scenario.steps.entries()) {
    try {
      play.step(step)
    } catch (error) {
      throw new Error(`step ${i} (${step.type}): ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }
  for (const replica of play.replicas) {
    play.compare(replica.doc, 'with what it has received')
    play.compareMirror(replica)
  }
  return play
}
