// A server of its own: embedded store in a temporary directory, a free port, gone at the end.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url))

/** @returns {Promise<{ url: string, note: string, stop: () => Promise<void> }>} */
export async function spawnServer() {
  if (!existsSync(main)) throw new Error('The server is not built yet: run "npm run build" first.')
  const directory = mkdtempSync(join(tmpdir(), 'joinery-todo-server-'))
  const store = `sqlite:${join(directory, 'store.sqlite')}`
  const child = spawn(process.execPath, [main, 'serve', '--addr', '127.0.0.1:0', '--store', store], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    return { url: await announced(child, exited), note: 'its own, embedded SQLite store', stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function announced(child, exited) {
  let said = ''
  const listening = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      said += chunk
      const url = /listening on (https?:\/\/\S+)/.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
  const url = await Promise.race([listening, exited.then(() => undefined)])
  if (url === undefined) throw new Error('The server ended before it listened.')
  return url
}
