/** diamond-types: text only, as a log of operations that is never thrown away. Positions count code points. */
import { createRequire } from 'node:module'
import { versionOf } from './version.mjs'

const { Doc, OpLog } = createRequire(import.meta.url)('diamond-types-node')

class Replica {
  #doc

  constructor(doc) {
    this.#doc = doc
  }

  run(mutate) {
    mutate()
  }

  change(mutate) {
    const before = this.#doc.getLocalVersion()
    mutate()
    return this.#doc.getPatchSince(before)
  }

  apply(update) {
    this.#doc.mergeBytes(update)
  }

  /** Gathers the updates in a log before the text is touched: one by one, concurrent ones would each be transformed anew. */
  applyAll(updates) {
    const log = OpLog.fromBytes(this.#doc.toBytes())
    for (const update of updates) log.addFromBytes(update)
    this.#doc.mergeBytes(log.toBytes())
    log.free()
  }

  encode() {
    return this.#doc.toBytes()
  }

  insert(position, string) {
    this.#doc.ins(position, string)
  }

  remove(position, count) {
    this.#doc.del(position, count)
  }

  read() {
    return this.#doc.get()
  }

  free() {
    this.#doc.free()
  }
}

const agent = (index) => `replica-${index}`

export const peer = {
  name: 'diamond-types',
  version: versionOf('diamond-types-node'),
  runs: 'wasm',
  history: 'kept',
  compresses: true,
  kinds: ['text'],
  open: (_kind, index) => new Replica(new Doc(agent(index))),
  load: (_kind, bytes, index) => new Replica(Doc.fromBytes(bytes, agent(index))),
  weights: { core: "export { Doc } from 'diamond-types-node'" },
  wasm: ['diamond-types-node/dt_bg.wasm'],
}
