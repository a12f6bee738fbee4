/** Our client: a session of one document over a WebSocket. */
import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { defineSchema, lww, orMap, struct } from '../../../packages/core/dist/index.js'
import { newActor } from '../../../packages/core/dist/system.js'
import { ClientSession, encodeFrame } from '../../../packages/sync/dist/index.js'
import { connectWebSocket } from '../../../packages/transport/dist/websocket.js'

const record = struct({ title: lww(), done: lww(), owner: lww(), created: lww() })
const schema = defineSchema({ times: orMap(), records: orMap(record) })

const scheduler = {
  nowMs: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  soon: (task) => void setImmediate(task),
}

/** The kinds of frames that count as taken: update, chunk. */
const COUNTED = new Set([0x43, 0x44])
const WINDOW_BYTES = 2_097_152

class JoineryClient {
  receivedBytes = 0
  #socket
  #document
  #connection
  #takenBytes = 0
  #creditedBytes = 0

  constructor({ port, name, node }) {
    const session = new ClientSession({
      tenant: 'bench',
      node,
      agent: 'bench',
      scheduler,
      random: Math.random,
      onFault: (error) => {
        throw error
      },
    })
    const url = `ws://127.0.0.1:${port}/v1/sync`
    this.#connection = connectWebSocket({ url, session, scheduler, open: (at) => this.#open(at) })
    const newIncarnation = () => randomBytes(16).toString('base64url')
    let [live, refused] = []
    this.#document = session.follow(
      { id: name, type: 'doc', actor: newActor(node), schema, newIncarnation, windowBytes: WINDOW_BYTES },
      {
        onStatus: () => {
          if (this.#document.state === 'live') live()
          else if (this.#document.state === 'refused') refused(this.#document.refusal)
        },
      },
    )
    this.ready = new Promise((resolve, reject) => {
      live = resolve
      refused = reject
    })
  }

  #open(url) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false })
    this.#socket.on('message', (data) => this.#count(new Uint8Array(data)))
    return this.#socket
  }

  #count(frame) {
    this.receivedBytes += frame.length
    if (COUNTED.has(frame[0])) this.#takenBytes += frame.length
  }

  get #root() {
    return this.#document.doc.root
  }

  set(key, value) {
    this.#document.doc.change(({ times }) => times.setLww(key, value))
  }

  /** Tells of what others set. */
  onSet(listener) {
    this.#document.doc.subscribe(({ origin, patches }) => {
      if (origin === 'local') return
      for (const { path, value } of patches) if (path[0] === 'times') listener(path[1], value)
    })
  }

  addRecord(id, { title, done, owner, created }) {
    this.#document.doc.change(({ records }) => {
      const added = records.open(id)
      added.title.set(title)
      added.done.set(done)
      added.owner.set(owner)
      added.created.set(created)
    })
  }

  /** Reads every record: how many there are, and how long their titles are together. */
  readRecords() {
    const { records } = this.#root
    let [count, length] = [0, 0]
    for (const id of records.keys()) {
      count += 1
      length += records.open(id).title.value.length
    }
    return { count, length }
  }

  get isSaved() {
    return this.#document.pending === 0
  }

  get documentBytes() {
    return this.#document.doc.snapshot().length
  }

  /** From now on counts what arrives, and lets the server go on, but does not look at it. */
  mute() {
    this.#creditedBytes = this.#takenBytes
    this.#socket.removeAllListeners('message')
    this.#socket.on('message', (data) => {
      this.#count(new Uint8Array(data))
      if (this.#takenBytes - this.#creditedBytes < WINDOW_BYTES / 2) return
      this.#creditedBytes = this.#takenBytes
      this.#socket.send(encodeFrame({ kind: 'credit', handle: this.#document.handle, bytes: this.#takenBytes }))
    })
  }

  close() {
    this.#connection.close()
  }
}

export const connect = (options) => new JoineryClient(options)
