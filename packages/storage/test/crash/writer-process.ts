import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect } from 'vitest'
import type { Journal } from './journal.ts'

const script = fileURLToPath(new URL('writer.mjs', import.meta.url))

/** Which store the process opens, and with which options; they travel as JSON. */
export interface WriterStore {
  readonly kind: 'sqlite' | 'leveldb' | 'postgres'
  readonly options: Readonly<Record<string, unknown>>
}

/** What writes until it is killed. */
export interface Writer {
  /** Resolves when it has opened the store, or has ended. */
  readonly opened: Promise<unknown>
  /** Resolves when its first commit was acknowledged, or when it has ended. */
  readonly committed: Promise<unknown>
  kill(): Promise<void>
}

/** The killed process runs the built package. */
export function requireBuild(): void {
  beforeAll(() => {
    const built = fileURLToPath(new URL('../../dist/sqlite.js', import.meta.url))
    if (!existsSync(built)) throw new Error('The killed process runs the built package: run "npm run build" first.')
  })
}

/** Starts a process that writes to the store without end, and feeds what it reports to the journal. */
export function startWriter({ kind, options }: WriterStore, journal: Journal, seed: number): Writer {
  const child: ChildProcess = spawn(process.execPath, [script, kind, JSON.stringify(options), `${seed}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  const before = journal.commits
  const opened = new Promise<void>((resolve) => lines.once('line', () => resolve()))
  const committed = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      // The kill may cut the last line; what it says was acknowledged all the same, but we cannot read it.
      if (line.endsWith('}')) journal.add(JSON.parse(line))
      if (journal.commits > before) resolve()
    })
  })
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')])
  return {
    opened: Promise.race([opened, ended]),
    committed: Promise.race([committed, ended]),
    async kill() {
      child.kill('SIGKILL')
      const [[code, signal]] = await ended
      // A writer that ended by itself has said why on stderr.
      expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
    },
  }
}
