/** docs/NODES.md tells the truth: its commands are run in order, with real processes, and answer what stands below them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { command, type Finished, freePorts, joinery, joineryHere, ROOT, temporaryDirectory } from './joinery.ts'

const MAIN = join(ROOT, 'packages/cli/dist/main.js')
const BLOCK = /```sh( background| kill=\w+)?\n([\s\S]*?)```\n(?:```json\n([\s\S]*?)```)?/g
const PATIENCE_MS = 45_000

const running = new Map<string, ChildProcess>()
afterEach(async () => {
  process.chdir(ROOT)
  for (const child of running.values()) child.kill('SIGKILL')
  running.clear()
})

/** Starts a node; resolves when it listens. */
async function start(cwd: string, name: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'node', 'start', '--name', name, ...args], { cwd, env: clean() })
  running.set(name, child)
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      if (String(data).includes('is listening on')) resolve()
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
async function shell(script: string): Promise<Finished> {
  const lines = script.replaceAll('\\\n', ' ').trim().split('\n')
  if (!lines.every((line) => line.startsWith('joinery '))) {
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

test('every command of docs/NODES.md does what the page says', async () => {
  const cwd = temporaryDirectory()
  process.chdir(cwd)
  const ports = await freePorts(3)
  const page = readFileSync(join(ROOT, 'docs/NODES.md'), 'utf8').replace(
    /742([123])\b/g,
    (_, digit) => `${ports[digit - 1]}`,
  )
  const blocks = [...page.matchAll(BLOCK)]
  expect(blocks.length).toBeGreaterThan(12)
  expect(page.match(/^```sh/gm)).toHaveLength(blocks.length)
  for (const [, kind = '', script = '', answer] of blocks) {
    if (kind === ' background') {
      const [, , , , name = '', ...args] = script.replaceAll('\\\n', ' ').trim().split(/\s+/)
      await start(cwd, name, args)
      continue
    }
    if (kind.startsWith(' kill=')) {
      const child = running.get(kind.slice(6)) as ChildProcess
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    if (answer === undefined) {
      const { code, stderr } = await shell(script)
      expect([code, stderr], script).toEqual([0, ''])
    } else await answers(await afterOthers(script), answer)
  }
  expect([
    statSync(join(cwd, 'paris.key')).mode & 0o777,
    statSync(join(cwd, 'paris.sqlite.control')).mode & 0o777,
  ]).toEqual([0o600, 0o600])
  const digests = async (): Promise<string[]> => {
    const statuses = await Promise.all(
      ['paris', 'berlin', 'tokyo'].map((name) => shell(`joinery node status --json --store sqlite:${name}.sqlite`)),
    )
    return statuses.map(({ stdout }) => (JSON.parse(stdout) as { replication: { digest: string } }).replication.digest)
  }
  const endMs = performance.now() + PATIENCE_MS
  while (new Set(await digests()).size > 1) expect(performance.now(), 'they have the same').toBeLessThan(endMs)
  const metrics = await shell('joinery node metrics --store sqlite:paris.sqlite')
  expect(metrics.stdout).toMatch(/\njoinery_node_peers [12]\n/)
  const status = await shell('joinery node status --store sqlite:paris.sqlite')
  expect(status.stdout).toMatch(/^paris {2}eu {2}tcp:.*\n[\s\S]*member {5}berlin {2}eu/)
  const berlin = running.get('berlin') as ChildProcess
  const left = once(berlin, 'exit')
  expect((await shell('joinery node leave --store sqlite:berlin.sqlite')).code).toBe(0)
  expect(await left).toEqual([0, null])
  const paris = running.get('paris') as ChildProcess
  const stopped = once(paris, 'exit')
  paris.kill('SIGTERM')
  expect(await stopped).toEqual([0, null])
}, 240_000)

/** Runs all commands of a script but the last, which may have to be repeated, and answers that one. */
async function afterOthers(script: string): Promise<string> {
  const lines = script.replaceAll('\\\n', ' ').trim().split('\n')
  if (lines.length > 1) expect((await shell(lines.slice(0, -1).join('\n'))).stderr, script).toBe('')
  return lines.at(-1) as string
}

describe('joinery node', () => {
  const problem = async (args: readonly string[], variables = {}): Promise<[number | null, string]> => {
    const { code, stderr } = await joineryHere(['node', ...args], variables)
    return [code, stderr.replace(/\n[\s\S]*/, '')]
  }

  test('says what is wrong with its options', async () => {
    const directory = temporaryDirectory()
    const key = join(directory, 'key')
    expect((await joineryHere(['node', 'keygen', '--key', key])).stdout).toMatch(/^ed25519:[\w-]{43}\n$/)
    expect((await problem(['keygen', '--key', key]))[1]).toMatch(/EEXIST.*NODE_KEY_FILE/)
    expect(await problem(['keygen'])).toEqual([2, 'joinery: what is to be made?'])
    const control = ['--store', 'memory:', '--control', join(directory, 'control')]
    expect(await problem(['start', ...control])).toEqual([2, 'joinery: a node has a name'])
    expect(await problem(['start', '--name', 'a', ...control])).toEqual([2, 'joinery: nodes must know each other'])
    expect(await problem(['start', '--name', 'a', '--key', key, ...control])).toEqual([
      2,
      'joinery: --key and --nodes go together',
    ])
    expect((await problem(['start', '--name', 'a', '--store', 'memory:', '--key', key]))[0]).toBe(2)
    const secret = join(directory, 'secret')
    expect((await joineryHere(['node', 'keygen', '--secret', secret])).stdout).toBe('')
    const start = ['start', '--name', 'a', '--secret', secret, ...control]
    expect((await problem([...start, '--listen', 'udp://x:1']))[1]).toMatch(/TRANSPORT_ADDRESS/)
    expect((await problem([...start, '--listen', 'tcp://127.0.0.1:0', '--join', 'here']))[1]).toMatch(
      /TRANSPORT_ADDRESS/,
    )
    expect((await problem([...start, '--listen', 'tcp://192.0.2.1:1']))[1]).toMatch(/TRANSPORT_UNAVAILABLE/)
    expect((await problem([...start, '--log-level', 'loud']))[0]).toBe(2)
    expect((await problem(['status', ...control]))[1]).toMatch(/NODE_NOT_RUNNING/)
    expect((await problem(['set', 'page', '{no', ...control]))[0]).toBe(2)
  })

  test('is refused what it cannot do by a running node, by code', async () => {
    const cwd = temporaryDirectory()
    await joinery(['node', 'keygen', '--secret', join(cwd, 'secret')])
    const control = join(cwd, 'control')
    await start(cwd, 'alone', [
      '--secret',
      'secret',
      '--store',
      'memory:',
      '--control',
      control,
      '--listen',
      'ws://127.0.0.1:0/n',
    ])
    const at = ['--control', control]
    const refusals = [
      [['get', 'page'], 'NODE_DOCUMENT_MISSING'],
      [['rm', 'page'], 'NODE_DOCUMENT_MISSING'],
      [['set', '', '{"path":["x"],"of":"lww","set":1}'], 'NODE_DOCUMENT_INVALID'],
      [['set', 'page', '{"path":["x"],"of":"nothing"}'], 'TYPE_UNKNOWN'],
      [['set', 'page', '{"path":["x"],"of":"lww","unset":1}'], 'OP_INVALID'],
      [['join', 'here'], 'TRANSPORT_ADDRESS'],
    ] as const
    for (const [args, code] of refusals) {
      const { code: status, stderr } = await joineryHere(['node', ...args, ...at])
      expect([status, stderr], args.join(' ')).toEqual([1, expect.stringContaining(`(${code})`)])
    }
    expect((await joineryHere(['node', 'ls', ...at])).stdout, 'nothing was begun').toBe('')
    const curl = await command('curl', ['-s', '--unix-socket', control, 'http://node/nothing'])
    expect(JSON.parse(curl.stdout)).toMatchObject({ code: 'NODE_REQUEST_INVALID' })
    const many = await command('curl', ['-s', '--unix-socket', control, '-d', 'no json', 'http://node/docs/page'])
    expect(JSON.parse(many.stdout)).toMatchObject({ code: 'NODE_REQUEST_INVALID' })
  })
})
