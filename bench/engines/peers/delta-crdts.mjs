/**
 * delta-crdts: stand-alone types, whose deltas travel in the codec made for them. What it stores is not measured: filling a map of
 * many keys takes minutes.
 */
import { createRequire } from 'node:module'
import { versionOf } from './version.mjs'

const require = createRequire(import.meta.url)
const deltaCrdt = require('delta-crdts')
const codec = require('delta-crdts-msgpack-codec')

const types = { map: 'ormap', set: 'aworset', counter: 'pncounter', register: 'lwwreg' }

class Replica {
  #crdt
  #join
  #delta
  #time = 0

  constructor(kind, index) {
    this.#crdt = deltaCrdt(types[kind])(`replica-${index}`)
    this.#join = deltaCrdt.type(types[kind]).join
  }

  /** There are no transactions: the deltas of all mutations are joined into one. */
  run(mutate) {
    this.change(mutate)
  }

  change(mutate) {
    this.#delta = undefined
    mutate()
    return codec.encode(this.#delta).slice()
  }

  apply(bytes) {
    this.#crdt.apply(codec.decode(bytes))
  }

  applyAll(updates) {
    for (const update of updates) this.apply(update)
  }

  #note(delta) {
    this.#delta = this.#delta === undefined ? delta : this.#join(this.#delta, delta)
  }

  set(key, value) {
    this.#note(this.#crdt.applySub(key, 'mvreg', 'write', value))
  }

  get(key) {
    const values = this.#crdt.value()[key]
    return values === undefined ? undefined : [...values][0]
  }

  add(value) {
    this.#note(this.#crdt.add(value))
  }

  has(value) {
    return this.#crdt.value().has(value)
  }

  size() {
    const value = this.#crdt.value()
    return value.size ?? Object.keys(value).length
  }

  increment() {
    this.#note(this.#crdt.inc())
  }

  count() {
    return this.#crdt.value()
  }

  write(value) {
    this.#time += 1
    this.#note(this.#crdt.write(this.#time, value))
  }

  value() {
    return this.#crdt.value()
  }
}

export const peer = {
  name: 'delta-crdts',
  version: versionOf('delta-crdts'),
  runs: 'js',
  history: 'dropped',
  stores: false,
  kinds: Object.keys(types),
  open: (kind, index) => new Replica(kind, index),
  weights: {},
}
