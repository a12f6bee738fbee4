/**
 * list-positions: text whose characters have positions in a common order. It has no messages of its own; ours are JSON, as its
 * documentation does it: what was set with the new bunch of positions, or which positions were deleted.
 */
import { createRequire } from 'node:module'
import { versionOf } from './version.mjs'

const { Order, Text } = createRequire(import.meta.url)('list-positions')
const encoder = new TextEncoder()
const decoder = new TextDecoder()

class Replica {
  #text
  #parts

  constructor(index) {
    this.#text = new Text(new Order({ replicaID: `replica-${index}` }))
  }

  run(mutate) {
    mutate()
  }

  change(mutate) {
    this.#parts = []
    mutate()
    const update = encoder.encode(JSON.stringify(this.#parts))
    this.#parts = undefined
    return update
  }

  apply(update) {
    for (const { meta, at, chars, deleted } of JSON.parse(decoder.decode(update))) {
      if (meta) this.#text.order.addMetas([meta])
      if (chars !== undefined) this.#text.set(at, chars)
      else for (const [start, count] of deleted) this.#text.delete(start, count)
    }
  }

  applyAll(updates) {
    for (const update of updates) this.apply(update)
  }

  encode() {
    return encoder.encode(JSON.stringify({ order: this.#text.order.save(), text: this.#text.save() }))
  }

  load(bytes) {
    const { order, text } = JSON.parse(decoder.decode(bytes))
    this.#text.order.load(order)
    this.#text.load(text)
  }

  insert(position, string) {
    const [at, meta] = this.#text.insertAt(position, string)
    this.#parts?.push({ meta, at, chars: string })
  }

  remove(position, count) {
    if (this.#parts !== undefined) {
      const deleted = []
      for (const [start, chars] of this.#text.items(position, position + count)) deleted.push([start, chars.length])
      this.#parts.push({ deleted })
    }
    this.#text.deleteAt(position, count)
  }

  read() {
    return this.#text.toString()
  }
}

export const peer = {
  name: 'list-positions',
  version: versionOf('list-positions'),
  runs: 'js',
  history: 'dropped',
  kinds: ['text'],
  open: (_kind, index) => new Replica(index),
  load: (_kind, bytes, index) => {
    const replica = new Replica(index)
    replica.load(bytes)
    return replica
  },
  weights: { core: "export { Order, Text } from 'list-positions'" },
}
