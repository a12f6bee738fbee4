/**
 * Who has seen what: an edit is the time at which it was due, under a key of its author. It counts as seen when this value or a
 * later one of the key is, since servers and clients may merge what is overwritten anyway.
 */

/** The edits of one author, and how far another client has seen them. */
class Sight {
  #dues
  #seen = 0
  #latencies

  constructor(dues, latencies) {
    this.#dues = dues
    this.#latencies = latencies
  }

  saw(value, now) {
    while (this.#seen < this.#dues.length && this.#dues[this.#seen] <= value) {
      this.#latencies.push(now - this.#dues[this.#seen])
      this.#seen += 1
    }
  }
}

/** Watches all clients of all groups, one load after the other. */
export class Watch {
  /** By client: the key that it writes. */
  #keys = new Map()
  #groups
  #dues = new Map()
  #sights = new Map()
  #latencies = []

  constructor(groups) {
    this.#groups = groups.map(({ live }) => live)
    for (const live of this.#groups) {
      for (const [i, client] of live.entries()) {
        this.#keys.set(client, `time-${i}`)
        client.onSet((key, value) => this.#sights.get(client)?.get(key)?.saw(value, performance.now()))
      }
    }
  }

  get groups() {
    return this.#groups
  }

  /** Milliseconds of every sight so far. */
  get latencies() {
    return this.#latencies
  }

  /** Forgets everything that was there before. */
  begin() {
    this.#latencies = []
    this.#dues = new Map([...this.#keys.keys()].map((client) => [client, []]))
    this.#sights = new Map()
    for (const live of this.#groups) {
      for (const client of live) {
        const others = live.filter((other) => other !== client)
        const sights = others.map((other) => [this.#keys.get(other), new Sight(this.#dues.get(other), this.#latencies)])
        this.#sights.set(client, new Map(sights))
      }
    }
  }

  /** Lets a client write. */
  write(client, due) {
    this.#dues.get(client).push(due)
    client.set(this.#keys.get(client), due)
  }
}
