/** What both floors share: text in a gap buffer, and messages `position  deletions  UTF-8 bytes`. */
import { GapText } from '../gap-text.mjs'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

let scratch = new Uint8Array(1024)
let end = 0
let cursor = 0

function writeVarint(value) {
  let rest = value
  while (rest > 127) {
    scratch[end++] = (rest & 127) | 128
    rest >>>= 7
  }
  scratch[end++] = rest
}

function readVarint(bytes) {
  let value = 0
  let shift = 0
  while (bytes[cursor] > 127) {
    value |= (bytes[cursor++] & 127) << shift
    shift += 7
  }
  return value | (bytes[cursor++] << shift)
}

function writeString(text) {
  if (scratch.length < end + text.length * 3) {
    const grown = new Uint8Array((end + text.length * 3) * 2)
    grown.set(scratch.subarray(0, end))
    scratch = grown
  }
  if (text.length === 1 && text.charCodeAt(0) < 128) scratch[end++] = text.charCodeAt(0)
  else end += encoder.encodeInto(text, scratch.subarray(end)).written
}

function readString(bytes) {
  const left = bytes.length - cursor
  if (left === 0) return ''
  return left === 1 ? String.fromCharCode(bytes[cursor]) : decoder.decode(bytes.subarray(cursor))
}

class Replica {
  #text = new GapText()
  #take
  #writes = false

  constructor(take) {
    this.#take = take
  }

  run(mutate) {
    mutate()
  }

  /** One edit, as all cases of floors make. */
  change(mutate) {
    end = 0
    this.#writes = true
    mutate()
    this.#writes = false
    return this.#take(scratch, end)
  }

  apply(message) {
    cursor = 0
    while (cursor < message.length) {
      const position = readVarint(message)
      const count = readVarint(message)
      if (count > 0) this.#text.remove(position, count)
      else this.#text.insert(position, readString(message))
      if (count === 0) return
    }
  }

  applyAll(messages) {
    for (const message of messages) this.apply(message)
  }

  encode() {
    return encoder.encode(this.#text.read())
  }

  insert(position, string) {
    this.#text.insert(position, string)
    if (!this.#writes) return
    writeVarint(position)
    writeVarint(0)
    writeString(string)
  }

  remove(position, count) {
    this.#text.remove(position, count)
    if (!this.#writes) return
    writeVarint(position)
    writeVarint(count)
  }

  read() {
    return this.#text.read()
  }
}

export function barePeer(name, take) {
  return {
    name,
    version: '',
    runs: 'floor',
    history: 'dropped',
    kinds: ['text'],
    merges: false,
    open: () => new Replica(take),
    load: (_kind, bytes) => {
      const replica = new Replica(take)
      replica.insert(0, decoder.decode(bytes))
      return replica
    },
    weights: {},
  }
}
