/** Real processes with keys, each behind a fault proxy of its own through which all others reach it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateIdentity } from '@joinery/transport/nodes'
import { type FaultProxy, openFaultProxy } from '@joinery/transport/testing'
import { type NodeControlClient, nodeControlClient, writeIdentity } from '../../src/index.ts'

const SCRIPT = fileURLToPath(new URL('node.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

export interface MemberOptions {
  readonly node: string
  readonly region: string
  readonly clockOffsetMs: number
}

/** Signs of life and second attempts come sooner than they would, so that a test is over sooner. */
const limits = { pingMs: 500, silentMsMax: 4_000, redialMsMax: 1_000, handshakeMsMax: 5_000 }

export class Member {
  readonly name: string
  readonly store: string
  readonly client: NodeControlClient
  readonly proxy: FaultProxy
  stderr = ''
  #child: ChildProcess | undefined
  readonly #settings: object

  constructor(directory: string, options: MemberOptions, port: number, proxy: FaultProxy) {
    const at = (name: string) => join(directory, `${options.node}.${name}`)
    this.name = options.node
    this.proxy = proxy
    this.store = at('sqlite')
    this.client = nodeControlClient(at('control'))
    this.#settings = {
      ...options,
      limits,
      key: at('key'),
      nodes: join(directory, 'nodes'),
      store: this.store,
      control: at('control'),
      listen: `tcp://127.0.0.1:${port}`,
      advertise: this.address,
    }
  }

  get address(): string {
    return `tcp://127.0.0.1:${this.proxy.port}`
  }

  /** Resolves when it listens. */
  async start(join: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [SCRIPT, JSON.stringify({ ...this.#settings, join })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stderr.on('data', (data) => {
      this.stderr = `${this.stderr}${data}`.slice(-20_000)
    })
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', () => resolve())
      child.once('exit', (code, signal) => {
        if (this.#child === child) this.#child = undefined
        reject(new Error(`${this.name} ended with ${code ?? signal}: ${this.stderr}`))
      })
    })
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Members that know each other's keys; none is started. */
export async function newCluster(directory: string, members: readonly MemberOptions[]): Promise<Member[]> {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: run npm run build first`)
  const all: Member[] = []
  for (const options of members) {
    const identity = generateIdentity()
    writeIdentity(join(directory, `${options.node}.key`), identity)
    appendFileSync(join(directory, 'nodes'), `${options.node} ${identity.publicKey}\n`)
    const port = await freePort()
    all.push(new Member(directory, options, port, await openFaultProxy(port)))
  }
  return all
}
