/** Pages of the docs whose commands are run in order, with real processes, and answer what stands below them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect } from 'vitest'
import { command, type Finished, freePorts, joineryHere, ROOT, temporaryDirectory } from './joinery.ts'

const MAIN = join(ROOT, 'packages/cli/dist/main.js')
const BLOCK = /```sh( background| kill=\w+)?\n([\s\S]*?)```\n(?:```json\n([\s\S]*?)```)?/g
export const PATIENCE_MS = 45_000

export const running: Map<string, ChildProcess> = new Map()
afterEach(async () => {
  process.chdir(ROOT)
  for (const child of running.values()) child.kill('SIGKILL')
  running.clear()
})

/** Starts `joinery KIND start`; resolves when it listens. */
export async function start(
  cwd: string,
  { kind, name }: { readonly kind: 'node' | 'cluster'; readonly name: string },
  args: readonly string[],
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, kind, 'start', '--name', name, ...args], { cwd, env: clean() })
  running.set(name, child)
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      if (/is listening on|answers at/.test(String(data))) resolve()
    })
    child.once('exit', (code) => reject(new Error(`node ${name} ended with ${code}: ${stderr}`)))
  })
  return child
}

function clean(): NodeJS.ProcessEnv {
  const { STORE: _s, LOG_LEVEL: _l, NODE: _n, CONTROL: _c, ...rest } = process.env
  return rest
}

/**
 * A script as a user has it. What is but the command, a line each, runs in this process: a tour starts it twenty times, and each start
 * takes its time.
 */
export async function shell(script: string): Promise<Finished> {
  const lines = script.replaceAll('\\\n', ' ').trim().split('\n')
  if (!lines.every((line) => /^joinery [^|;]*$/.test(line))) {
    return await command('bash', [
      '-c',
      `set -e; cd "${process.cwd()}"; joinery() { "${process.execPath}" "${MAIN}" "$@"; }\n${script}`,
    ])
  }
  let stdout = ''
  for (const line of lines) {
    const [, ...args] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
    const finished = await joineryHere(args)
    stdout += finished.stdout
    if (finished.code !== 0) return { ...finished, stdout }
  }
  return { code: 0, stdout, stderr: '' }
}

/** What is written elsewhere arrives a moment later. */
async function answers(script: string, expected: string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  for (;;) {
    const { code, stdout, stderr } = await shell(script)
    if (stdout === expected && code === 0) return
    if (performance.now() > endMs)
      expect({ stdout, stderr, code }, script).toEqual({ stdout: expected, stderr: '', code: 0 })
    await delay(100)
  }
}

/** Runs all commands of a script but the last, which may have to be repeated, and answers that one. */
async function afterOthers(script: string): Promise<string> {
  const lines = script.replaceAll('\\\n', ' ').trim().split('\n')
  if (lines.length > 1) expect((await shell(lines.slice(0, -1).join('\n'))).stderr, script).toBe('')
  return lines.at(-1) as string
}

/**
 * Plays a page of the docs in a folder of its own, which it answers. Blocks are commands; `background` starts a node, `kill=NAME` kills
 * one first, and what stands as JSON below is what is answered in the end.
 *
 * @param ports those that the page names, in the order in which free ones take their places.
 */
export async function playPage(file: string, ports: readonly number[], blocksMin: number): Promise<string> {
  const cwd = temporaryDirectory()
  process.chdir(cwd)
  const free = await freePorts(ports.length)
  let page = readFileSync(join(ROOT, file), 'utf8')
  for (const [i, port] of ports.entries()) page = page.replaceAll(`:${port}`, `:${free[i]}`)
  const blocks = [...page.matchAll(BLOCK)]
  expect(blocks.length).toBeGreaterThan(blocksMin)
  expect(page.match(/^```sh/gm)).toHaveLength(blocks.length)
  for (const [, how = '', script = '', answer] of blocks) {
    if (how === ' background') {
      const [, kind, , , name = '', ...args] = script.replaceAll('\\\n', ' ').trim().split(/\s+/)
      await start(cwd, { kind: kind as 'node' | 'cluster', name }, args)
      continue
    }
    if (how.startsWith(' kill=')) {
      const child = running.get(how.slice(6)) as ChildProcess
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    if (answer === undefined) {
      const { code, stderr } = await shell(script)
      expect([code, stderr], script).toEqual([0, ''])
    } else await answers(await afterOthers(script), answer)
  }
  return cwd
}
