/** TinyBase: mergeable stores of cells and values, here cells of one row. Changes and states are JSON. */
import { createMergeableStore } from 'tinybase'
import { versionOf } from './version.mjs'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

class Replica {
  #store
  #slot
  #listens = false
  #update

  constructor(index) {
    this.#store = createMergeableStore(`replica-${index}`)
    this.#slot = String(index)
  }

  run(mutate) {
    this.#store.transaction(mutate)
  }

  change(mutate) {
    if (!this.#listens) this.#listen()
    this.#store.transaction(mutate)
    return this.#update
  }

  #listen() {
    this.#listens = true
    this.#store.addDidFinishTransactionListener((store) => {
      this.#update = encoder.encode(JSON.stringify(store.getTransactionMergeableChanges()))
    })
  }

  apply(update) {
    this.#store.applyMergeableChanges(JSON.parse(decoder.decode(update)))
  }

  applyAll(updates) {
    this.#store.transaction(() => {
      for (const update of updates) this.apply(update)
    })
  }

  encode() {
    return encoder.encode(JSON.stringify(this.#store.getMergeableContent()))
  }

  load(bytes) {
    this.#store.setMergeableContent(JSON.parse(decoder.decode(bytes)))
  }

  set(key, value) {
    this.#store.setCell('table', 'row', key, value)
  }

  get(key) {
    return this.#store.getCell('table', 'row', key)
  }

  add(value) {
    this.#store.setCell('table', 'row', value, true)
  }

  has(value) {
    return this.#store.hasCell('table', 'row', value)
  }

  size() {
    return this.#store.getCellIds('table', 'row').length
  }

  increment() {
    this.set(this.#slot, (this.get(this.#slot) ?? 0) + 1)
  }

  count() {
    return Object.values(this.#store.getRow('table', 'row')).reduce((sum, part) => sum + part, 0)
  }

  write(value) {
    this.#store.setValue('value', value)
  }

  value() {
    return this.#store.getValue('value')
  }
}

export const peer = {
  name: 'tinybase',
  version: versionOf('tinybase'),
  runs: 'js',
  history: 'dropped',
  kinds: ['map', 'set', 'counter', 'register'],
  open: (_kind, index) => new Replica(index),
  load: (_kind, bytes, index) => {
    const replica = new Replica(index)
    replica.load(bytes)
    return replica
  },
  weights: { core: "export { createMergeableStore } from 'tinybase/mergeable-store'" },
}
