/** Replicas of Yjs, for both versions of its updates. */
import * as Y from 'yjs'
import { versionOf } from './version.mjs'

const roots = {
  text: (doc) => doc.getText('field'),
  list: (doc) => doc.getArray('field'),
  map: (doc) => doc.getMap('field'),
  set: (doc) => doc.getMap('field'),
  counter: (doc) => doc.getMap('field'),
  register: (doc) => doc.getMap('field'),
}

class Replica {
  #codec
  #doc
  #field
  #slot
  #listens = false
  #update

  constructor(codec, kind, index) {
    this.#codec = codec
    this.#doc = new Y.Doc()
    this.#doc.clientID = index + 1
    this.#slot = String(index)
    this.#field = roots[kind](this.#doc)
  }

  run(mutate) {
    this.#doc.transact(mutate)
  }

  change(mutate) {
    if (!this.#listens) this.#listen()
    this.#doc.transact(mutate)
    return this.#update
  }

  #listen() {
    this.#listens = true
    this.#doc.on(this.#codec.event, (update) => {
      this.#update = update
    })
  }

  apply(update) {
    this.#codec.apply(this.#doc, update)
  }

  applyAll(updates) {
    this.#doc.transact(() => {
      for (const update of updates) this.#codec.apply(this.#doc, update)
    })
  }

  encode() {
    return this.#codec.encode(this.#doc)
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
    this.#field.insert(index, values)
  }

  removeValues(index, count) {
    this.#field.delete(index, count)
  }

  values() {
    return this.#field.toArray()
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
    return this.#field.has(value)
  }

  size() {
    return this.#field.size
  }

  increment() {
    this.#field.set(this.#slot, (this.#field.get(this.#slot) ?? 0) + 1)
  }

  count() {
    let sum = 0
    for (const part of this.#field.values()) sum += part
    return sum
  }

  write(value) {
    this.#field.set('value', value)
  }

  value() {
    return this.#field.get('value')
  }
}

export function yjsPeer({ name, source, ...codec }) {
  return {
    name,
    version: versionOf('yjs'),
    runs: 'js',
    history: 'dropped',
    kinds: Object.keys(roots),
    objects: true,
    open: (kind, index) => new Replica(codec, kind, index),
    load: (kind, bytes, index) => {
      const replica = new Replica(codec, kind, index)
      replica.apply(bytes)
      return replica
    },
    weights: { core: source },
  }
}
