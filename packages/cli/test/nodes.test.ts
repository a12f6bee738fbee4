/** docs/NODES.md tells the truth: its commands are run in order, with real processes, and answer what stands below them. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { command, freePorts, joinery, joineryHere, temporaryDirectory } from './joinery.ts'
import { PATIENCE_MS, playPage, running, shell, start } from './tour.ts'

test('every command of docs/NODES.md does what the page says', async () => {
  const cwd = await playPage('docs/NODES.md', [7421, 7422, 7423], 12)
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
    expect(await problem([...start, '--sign'])).toEqual([2, 'joinery: what a node signs is signed by its key'])
    expect((await problem(['status', ...control]))[1]).toMatch(/NODE_NOT_RUNNING/)
    expect((await problem(['set', 'page', '{no', ...control]))[0]).toBe(2)
  })

  test('signs what it writes, and says so', async () => {
    const cwd = temporaryDirectory()
    const keys = await Promise.all(['a', 'b'].map((name) => joineryHere(['node', 'keygen', '--key', join(cwd, name)])))
    writeFileSync(join(cwd, 'nodes'), ['a', 'b'].map((name, i) => `${name} ${keys[i]?.stdout}`).join(''))
    const [port = 0] = await freePorts(1)
    const at = (name: string) => ['--store', `sqlite:${join(cwd, name)}.sqlite`]
    const common = (name: string) => ['--key', name, '--nodes', 'nodes', '--sign', ...at(name)]
    await start(cwd, { kind: 'node', name: 'a' }, [...common('a'), '--listen', `tcp://127.0.0.1:${port}`])
    await start(cwd, { kind: 'node', name: 'b' }, [
      ...common('b'),
      '--listen',
      'tcp://127.0.0.1:0',
      '--join',
      `tcp://127.0.0.1:${port}`,
    ])
    const set = (value: number) => `{"path":["n"],"of":"pncounter","type":"increment","by":${value}}`
    expect((await joineryHere(['node', 'set', 'page', set(2), '--replicated', ...at('a')])).code).toBe(0)
    expect((await joineryHere(['node', 'set', 'page', set(3), '--replicated', ...at('b')])).code).toBe(0)
    expect((await joineryHere(['node', 'get', 'page', '--json', ...at('a')])).stdout).toBe('{"n":5}\n')
    expect((await joineryHere(['node', 'status', ...at('a')])).stdout).toMatch(/\n {2}signed {5}yes/)
    // It would not be believed, and does not begin.
    running.get('a')?.kill('SIGTERM')
    await once(running.get('a') as ChildProcess, 'exit')
    const unsigned = ['start', '--name', 'a', '--key', join(cwd, 'a'), '--nodes', join(cwd, 'nodes'), ...at('a')]
    expect((await problem([...unsigned, '--listen', 'tcp://127.0.0.1:0']))[1]).toMatch(/NODE_STORE_SIGNING/)
  })

  test('is refused what it cannot do by a running node, by code', async () => {
    const cwd = temporaryDirectory()
    await joinery(['node', 'keygen', '--secret', join(cwd, 'secret')])
    const control = join(cwd, 'control')
    await start(cwd, { kind: 'node', name: 'alone' }, [
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
