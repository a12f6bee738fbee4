/**
 * Nodes of the production engine under virtual time: messages are encoded, counted and decoded for real, writes take some
 * milliseconds, links 20 to 120. From 200 nodes on membership is one view that all share and never changes: probing would be most of
 * what a simulation of thousands does, and it decides only whom to speak to.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { actorId, Doc, defineSchema, HybridClock, lww, orSet, pnCounter, replicaId } from '@joinery/core'
import { hashKey, NodeEngine, Roster } from '@joinery/sync/replication'
import { Network, Schedule, seededRandom } from '@joinery/testing'

const schema = defineSchema({ tags: orSet(), votes: pnCounter(), title: lww() })
const digestKey = new Uint8Array(16).fill(9)
const SHARED_FROM = 200

export const compression = {
  deflate: (bytes) => new Uint8Array(deflateRawSync(bytes, { level: 6 })),
  inflate: (bytes, length) => new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, length) })),
}

export class Cluster {
  schedule = new Schedule()
  /** Told of what an engine puts out. */
  observe = () => {}
  engines = []
  #random

  constructor({ nodes, regions = 3, loss = 0, seed = 1, limits = {}, documents = 0 }) {
    this.#random = seededRandom(seed)
    const faults = { loss, bursts: 0, duplication: 0, lateness: 0, delayMs: { min: 20, max: 120 } }
    this.network = new Network(this.schedule, seededRandom(seed + 1), {
      faults,
      deliver: (_from, to, bytes) => this.#handle(Number(to.slice(1)), { type: 'message', from: _from, bytes }),
    })
    this.stored = new Map(
      Array.from({ length: documents }, (_, i) => [`d${i}`, { document: `d${i}`, incarnation: 'life' }]),
    )
    const peers = Array.from({ length: nodes }, (_, i) => ({ node: `n${i}`, region: `r${i % regions}` }))
    const shared = nodes >= SHARED_FROM ? { roster: new Roster(peers, hashKey(digestKey)) } : {}
    this.sharesMembers = nodes >= SHARED_FROM
    this.wakes = new Array(nodes).fill(0)
    this.engines = peers.map(({ node, region }, i) => {
      const random = seededRandom(seed * 1000 + i)
      const epoch = new Uint8Array(12)
      new DataView(epoch.buffer).setUint32(8, i * 2654435761)
      new DataView(epoch.buffer).setUint32(0, i * 2246822519)
      const clock = new HybridClock(() => 1_767_225_600_000 + this.schedule.nowMs)
      const actor = { id: actorId(replicaId(node), epoch), clock }
      const open = ({ incarnation }, parts) =>
        parts.length === 0 ? new Doc({ schema, actor, incarnation }) : Doc.load(parts, { schema, actor })
      const options = { node, region, open, digestKey, compression, limits, random: (bound) => random.below(bound) }
      return new NodeEngine({ ...options, ...shared })
    })
    for (const [i] of this.engines.entries()) this.#handle(i, { type: 'start', lives: [] })
    if (!this.sharesMembers) {
      for (const [i] of this.engines.entries()) {
        // Everybody knows the first two.
        for (const { node, region } of peers.slice(0, 2)) this.#handle(i, { type: 'peer', node, region, address: node })
      }
    }
  }

  edit(index, document, write) {
    this.#handle(index, { type: 'edit', life: { document, incarnation: 'life' }, ticket: 0, write })
  }

  submit(index, document, changes) {
    this.#handle(index, { type: 'submit', life: { document, incarnation: 'life' }, ticket: 0, changes })
  }

  run(ms) {
    this.schedule.runUntil(this.schedule.nowMs + ms)
  }

  #handle(index, input) {
    const { schedule, network } = this
    for (const output of this.engines[index].handle(input, schedule.nowMs)) {
      this.observe(index, output)
      if (output.type === 'send') network.send(`n${index}`, output.to, output.bytes)
      else if (output.type === 'write') {
        schedule.after(1 + this.#random.below(5), () => {
          this.#handle(index, { type: 'stored', write: output.write.write })
        })
      } else if (output.type === 'wake') {
        this.wakes[index] += 1
        const wake = this.wakes[index]
        schedule.at(output.atMs, () => {
          if (wake === this.wakes[index]) this.#handle(index, { type: 'wake' })
        })
      }
    }
  }
}

export const edits = {
  add: (text) => (doc) => doc.change(({ tags }) => tags.add(text)),
  title: (text) => (doc) => doc.change(({ title }) => title.set(text)),
  vote: () => (doc) => doc.change(({ votes }) => votes.increment()),
}

/** A change of a document by somebody who is no node. */
export function foreignDocument(name) {
  const clock = new HybridClock(() => 1_767_225_600_000)
  const actor = { id: actorId(replicaId(name), new Uint8Array(12).fill(name.length)), clock }
  return new Doc({ schema, actor, incarnation: 'life' })
}
