/**
 * Two clients that edit at random while connections are cut, one of them is killed and started again on its storage, and the server is
 * killed and started again: in the end all have the same bytes, everything that was acknowledged is there, and nothing twice.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { memoryStore } from '@joinery/storage/memory'
import { expect, it } from 'vitest'
import { type CuttableLine, startProxy } from '../support/proxy.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { anyEdit, countedEdit, schema, seeded } from './edits.mjs'
import { open, until } from './support.ts'

const directory = temporaryDirectory()
const child = fileURLToPath(new URL('client-child.mjs', import.meta.url))
const seeds = process.env.JOINERY_SOAK ? Number(process.env.JOINERY_SEEDS ?? 50) : 3

interface Remote {
  readonly process: ChildProcess
  readonly lines: string[]
  say(line: string): void
  /** Waits for a line that was said after this call. */
  next(start: string): Promise<string>
  kill(): Promise<void>
}

function startChild(url: string, kind: string, path: string, seed: number, first: number): Remote {
  const process = spawn(globalThis.process.execPath, [child, url, kind, path, 'ben', `${seed}`, `${first}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  createInterface({ input: process.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line))
  return {
    process,
    lines,
    say: (line) => void process.stdin?.write(`${line}\n`),
    async next(start) {
      const from = lines.length
      const found = (): string | undefined => lines.slice(from).find((line) => line.startsWith(start))
      await until(() => found() !== undefined || process.exitCode !== null, `"${start}" of the child`, 40_000)
      return found() ?? ''
    },
    kill: () =>
      new Promise((resolve) => {
        process.once('exit', () => resolve())
        process.kill('SIGKILL')
      }),
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What went on until the end, for both sides. */
class Scene {
  readonly said: string[] = []
  readonly seed: number
  server!: ServerProcess
  lines!: readonly [CuttableLine, CuttableLine]
  remote!: Remote
  starts = 0

  constructor(seed: number) {
    this.seed = seed
  }

  get kind(): string {
    return this.seed % 2 === 0 ? 'sqlite' : 'leveldb'
  }

  async startServer(): Promise<void> {
    this.server = await startServer(`sqlite:${join(directory, `server-${this.seed}.sqlite`)}`)
    for (const line of this.lines ?? []) line.redirect(this.server.port)
  }

  startRemote(): void {
    this.starts += 1
    const path = join(directory, `child-${this.seed}.${this.kind}`)
    // Numbers that no life before used.
    this.remote = startChild(this.lines[1].url, this.kind, path, this.seed * 100 + this.starts, this.starts * 10_000)
  }

  async killRemote(): Promise<void> {
    await this.remote.kill()
    this.said.push(...this.remote.lines)
  }
}

it.each(Array.from({ length: seeds }, (_, i) => i + 1))(
  'random edits, cuts and kills, seed %i',
  async (seed) => {
    const random = seeded(seed)
    const scene = new Scene(seed)
    await scene.startServer()
    scene.lines = [await startProxy(scene.server.port), await startProxy(scene.server.port)]
    const here = open(scene.lines[0].url, 'anna', { storage: memoryStore(), limits: { journalEntriesMax: 50 } })
    const doc = here.open('shared', schema)
    await doc.ready
    scene.startRemote()
    const saved: string[] = []
    const failed: unknown[] = []
    for (let step = 0; step < 120; step += 1) {
      if (random.below(3) === 0) {
        const label = `anna ${step}`
        countedEdit(doc, label)
        doc.saved().then(
          () => saved.push(label),
          (error: unknown) => failed.push(error),
        )
      } else anyEdit(doc, random)
      const line = random.pick(scene.lines)
      const fate = random.below(40)
      if (fate < 5) line.cut()
      else if (fate < 12) for (const each of scene.lines) each.restore()
      else if (fate === 12) {
        await scene.killRemote()
        scene.startRemote()
      } else if (fate === 13 && step > 20) {
        await scene.server.kill()
        await scene.startServer()
      } else if (fate === 14) line.loseAnswers(1)
      await pause(random.below(15))
    }
    await scene.killRemote()
    scene.startRemote()
    for (const each of scene.lines) {
      each.loseAnswers(0)
      each.restore()
    }
    await until(() => scene.remote.lines.some((line) => line.startsWith('saved')), 'the child', 30_000)
    const stopped = scene.remote.next('stopped')
    scene.remote.say('stop')
    await stopped
    await doc.saved()
    await scene.server.kill()
    await scene.startServer()
    const reader = open(scene.server.url, 'carl').open('shared', schema)
    const hash = (snapshot: Uint8Array): string => createHash('sha256').update(snapshot).digest('hex')
    let state = { hash: '', status: {}, refused: [] }
    const end = Date.now() + 30_000
    for (;;) {
      const answer = scene.remote.next('state ')
      scene.remote.say('state')
      state = JSON.parse((await answer).slice('state '.length))
      const hashes = [state.hash, hash(doc.snapshot()), hash(reader.snapshot())]
      if (new Set(hashes).size === 1) break
      if (Date.now() > end) {
        throw new Error(`not equal: ${JSON.stringify({ hashes, state, here: doc.status, reader: reader.status })}`)
      }
      await pause(50)
    }
    await scene.killRemote()
    const items = reader.root.items.toJSON() as string[]
    const acknowledged = scene.said.filter((line) => line.startsWith('saved ')).map((line) => line.slice(6))
    expect(acknowledged.length).toBeGreaterThan(0)
    expect([...saved, ...acknowledged].filter((label) => !items.includes(label))).toEqual([])
    expect(items.length).toBe(new Set(items).size)
    expect(reader.root.visits.value).toBe(items.length)
    expect([...failed, ...scene.said.filter((line) => line.startsWith('failed'))]).toEqual([])
    expect([...doc.refused.list, ...state.refused]).toEqual([])
    expect(saved.length).toBe(items.filter((label) => label.startsWith('anna')).length)
    await here.close()
    await scene.server.stop()
    for (const each of scene.lines) await each.close()
  },
  120_000,
)
