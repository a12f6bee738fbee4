/** Maps, sets, counters and registers of JavaScript with a message `key  value` per operation, carved from a slab: a floor. */
import { carve } from './slab.mjs'

const decoder = new TextDecoder()
const scratch = new Uint8Array(4096)
let end = 0

/** Keys are ASCII in all cases that floors do. */
function writeKey(key) {
  scratch[end++] = key.length
  for (let i = 0; i < key.length; i += 1) scratch[end++] = key.charCodeAt(i)
}

function writeVarint(value) {
  let rest = value
  while (rest > 127) {
    scratch[end++] = (rest & 127) | 128
    rest >>>= 7
  }
  scratch[end++] = rest
}

function readVarint(bytes, from) {
  let at = from
  let value = 0
  let shift = 0
  while (bytes[at] > 127) {
    value |= (bytes[at++] & 127) << shift
    shift += 7
  }
  return value | (bytes[at] << shift)
}

const readKey = (bytes) => decoder.decode(bytes.subarray(1, 1 + bytes[0]))

/** By kind: what a message does to the value that it arrives at. */
const received = {
  map: (replica, bytes) => replica.map.set(readKey(bytes), readVarint(bytes, 1 + bytes[0])),
  set: (replica, bytes) => replica.map.set(readKey(bytes), true),
  counter: (replica, bytes) => {
    replica.number = readVarint(bytes, 0)
  },
  register: (replica, bytes) => {
    replica.held = readKey(bytes)
  },
}

class Replica {
  map = new Map()
  number = 0
  held
  #receive

  constructor(kind) {
    this.#receive = received[kind]
  }

  run(mutate) {
    mutate()
  }

  change(mutate) {
    end = 0
    mutate()
    return carve(scratch, end)
  }

  apply(message) {
    this.#receive(this, message)
  }

  set(key, value) {
    end = 0
    this.map.set(key, value)
    writeKey(key)
    writeVarint(value)
  }

  get(key) {
    return this.map.get(key)
  }

  add(value) {
    end = 0
    this.map.set(value, true)
    writeKey(value)
  }

  has(value) {
    return this.map.has(value)
  }

  size() {
    return this.map.size
  }

  increment() {
    end = 0
    this.number += 1
    writeVarint(this.number)
  }

  count() {
    return this.number
  }

  write(value) {
    end = 0
    this.held = value
    writeKey(value)
  }

  value() {
    return this.held
  }
}

export const peer = {
  name: 'bare-map',
  version: '',
  runs: 'floor',
  history: 'dropped',
  kinds: Object.keys(received),
  merges: false,
  open: (kind) => new Replica(kind),
  weights: {},
}
