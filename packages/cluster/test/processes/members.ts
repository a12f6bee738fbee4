/** Real processes with keys and TLS between them, each two of them joined by a proxy of their own: so any two can be cut apart. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeIdentity } from '@joinery/node'
import { generateIdentity } from '@joinery/transport/nodes'
import { type FaultProxy, openFaultProxy } from '@joinery/transport/testing'
import type { ClusterStats } from '../../src/index.ts'

const SCRIPT = fileURLToPath(new URL('node.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
/** Nobody listens there: others reach a node by the proxies that they were told of, and by nothing else. */
const NOWHERE = 'tcp://127.0.0.1:9'

export interface Place {
  readonly node: string
  readonly region: string
  readonly clockOffsetMs: number
}

/** Signs of life and second attempts come sooner than they would, so that a test is over sooner. */
const limits = { pingMs: 500, silentMsMax: 4_000, redialMsMax: 500, handshakeMsMax: 3_000 }
/** Logs are folded early, so that who was away gets snapshots. */
const replication = { foldBytesMin: 4_096, antiEntropyMaxMs: 5_000, presenceMs: 200, presenceMsMax: 3_000 }

export class Member {
  readonly place: Place
  readonly store: string
  stderr = ''
  readonly #settings: object
  readonly #url: string
  readonly #join: string[] = []
  #child: ChildProcess | undefined

  constructor(directory: string, place: Place, ports: { readonly api: number; readonly nodes: number }) {
    const at = (name: string) => join(directory, `${place.node}.${name}`)
    this.place = place
    this.store = at('sqlite')
    this.#url = `http://127.0.0.1:${ports.api}`
    this.#settings = {
      ...place,
      limits,
      replication,
      key: at('key'),
      nodes: join(directory, 'nodes'),
      store: this.store,
      port: ports.api,
      listen: `tcp://127.0.0.1:${ports.nodes}`,
      advertise: NOWHERE,
    }
  }

  get name(): string {
    return this.place.node
  }

  /** It dials this proxy from its next start on. */
  dials(proxy: FaultProxy): void {
    this.#join.push(`tcp://127.0.0.1:${proxy.port}`)
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const child = fork(SCRIPT, [JSON.stringify({ ...this.#settings, join: this.#join })], {
      silent: true,
      execArgv: [],
    })
    this.#child = child
    child.stderr?.on('data', (data) => {
      this.stderr = `${this.stderr}${data}`.slice(-20_000)
    })
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', () => resolve())
      child.once('exit', (code, signal) => {
        if (this.#child === child) this.#child = undefined
        reject(new Error(`${this.name} ended with ${code ?? signal}: ${this.stderr}`))
      })
    })
  }

  async stop(how: 'SIGKILL' | 'SIGTERM' | 'leave'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const exited = once(child, 'exit')
    if (how === 'leave') child.send('leave')
    else child.kill(how)
    await exited
  }

  /** All that it had on its disk is gone. */
  forget(): void {
    for (const end of ['', '-wal', '-shm']) rmSync(this.store + end, { force: true })
  }

  /** Undefined where it does not answer: then it may or may not have been done. Throws what is refused. */
  async ask<T>(method: string, path: string, body?: object): Promise<T | undefined> {
    let response: Response
    try {
      response = await fetch(this.#url + path, {
        method,
        ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      })
    } catch {
      return undefined
    }
    const answer = (await response.json()) as T & { readonly code?: string }
    if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${answer.code}`), { code: answer.code })
    return answer
  }

  async stats(): Promise<ClusterStats> {
    const stats = await this.ask<ClusterStats>('GET', '/v1/stats')
    if (stats === undefined) throw new Error(`${this.name} does not answer: ${this.stderr}`)
    return stats
  }
}

export interface Members {
  readonly all: readonly Member[]
  /** Between the regions nothing comes through any more, in either direction, on connections that stand and on new ones. */
  cut(): void
  heal(): void
  /** Ends all connections as if both ends had lost them. */
  reset(): void
  close(): Promise<void>
}

/** Members that know each other's keys; none is started. */
export async function newMembers(directory: string, places: readonly Place[]): Promise<Members> {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: run npm run build first`)
  const all: Member[] = []
  const ports: number[] = []
  for (const place of places) {
    const identity = generateIdentity()
    writeIdentity(join(directory, `${place.node}.key`), identity)
    appendFileSync(join(directory, 'nodes'), `${place.node} ${identity.publicKey}\n`)
    const nodes = await freePort()
    ports.push(nodes)
    all.push(new Member(directory, place, { api: await freePort(), nodes }))
  }
  const proxies: { readonly proxy: FaultProxy; readonly isAcross: boolean }[] = []
  for (const [i, near] of all.entries()) {
    for (const [k, far] of all.entries()) {
      if (k <= i) continue
      const proxy = await openFaultProxy(ports[k] as number)
      near.dials(proxy)
      proxies.push({ proxy, isAcross: near.place.region !== far.place.region })
    }
  }
  const across = proxies.filter(({ isAcross }) => isAcross)
  return {
    all,
    cut() {
      for (const { proxy } of across) {
        proxy.hold('there')
        proxy.hold('back')
      }
    },
    heal() {
      for (const { proxy } of across) proxy.release()
    },
    reset() {
      for (const { proxy } of proxies) proxy.reset()
    },
    async close() {
      await Promise.all(all.map((member) => member.stop('SIGKILL')))
      await Promise.all(proxies.map(({ proxy }) => proxy.close()))
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
