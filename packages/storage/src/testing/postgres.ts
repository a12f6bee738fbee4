/**
 * A real PostgreSQL for tests: a server of its own on a free port of the loopback, in a temporary directory, gone with the test.
 * Nothing is shared with a PostgreSQL that the machine may run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PostgresServer {
  /** Of a superuser, to the database `postgres`. */
  readonly url: string
  /** Kills the server as a crash does: connections break, nothing is flushed in order. */
  crash(): Promise<void>
  /** Starts it again after a crash or stop, on the same data and port. */
  start(): Promise<void>
  /** Stops it in order. */
  stop(): Promise<void>
  /** Stops it and removes its data. */
  remove(): Promise<void>
}

export interface PostgresServerOptions {
  /** Settings of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** PostgreSQL refuses to run as root; this user owns nothing. */
const nobody = 65_534

/** Starts a server. Throws when PostgreSQL is not installed, and says how it is. */
export async function startPostgres({ settings = {} }: PostgresServerOptions = {}): Promise<PostgresServer> {
  const binaries = findBinaries()
  const directory = mkdtempSync(join(tmpdir(), 'joinery-postgres-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(directory, nobody, nobody)
  const as = { cwd: directory, ...(isRoot ? { uid: nobody, gid: nobody } : {}) }
  const data = join(directory, 'data')
  const initializing = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  await finished(join(binaries, 'initdb'), initializing, as)
  const port = await freePort()
  // The machine survives these tests, so nothing is gained by waiting for its disk.
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: directory, fsync: 'off', ...settings }
  const args = [
    '-D',
    data,
    '-p',
    `${port}`,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  let server: ChildProcess | undefined

  const end = async (signal: NodeJS.Signals) => {
    const ending = server
    server = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const exit = once(ending, 'exit')
    ending.kill(signal)
    await exit
  }
  const start = async () => {
    server = spawn(join(binaries, 'postgres'), args, { ...as, stdio: ['ignore', 'ignore', 'pipe'] })
    await ready(server)
  }
  await start()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    crash: () => end('SIGQUIT'),
    stop: () => end('SIGINT'),
    async remove() {
      await end('SIGINT')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Where the server's programs are: Debian keeps them out of the path. */
function findBinaries(): string {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const places = [
    process.env.JOINERY_POSTGRES_BIN ?? '',
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(':'),
  ]
  const found = places.find((place) => place !== '' && existsSync(join(place, 'initdb')))
  if (found !== undefined) return found
  throw new Error(
    'These tests need PostgreSQL 13 or later. Debian and Ubuntu: apt-get install --no-install-recommends postgresql-15 ' +
      '(or another number); macOS: brew install postgresql@17. Elsewhere set JOINERY_POSTGRES_BIN to the folder of initdb.',
  )
}

interface RunAs {
  readonly cwd: string
  readonly uid?: number
  readonly gid?: number
}

async function finished(file: string, args: readonly string[], as: RunAs): Promise<void> {
  const child = spawn(file, args, { ...as, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${file} failed: ${said}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves when the server takes connections. */
function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    server.stderr!.on('data', (chunk) => {
      // What it says later is the noise of the tests' own doing.
      if (said.includes('ready to accept connections')) return
      said += chunk
      if (said.includes('ready to accept connections')) resolve()
    })
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)))
  })
}
