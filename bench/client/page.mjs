/** The side of the page: what an application does, timed. Bundled from the built packages. */
import { createClient } from '@joinery/client'
import { browserStorage } from '@joinery/client/browser'
import { defineSchema, ewFlag, list, lww, orMap, orSet, struct, text } from '@joinery/core'

const schema = defineSchema({
  title: lww(),
  items: list(struct({ title: lww(), done: ewFlag() })),
  tags: orSet(),
  members: orMap(),
  notes: text(),
  stamps: list(),
})

let client
let doc

/** One clock for all pages of a machine. */
const now = () => performance.timeOrigin + performance.now()

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs what was put off to the end of the turn, as it would run before the next frame. */
async function endOfTurn() {
  for (let i = 0; i < 10; i += 1) await undefined
}

const bench = {
  async start({ url, nodeId, database, id }) {
    const from = performance.now()
    client = createClient({ url, tenant: 'bench', nodeId, storage: browserStorage({ name: database }) })
    doc = client.open(id, schema)
    await doc.ready
    const length = doc.root.items.length
    // What a first screen shows.
    for (let i = 0; i < Math.min(50, length); i += 1) void doc.root.items.get(i).title.value
    return { ms: performance.now() - from, length }
  },

  /** Waits until the server has been heard. */
  async live() {
    while (doc.status.connection !== 'live') await pause(5)
  },

  async fill(items) {
    for (let from = 0; from < items; from += 100) {
      doc.change((root) => {
        for (let i = from; i < from + 100; i += 1) root.items.create(i).title.set(`Something to be done, number ${i}`)
      })
      await pause(0)
    }
    await doc.saved()
  },

  async write(characters) {
    const line = 'What people write is no noise, and lines end. '
    doc.change((root) => root.notes.insert(0, line.repeat(Math.ceil(characters / line.length)).slice(0, characters)))
    await doc.saved()
  },

  /** A key a time, here and there, while somebody listens as an editor does. Answers milliseconds per key. */
  async type(keys) {
    const times = []
    let heard = 0
    const end = doc.select(['notes'], () => {
      heard += 1
    })
    let at = 50_000
    for (let i = 0; i < keys; i += 1) {
      if (i % 100 === 0) at = (at * 7919) % doc.root.notes.length
      const from = performance.now()
      doc.change((root) => root.notes.insert(at, 'x'))
      await endOfTurn()
      times.push(performance.now() - from)
      at += 1
      await pause(4)
    }
    end()
    if (heard !== keys) throw new Error(`heard of ${heard} keys`)
    await doc.saved()
    return times
  },

  /** Edits of a list of things to do. */
  async edit(count) {
    for (let i = 0; i < count; i += 1) {
      doc.change((root) => {
        if (i % 4 === 0) root.items.create(root.items.length).title.set(`thing ${i}`)
        else if (i % 4 === 1) root.items.get((i * 31) % root.items.length).done.enable()
        else if (i % 4 === 2) root.notes.insert(root.notes.length, `note ${i} `)
        else root.tags.add(`tag ${i % 100}`)
      })
      if (i % 100 === 0) await pause(0)
    }
    await doc.saved()
  },

  /** Tells how long each edit of another page took to be seen here. */
  watch(count) {
    const times = []
    let at = doc.root.stamps.length
    const until = at + count
    globalThis.seen = new Promise((resolve) => {
      const end = doc.select(['stamps'], () => {
        for (; at < doc.root.stamps.length; at += 1) times.push(now() - doc.root.stamps.get(at))
        if (at < until) return
        end()
        resolve(times)
      })
    })
  },
  seen: () => globalThis.seen,

  async send(count) {
    for (let i = 0; i < count; i += 1) {
      doc.change((root) => root.stamps.push(now()))
      await pause(15)
    }
  },

  async close() {
    await client.close()
  },
}

Object.assign(globalThis, { bench })
