/**
 * Loro, compiled to WebAssembly. Stored as a shallow snapshot, which has no history before it. Updates come from its own hook
 * for local updates. Sets are keys of a map.
 */
import { createRequire } from 'node:module'
import { versionOf } from './version.mjs'

const { LoroDoc } = createRequire(import.meta.url)('loro-crdt')

const roots = {
  text: (doc) => doc.getText('field'),
  list: (doc) => doc.getList('field'),
  map: (doc) => doc.getMap('field'),
  set: (doc) => doc.getMap('field'),
  counter: (doc) => doc.getCounter('field'),
  register: (doc) => doc.getMap('field'),
}

class Replica {
  #doc
  #field
  #listens = false
  #update

  constructor(doc, kind, index) {
    this.#doc = doc
    doc.setPeerId(String(index + 1))
    this.#field = roots[kind](doc)
  }

  run(mutate) {
    mutate()
    this.#doc.commit()
  }

  change(mutate) {
    if (!this.#listens) this.#listen()
    mutate()
    this.#doc.commit()
    return this.#update
  }

  #listen() {
    this.#listens = true
    this.#doc.subscribeLocalUpdates((update) => {
      this.#update = update
    })
  }

  apply(update) {
    this.#doc.import(update)
  }

  applyAll(updates) {
    this.#doc.importBatch(updates)
  }

  encode() {
    return this.#doc.export({ mode: 'shallow-snapshot', frontiers: this.#doc.frontiers() })
  }

  /** What is loaded from a shallow snapshot takes nothing that was written beside it. */
  archive() {
    return this.#doc.export({ mode: 'snapshot' })
  }

  /** A replica that is not empty takes no shallow snapshot. */
  whole() {
    return this.#doc.export({ mode: 'update' })
  }

  insert(position, string) {
    this.#field.insert(position, string)
  }

  remove(position, count) {
    this.#field.delete(position, count)
  }

  read() {
    return this.#field.toString()
  }

  insertValues(index, values) {
    values.forEach((value, i) => {
      this.#field.insert(index + i, value)
    })
  }

  removeValues(index, count) {
    this.#field.delete(index, count)
  }

  values() {
    return this.#field.toJSON()
  }

  set(key, value) {
    this.#field.set(key, value)
  }

  get(key) {
    return this.#field.get(key)
  }

  add(value) {
    this.#field.set(value, true)
  }

  has(value) {
    return this.#field.get(value) === true
  }

  size() {
    return this.#field.size
  }

  increment() {
    this.#field.increment(1)
  }

  count() {
    return this.#field.value
  }

  write(value) {
    this.#field.set('value', value)
  }

  value() {
    return this.#field.get('value')
  }

  free() {
    this.#doc.free()
  }
}

export const peer = {
  name: 'loro',
  version: versionOf('loro-crdt'),
  runs: 'wasm',
  history: 'dropped',
  compresses: true,
  kinds: Object.keys(roots),
  objects: true,
  open: (kind, index) => new Replica(new LoroDoc(), kind, index),
  load: (kind, bytes, index) => {
    const doc = new LoroDoc()
    doc.import(bytes)
    return new Replica(doc, kind, index)
  },
  weights: { core: "export { LoroDoc } from 'loro-crdt'" },
  wasm: ['loro-crdt/browser/loro_wasm_bg.wasm'],
}
