/**
 * What a case measures with, inside the process of one peer. Results go to the driver one by one, so that what was measured
 * before a limit is reached is not lost.
 */

/**
 * A sample: how long its runs take together at least, and with all that is not timed at most.
 * @typedef {{ sampleMsMin: number, sampleMsMax: number }} Effort
 */

/** @type {Effort} */
export const FULL = { sampleMsMin: 50, sampleMsMax: 1500 }
/** @type {Effort} */
export const QUICK = { sampleMsMin: 10, sampleMsMax: 400 }

export function expectEqual(actual, expected, what) {
  if (actual === expected) return
  const show = (value) => {
    const text = String(value)
    return text.length > 60 ? `${text.length} units` : text
  }
  throw new Error(`${what}: ${show(actual)} instead of ${show(expected)}`)
}

export class Bench {
  #send
  #effort
  #peer
  /** Replicas opened since the last run of a sample began, and before. */
  #fresh = []
  #open = []
  /** What the last sample of each metric ended with. Hidden classes stay in use, and with them the code optimised for them. */
  #kept = new Map()

  /** @param {{ peer: object, effort: Effort, send: (message: object) => void }} options */
  constructor({ peer, effort, send }) {
    this.#peer = peer
    this.#effort = effort
    this.#send = send
  }

  get peer() {
    return this.#peer
  }

  /** An empty replica for one kind of data. Replicas of one document have different indices. */
  open(kind, index) {
    return this.#track(this.#peer.open(kind, index))
  }

  load(kind, bytes, index) {
    return this.#track(this.#peer.load(kind, bytes, index))
  }

  #track(replica) {
    if (replica.free !== undefined) this.#fresh.push(replica)
    return replica
  }

  /** Reports a figure that is no time. */
  value(metric, value) {
    this.#send({ metric, value })
  }

  /** What the driver hands to the processes that measure memory. */
  artifact(bytes) {
    this.#send({ artifact: Buffer.from(bytes).toString('base64') })
  }

  /**
   * Times `run`, repeated on what `prepare` answers until the sample is long enough. Neither `prepare` nor `check` is timed.
   * @template S, R
   * @param {{ prepare?: () => S, run: (start: S) => R, check?: (result: R) => void, per?: number }} steps
   *   `per`: how many operations one run is, where the metric is a time per operation.
   * @returns the result of the last run.
   */
  time(metric, { prepare, run, check, per = 1 }) {
    const { sampleMsMin, sampleMsMax } = this.#effort
    globalThis.gc()
    const began = performance.now()
    let ms = 0
    let runs = 0
    let result
    do {
      const outlived = this.#fresh.splice(0)
      if (runs === 0) this.#open.push(...outlived)
      else for (const replica of outlived) replica.free()
      const start = prepare?.()
      const from = performance.now()
      result = run(start)
      ms += performance.now() - from
      runs += 1
      check?.(result)
    } while (ms < sampleMsMin && performance.now() - began < sampleMsMax)
    this.#open.push(...this.#fresh.splice(0))
    this.#kept.set(metric, result)
    this.#send({ metric, value: ms / runs / per })
    return result
  }

  /** What was opened so far lives as long as the process. */
  settle() {
    this.#open.length = 0
    this.#fresh.length = 0
  }

  /** Frees what this iteration opened. */
  sweep() {
    for (const replica of [...this.#open.splice(0), ...this.#fresh.splice(0)]) replica.free()
  }
}
