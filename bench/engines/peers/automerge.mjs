/**
 * Automerge, compiled to WebAssembly: documents that are immutable values, with their whole history. All replicas begin with
 * one change of a common author, which makes the field. Sets are keys of an object.
 */
import * as A from '@automerge/automerge'
import { versionOf } from './version.mjs'

const beginnings = {
  text: { field: '' },
  list: { field: [] },
  map: { field: {} },
  set: { field: {} },
  counter: { field: new A.Counter(0) },
  register: { field: '' },
}

const ORIGIN = 'ff'.repeat(16)
const PATH = ['field']
const actorOf = (index) => (index + 1).toString(16).padStart(32, '0')

class Replica {
  #doc
  #draft

  constructor(doc) {
    this.#doc = doc
  }

  run(mutate) {
    this.#doc = A.change(this.#doc, (draft) => {
      this.#draft = draft
      mutate()
    })
  }

  change(mutate) {
    this.run(mutate)
    return A.getLastLocalChange(this.#doc)
  }

  apply(update) {
    this.applyAll([update])
  }

  applyAll(updates) {
    this.#doc = A.applyChanges(this.#doc, updates)[0]
  }

  encode() {
    return A.save(this.#doc)
  }

  /** Takes the place of `apply` for whole documents, which are not changes. */
  merge(bytes) {
    this.#doc = A.loadIncremental(this.#doc, bytes)
  }

  insert(position, string) {
    A.splice(this.#draft, PATH, position, 0, string)
  }

  remove(position, count) {
    A.splice(this.#draft, PATH, position, count)
  }

  read() {
    return this.#doc.field
  }

  insertValues(index, values) {
    this.#draft.field.insertAt(index, ...values)
  }

  removeValues(index, count) {
    this.#draft.field.deleteAt(index, count)
  }

  values() {
    return [...this.#doc.field]
  }

  set(key, value) {
    this.#draft.field[key] = value
  }

  get(key) {
    return this.#doc.field[key]
  }

  add(value) {
    this.#draft.field[value] = true
  }

  has(value) {
    return value in this.#doc.field
  }

  size() {
    return Object.keys(this.#doc.field).length
  }

  increment() {
    this.#draft.field.increment(1)
  }

  count() {
    return this.#doc.field.value
  }

  write(value) {
    this.#draft.field = value
  }

  value() {
    return this.#doc.field
  }

  free() {
    A.free(this.#doc)
  }
}

const beginning = (kind) => A.save(A.from(structuredCopy(beginnings[kind]), { actor: ORIGIN }))
const structuredCopy = ({ field }) => ({
  field: field instanceof A.Counter ? new A.Counter(0) : structuredClone(field),
})
const saved = Object.fromEntries(Object.keys(beginnings).map((kind) => [kind, beginning(kind)]))

export const peer = {
  name: 'automerge',
  version: versionOf('@automerge/automerge'),
  runs: 'wasm',
  history: 'kept',
  compresses: true,
  kinds: Object.keys(beginnings),
  objects: true,
  open: (kind, index) => new Replica(A.load(saved[kind], { actor: actorOf(index) })),
  load: (_kind, bytes, index) => new Replica(A.load(bytes, { actor: actorOf(index) })),
  weights: {
    core: "export { applyChanges, change, from, getLastLocalChange, load, save, splice } from '@automerge/automerge'",
  },
  wasm: ['@automerge/automerge/dist/mjs/wasm_bindgen_output/bundler/automerge_wasm_bg.wasm'],
}
