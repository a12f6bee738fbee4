/** The peer's own provider, with a socket of its own. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { WebSocket } from 'ws'
import { Doc, encodeStateAsUpdate, Map as YMap } from 'yjs'

/** The provider makes its sockets itself, from a class. */
const countingSocket = (count) =>
  class extends WebSocket {
    constructor(url) {
      super(url, { perMessageDeflate: false })
      this.on('message', (data) => count(data.byteLength))
    }
  }

class HocuspocusClient {
  receivedBytes = 0
  #doc = new Doc()
  #sockets
  #provider

  constructor({ port, name }) {
    this.#sockets = new HocuspocusProviderWebsocket({
      url: `ws://127.0.0.1:${port}`,
      WebSocketPolyfill: countingSocket((bytes) => {
        this.receivedBytes += bytes
      }),
    })
    this.#provider = new HocuspocusProvider({ websocketProvider: this.#sockets, name, document: this.#doc })
    this.ready = new Promise((resolve) => this.#provider.on('synced', () => resolve()))
    this.#provider.attach()
  }

  set(key, value) {
    this.#doc.getMap('times').set(key, value)
  }

  /** Tells of what others set. */
  onSet(listener) {
    const times = this.#doc.getMap('times')
    times.observe(({ keysChanged, transaction }) => {
      if (transaction.local) return
      for (const key of keysChanged) listener(key, times.get(key))
    })
  }

  addRecord(id, fields) {
    this.#doc.getMap('records').set(id, new YMap(Object.entries(fields)))
  }

  /** Reads every record: how many there are, and how long their titles are together. */
  readRecords() {
    let [count, length] = [0, 0]
    for (const record of this.#doc.getMap('records').values()) {
      count += 1
      length += record.get('title').length
    }
    return { count, length }
  }

  get isSaved() {
    return !this.#provider.hasUnsyncedChanges
  }

  get documentBytes() {
    return encodeStateAsUpdate(this.#doc).length
  }

  /** From now on counts what arrives but does not look at it. */
  mute() {
    const { webSocket } = this.#sockets
    webSocket.removeAllListeners('message')
    webSocket.on('message', (data) => {
      this.receivedBytes += data.byteLength
      // Its watchdog would take the connection for dead.
      this.#sockets.lastMessageReceived = Date.now()
    })
  }

  close() {
    this.#provider.destroy()
    this.#sockets.destroy()
    this.#doc.destroy()
  }
}

export const connect = (options) => new HocuspocusClient(options)
