/** A Lamport clock (1978): a counter that is larger than that of everything it has heard of. */
export class LamportClock {
  #time: number

  constructor(time = 0) {
    this.#time = time
  }

  get time(): number {
    return this.#time
  }

  /** The time of a new local event. */
  tick(): number {
    this.#time += 1
    return this.#time
  }

  /** Takes note of an event elsewhere, so that later local events come after it. */
  observe(time: number): void {
    if (time > this.#time) this.#time = time
  }
}
