/** A child process: started, asked one thing at a time, and always ended, by its own id. */
import { fork } from 'node:child_process'

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

const STOP_MS = 15_000

export class Child {
  #child
  #said = ''
  #output = ''
  #ended
  #exit

  /** @param {{ script: string, args: string[] }} command */
  constructor({ script, args }, execArgv) {
    this.#child = fork(script, args, { execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    running.add(this.#child)
    this.#child.stdout.on('data', (data) => {
      this.#output = (this.#output + data).slice(-2000)
    })
    this.#child.stderr.on('data', (data) => {
      this.#said = (this.#said + data).slice(-2000)
    })
    this.#exit = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        running.delete(this.#child)
        this.#ended = `process ended (${signal ?? code}) ${this.#said.trim().split('\n').at(-1) ?? ''}`.trim()
        resolve()
      })
    })
  }

  get pid() {
    return this.#child.pid
  }

  /** Waits until the process has written something. Throws when it does not in time. */
  async output(pattern, limitMs) {
    const until = performance.now() + limitMs
    for (;;) {
      const match = this.#output.match(pattern)
      if (match !== null) return match
      if (this.#ended !== undefined) throw new Error(this.#ended)
      if (performance.now() > until) throw new Error(`no start within ${limitMs / 1000} s`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Sends a message, and answers the next one that comes. Throws when the process ends or takes too long. */
  ask(message, limitMs) {
    return new Promise((resolve, reject) => {
      const finish = (settle) => (value) => {
        clearTimeout(timer)
        this.#child.off('message', onMessage)
        this.#child.off('exit', onExit)
        settle(value)
      }
      const fail = finish(reject)
      const onMessage = (answer) =>
        answer.failed === undefined ? finish(resolve)(answer) : fail(new Error(answer.failed))
      const onExit = () => fail(new Error(this.#ended))
      const timer = setTimeout(() => fail(new Error(`> ${Math.round(limitMs / 1000)} s`)), limitMs)
      this.#child.on('message', onMessage)
      this.#child.on('exit', onExit)
      if (this.#ended !== undefined) onExit()
      else this.#child.send(message)
    })
  }

  /** Ends it in order, or, when it does not end, at once. */
  async stop() {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    await this.#exit
    clearTimeout(timer)
  }
}
