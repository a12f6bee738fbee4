/** A real server in a process of its own, on a free port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../cli/dist/main.js', import.meta.url))

export interface ServerProcess {
  readonly url: string
  readonly port: number
  readonly isRunning: boolean
  /** Ends it as an operator would, and waits. */
  stop(): Promise<void>
  /** Ends it as a crash would, and waits. */
  kill(): Promise<void>
}

/**
 * @param store `memory:` or `sqlite:PATH`.
 * @param flags further ones of `joinery serve`.
 */
export async function startServer(store = 'memory:', port = 0, flags: readonly string[] = []): Promise<ServerProcess> {
  if (!existsSync(main)) throw new Error('packages/cli is not built: run "npm run build" first')
  const child = spawn(process.execPath, [main, 'serve', '--addr', `127.0.0.1:${port}`, '--store', store, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await announced(child)
  const end = (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill(signal)
    })
  return {
    url,
    port: Number(new URL(url).port),
    get isRunning() {
      return child.exitCode === null && child.signalCode === null
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

function announced(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-4000)
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const url = /listening on (https?:\/\/\S+)/.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${complaint}`)))
  })
}
