/** Yrs, the Rust implementation of Yjs, compiled to WebAssembly. As with Yjs, most kinds are entries of a map. */
import { createRequire } from 'node:module'
import { versionOf } from './version.mjs'

const Y = createRequire(import.meta.url)('ywasm')

const roots = {
  text: (doc) => doc.getText('field'),
  list: (doc) => doc.getArray('field'),
  map: (doc) => doc.getMap('field'),
  set: (doc) => doc.getMap('field'),
  counter: (doc) => doc.getMap('field'),
  register: (doc) => doc.getMap('field'),
}

class Replica {
  #doc
  #field
  #slot
  #transaction
  #listens = false
  #update

  constructor(kind, index) {
    this.#doc = new Y.YDoc({ clientID: index + 1 })
    this.#slot = String(index)
    this.#field = roots[kind](this.#doc)
  }

  run(mutate) {
    this.#transaction = this.#doc.beginTransaction()
    mutate()
    this.#transaction.commit()
    this.#transaction.free()
    this.#transaction = undefined
  }

  change(mutate) {
    if (!this.#listens) this.#listen()
    this.run(mutate)
    return this.#update
  }

  #listen() {
    this.#listens = true
    this.#doc.onUpdate((update) => {
      this.#update = update
    })
  }

  apply(update) {
    Y.applyUpdate(this.#doc, update)
  }

  applyAll(updates) {
    const transaction = this.#doc.beginTransaction()
    for (const update of updates) transaction.applyV1(update)
    transaction.commit()
    transaction.free()
  }

  encode() {
    return Y.encodeStateAsUpdate(this.#doc)
  }

  insert(position, string) {
    this.#field.insert(position, string, undefined, this.#transaction)
  }

  remove(position, count) {
    this.#field.delete(position, count, this.#transaction)
  }

  read() {
    return this.#field.toString(this.#transaction)
  }

  insertValues(index, values) {
    this.#field.insert(index, values, this.#transaction)
  }

  removeValues(index, count) {
    this.#field.delete(index, count, this.#transaction)
  }

  values() {
    return this.#field.toJson(this.#transaction)
  }

  set(key, value) {
    this.#field.set(key, value, this.#transaction)
  }

  get(key) {
    return this.#field.get(key, this.#transaction)
  }

  add(value) {
    this.#field.set(value, true, this.#transaction)
  }

  has(value) {
    return this.#field.get(value, this.#transaction) === true
  }

  size() {
    return this.#field.length(this.#transaction)
  }

  increment() {
    this.set(this.#slot, (this.get(this.#slot) ?? 0) + 1)
  }

  count() {
    return Object.values(this.#field.toJson()).reduce((sum, part) => sum + part, 0)
  }

  write(value) {
    this.set('value', value)
  }

  value() {
    return this.get('value')
  }

  free() {
    this.#field.free()
    this.#doc.free()
  }
}

export const peer = {
  name: 'ywasm',
  version: versionOf('ywasm'),
  runs: 'wasm',
  history: 'dropped',
  kinds: Object.keys(roots),
  objects: true,
  open: (kind, index) => new Replica(kind, index),
  load: (kind, bytes, index) => {
    const replica = new Replica(kind, index)
    replica.apply(bytes)
    return replica
  },
  weights: { core: "export { YDoc, applyUpdate, encodeStateAsUpdate } from 'ywasm'" },
  wasm: ['ywasm/ywasm_bg.wasm'],
}
