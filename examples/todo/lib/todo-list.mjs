// A to-do list as a document of type "ormap": item id -> { title, done }.
//
// Each item is a map of its own, so that renaming it on one device and checking it on another are changes of two fields, and
// both survive. Removing an item takes away what its remover had seen of it: an edit made meanwhile elsewhere brings it back.
import { randomBytes } from 'node:crypto'

/** @typedef {{ id: string, title: string, done: boolean }} Item */

export class TodoList {
  #client
  #id

  /**
   * @param {import('@joinery/client/http').HttpClient} client
   * @param {string} id of the document
   */
  constructor(client, id) {
    this.#client = client
    this.#id = id
  }

  /** Items as this device has them, oldest first. @returns {Item[]} */
  items() {
    const value = this.#client.view(this.#id)?.value ?? {}
    return Object.entries(value)
      .map(([id, item]) => ({ id, title: item.title ?? '(untitled)', done: item.done ?? false }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Edits that the server does not have yet. */
  get pending() {
    return this.#client.view(this.#id)?.pending ?? 0
  }

  /** @param {string} title */
  async add(title) {
    // Ids begin with the time, so that items sort by age without a field for it.
    const id = `${Date.now().toString(36).padStart(9, '0')}-${randomBytes(3).toString('hex')}`
    await this.#push({ type: 'update', key: id, of: 'ormap', op: { type: 'set', key: 'title', value: title } })
    return id
  }

  /** @param {string} id @param {string} title */
  rename(id, title) {
    return this.#set(id, 'title', title)
  }

  /** @param {string} id @param {boolean} done */
  check(id, done) {
    return this.#set(id, 'done', done)
  }

  /** @param {string} id */
  remove(id) {
    return this.#push({ type: 'remove', key: id })
  }

  /** Sends what was done here and fetches what others did. */
  async sync() {
    await this.#client.flush()
    const pulled = await this.#client.pull(this.#id)
    return { version: pulled.version, news: pulled.ops.length }
  }

  #set(id, field, value) {
    return this.#push({ type: 'update', key: id, of: 'ormap', op: { type: 'set', key: field, value } })
  }

  /** Durable on this device when it resolves, with or without a server. */
  #push(op) {
    return this.#client.pushOps(this.#id, 'ormap', [op])
  }
}
