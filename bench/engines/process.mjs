/** The process of one peer and one case, as the driver sees it. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url))
/**
 * Collections are forced between samples. Each would bring the code that a case needs next closer to being thrown away as long
 * unused, which is no property of any peer.
 */
const NODE_FLAGS = ['--expose-gc', '--no-flush-bytecode', '--max-old-space-size=4096']

export class PeerProcess {
  #child
  #onMessage = () => {}
  #onExit = () => {}
  #ended

  constructor(peerName, caseName) {
    this.#child = fork(WORKER, [peerName, caseName], {
      execArgv: NODE_FLAGS,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let said = ''
    this.#child.stderr.on('data', (data) => {
      said = (said + data).slice(-2000)
    })
    this.#child.on('message', (message) => this.#onMessage(message))
    this.#child.on('exit', (code, signal) => {
      this.#ended = `process ended (${signal ?? code}) ${said.trim().split('\n').at(-1) ?? ''}`.trim()
      this.#onExit()
    })
  }

  /**
   * Sends a message and waits until the process is done with it. Answers `{ figures, artifact, failed }`; `failed` says what
   * went wrong, with `over` when the time limit was reached and the process killed.
   */
  ask(message, limitMs) {
    const answer = { figures: {}, artifact: undefined, failed: undefined, over: false }
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        this.#onMessage = () => {}
        this.#onExit = () => {}
        resolve(answer)
      }
      const timer = setTimeout(() => {
        answer.failed = `> ${Math.round(limitMs / 1000)} s`
        answer.over = true
        this.kill()
        finish()
      }, limitMs)
      const fail = (reason) => {
        answer.failed = reason
        finish()
      }
      this.#onExit = () => fail(this.#ended)
      this.#onMessage = (received) => {
        if (received.metric !== undefined) answer.figures[received.metric] = received.value
        else if (received.artifact !== undefined) answer.artifact = Buffer.from(received.artifact, 'base64')
        else if (received.done) finish()
        else if (received.failed !== undefined) fail(received.failed)
      }
      if (this.#ended !== undefined) fail(this.#ended)
      else if (message !== undefined) this.#child.send(message)
    })
  }

  kill() {
    this.#child.kill('SIGKILL')
  }
}
