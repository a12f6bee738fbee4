/**
 * json-joy: models whose updates are patches. A patch is what travels; there is no merge of states. Sets and counters are keys
 * of an object, a register is a value node.
 */
import { Model } from 'json-joy/lib/json-crdt/index.js'
import { Patch, s } from 'json-joy/lib/json-crdt-patch/index.js'
import { versionOf } from './version.mjs'

const schemas = {
  text: s.obj({ field: s.str('') }),
  list: s.obj({ field: s.arr([]) }),
  map: s.obj({ field: s.obj({}) }),
  set: s.obj({ field: s.obj({}) }),
  counter: s.obj({ field: s.obj({}) }),
  register: s.obj({ field: s.val(s.con('')) }),
}
const handles = { text: 'str', list: 'arr', map: 'obj', set: 'obj', counter: 'obj', register: 'val' }
/** Session ids below this are reserved. */
const FIRST_SESSION = 70_000

class Replica {
  #model
  #api
  #field
  #slot

  constructor(model, kind, index) {
    this.#model = model
    this.#api = model.api
    this.#field = this.#api[handles[kind]](['field'])
    this.#slot = String(index)
    this.#api.flush()
  }

  run(mutate) {
    mutate()
    this.#api.flush()
  }

  change(mutate) {
    mutate()
    return this.#api.flush().toBinary()
  }

  apply(update) {
    this.#model.applyPatch(Patch.fromBinary(update))
  }

  applyAll(updates) {
    this.#model.applyBatch(updates.map((update) => Patch.fromBinary(update)))
  }

  encode() {
    return this.#model.toBinary()
  }

  insert(position, string) {
    this.#field.ins(position, string)
  }

  remove(position, count) {
    this.#field.del(position, count)
  }

  read() {
    return this.#field.view()
  }

  insertValues(index, values) {
    this.#field.ins(index, values)
  }

  removeValues(index, count) {
    this.#field.del(index, count)
  }

  values() {
    return this.#field.view()
  }

  set(key, value) {
    this.#field.set({ [key]: value })
  }

  get(key) {
    return this.#field.node.get(key)?.view()
  }

  add(value) {
    this.#field.set({ [value]: true })
  }

  has(value) {
    return this.#field.has(value)
  }

  size() {
    return this.#field.node.keys.size
  }

  increment() {
    this.#field.set({ [this.#slot]: (this.get(this.#slot) ?? 0) + 1 })
  }

  count() {
    return Object.values(this.#field.view()).reduce((sum, part) => sum + part, 0)
  }

  write(value) {
    this.#field.set(value)
  }

  value() {
    return this.#field.view()
  }
}

export const peer = {
  name: 'json-joy',
  version: versionOf('json-joy'),
  runs: 'js',
  history: 'dropped',
  kinds: Object.keys(schemas),
  objects: true,
  mergesUpdates: true,
  open: (kind, index) => new Replica(Model.create(schemas[kind], FIRST_SESSION + index), kind, index),
  load: (kind, bytes, index) => new Replica(Model.load(bytes, FIRST_SESSION + index), kind, index),
  weights: {
    core: "export { Model } from 'json-joy/lib/json-crdt/index.js'; export { Patch, s } from 'json-joy/lib/json-crdt-patch/index.js'",
  },
}
