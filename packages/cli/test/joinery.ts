/** Runs the built command as its users do: a process of its own, a free port, files in a temporary directory. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { run } from '../src/program.ts'

export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url))
const MAIN = join(ROOT, 'packages/cli/dist/main.js')
const STOP_MS = 15_000

const running = new Set<ChildProcess>()
const directories: string[] = []

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-'))
  directories.push(directory)
  return directory
}

/** Ports that nobody has now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

type Variables = Readonly<Record<string, string>>

/** The variables of the tests themselves must not reach the command. */
function clean(variables: Variables): NodeJS.ProcessEnv {
  const { ADDR: _a, STORE: _s, INSECURE: _i, LOG_LEVEL: _l, ...rest } = process.env
  return { ...rest, ...variables }
}

export function joinery(args: readonly string[], variables: Variables = {}): Promise<Finished> {
  return command(process.execPath, [main(), ...args], variables)
}

export function command(
  file: string,
  args: readonly string[],
  variables: Variables = {},
  input = '',
): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { env: clean(variables), cwd: ROOT, maxBuffer: 64 * 1024 * 1024 }
    const child = execFile(file, args, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
    // A command that reads nothing may be gone already.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** The same in this process, which is quicker: for what ends by itself. */
export async function joineryHere(
  args: readonly string[],
  variables: Variables = {},
  isTTY = false,
): Promise<Finished> {
  const stdout: string[] = []
  const stderr: string[] = []
  const code = await run(args, {
    variables,
    stdout: { write: (text) => void stdout.push(text), drained: async () => {}, isTTY: false },
    stderr: { write: (text) => void stderr.push(text), drained: async () => {}, isTTY },
    random: (bytes) => randomBytes(bytes),
    nowMs: Date.now,
    onSignal: () => {},
    exit: () => {},
    version: '0.0.0-test',
  })
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

function main(): string {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first`)
  return MAIN
}

export interface Running {
  readonly child: ChildProcess
  /** Resolves when its standard error has said it, or when it is gone. */
  says(what: RegExp): Promise<void>
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Starts a command as a process that a test does something to. */
export function spawnJoinery(args: readonly string[]): Running {
  const child = spawn(process.execPath, [main(), ...args], { env: clean({}), cwd: ROOT })
  running.add(child)
  child.stdout.resume()
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  return {
    child,
    exited,
    async says(what) {
      let isGone = false
      void exited.then(() => {
        isGone = true
      })
      while (!isGone && !what.test(stderr)) await delay(2)
    },
  }
}

export interface Serving {
  readonly url: string
  readonly port: number
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  signal(signal: NodeJS.Signals): void
  /** Resolves once it is gone. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  stop(): Promise<number | null>
}

/** Starts `joinery serve`, or another command that serves, on a free port; resolves when it says where it listens. */
export async function serve(
  args: readonly string[],
  variables: Variables = {},
  commands: readonly string[] = ['serve'],
): Promise<Serving> {
  const address = args.includes('--addr') || 'ADDR' in variables ? [] : ['--addr', '127.0.0.1:0']
  const child = spawn(process.execPath, [main(), ...commands, ...address, ...args], {
    env: clean(variables),
    cwd: ROOT,
  })
  running.add(child)
  let stdout = ''
  let stderr = ''
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      stdout += data
      const [, found] = /(?:listening on|answers at) (https?:\/\/\S+)/.exec(stdout) ?? []
      if (found !== undefined && stdout.endsWith('\n')) resolve(found)
    })
    void exited.then(({ code }) => reject(new Error(`joinery ${commands.join(' ')} ended with ${code}: ${stderr}`)))
  })
  return {
    url,
    port: Number(new URL(url).port),
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (signal) => void child.kill(signal),
    exited,
    async stop() {
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      const { code } = await exited
      clearTimeout(force)
      return code
    },
  }
}
