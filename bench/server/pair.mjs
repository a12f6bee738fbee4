/** One server and one load generator beside each other, for one round of one case. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from './child.mjs'

const LOAD = fileURLToPath(new URL('./load/main.mjs', import.meta.url))
const ANSWER_MEMORY = new URL('./answer-memory.mjs', import.meta.url).href
const START_MS = 20_000

/** Where `JOINERY_BENCH_PROFILE` asks for it, each server leaves a CPU profile there. */
function profiling() {
  const folder = process.env.JOINERY_BENCH_PROFILE
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

export class Pair {
  #subject
  #folder = mkdtempSync(join(tmpdir(), 'bench-'))
  #store
  #server
  #load
  #port

  static async start(subject) {
    const pair = new Pair(subject)
    try {
      pair.#store = await subject.prepare(pair.#folder)
      await pair.#startServer()
      pair.#load = new Child({ script: LOAD, args: [subject.client] }, [])
      return pair
    } catch (error) {
      await pair.stop()
      throw error
    }
  }

  constructor(subject) {
    this.#subject = subject
  }

  async #startServer() {
    const flags = ['--expose-gc', '--import', ANSWER_MEMORY, ...profiling()]
    this.#server = new Child(this.#subject.command({ folder: this.#folder, store: this.#store }), flags)
    this.#port = (await this.#server.output(/:\/\/127\.0\.0\.1:(\d+)/, START_MS))[1]
  }

  /** Has the load generator do something; it is told which server. */
  load(task, limitMs) {
    return this.#load.ask({ port: this.#port, serverPid: this.#server.pid, ...task }, limitMs)
  }

  memory(collect) {
    return this.#server.ask({ collect }, START_MS)
  }

  /** Stops the server in order, and starts another on what it stored. */
  async restartServer() {
    await this.#server.stop()
    await this.#startServer()
  }

  async stop() {
    await this.#load?.stop()
    await this.#server?.stop()
    await this.#store?.remove()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
