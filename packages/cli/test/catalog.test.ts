/** `joinery catalog`: what it asks of a node, between two nodes, and what it refuses. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { selfSigned } from '../../server/test/http/self-signed.ts'
import { command, freePorts, joinery, joineryHere, type Serving, serve, temporaryDirectory } from './joinery.ts'

/** Processes that start and find each other take their time on a busy machine. */
const PATIENCE_MS = 120_000

async function node(name: string, directory: string, ...more: string[]): Promise<Serving> {
  return await serve(['--node-id', name, '--data', join(directory, name), '--log-level', 'error', ...more], {}, [
    'catalog',
    'serve',
  ])
}

async function catalog(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await joineryHere(['catalog', ...args])
  expect([code, stderr], args.join(' ')).toEqual([0, ''])
  return stdout
}

test('asks a node, carries deltas between two, and compares them', async () => {
  const directory = temporaryDirectory()
  const [a, b] = [await node('a', directory), await node('b', directory)]
  const [atA, atB] = [a, b].map(({ url }) => ['--peer', url]) as [string[], string[]]
  await catalog('add', 'snapshots/snap 1', '{"size":3,"status":"done"}', ...atA)
  await catalog('add', 'images/debian', ...atA)
  await catalog('add', 'images/other', '{"size":9}', ...atB)
  expect(await catalog('ls', ...atA)).toBe('images/debian  {}\nsnapshots/snap 1  {"size":3,"status":"done"}\n')
  expect(await catalog('ls', 'images', '--json', ...atA)).toBe('{"type":"images","id":"debian","metadata":{}}\n')
  expect(await catalog('query', 'size>1', '--fields', 'size', ...atA)).toBe('snapshots/snap 1  {"size":3}\n')
  expect(JSON.parse(await catalog('get', 'snapshots/snap 1', '--explain', ...atA))).toMatchObject({
    metadata: { size: 3 },
    explain: { fields: { size: { node: 'a', overrode: [] } } },
  })

  const differing = await joineryHere(['catalog', 'verify', b.url, ...atA])
  expect(differing.code).toBe(1)
  expect(differing.stdout).toBe(
    [
      'images/debian  {} here, nothing there',
      'images/other  nothing here, {"size":9} there',
      'snapshots/snap 1  {"size":3,"status":"done"} here, nothing there',
      '0 entries are the same, 3 differ',
      '',
    ].join('\n'),
  )
  expect(await catalog('sync', b.url, ...atA)).toBe('3 deltas there, 2 back\n')
  expect(await catalog('verify', b.url, ...atA)).toBe('3 entries are the same, 0 differ\n')
  await catalog('rm', 'images/debian', ...atB)
  expect(await catalog('sync', b.url, ...atA)).toBe('0 deltas there, 1 back\n')
  expect(await catalog('ls', 'images', ...atA)).toBe('images/other  {"size":9}\n')
  expect(await catalog('sync', b.url, ...atA)).toBe('0 deltas there, 0 back\n')
  expect(await Promise.all([a.stop(), b.stop()])).toEqual([0, 0])
})

test('a second process on the same data is told who has it, and what is there stays', async () => {
  const directory = temporaryDirectory()
  const a = await node('a', directory)
  await catalog('add', 'images/i', '{"x":1}', '--peer', a.url)
  const data = join(directory, 'a')
  const second = await joinery(['catalog', 'serve', '--node-id', 'b', '--data', data, '--addr', '127.0.0.1:0'])
  expect(second.code).toBe(1)
  expect(second.stderr).toContain(`the data is locked by process ${a.child.pid} (STORE_LOCKED)`)
  expect(readFileSync(join(data, 'owner.pid'), 'utf8')).toBe(`${a.child.pid}\n`)
  a.signal('SIGKILL')
  await a.exited
  const again = await node('a', directory, '--index', 'x')
  expect(await catalog('query', 'x:1', '--peer', again.url)).toBe('images/i  {"x":1}\n')
  expect(await again.stop()).toBe(0)
  expect(existsSync(data)).toBe(true)
})

test(
  'data that cannot be read is reported, and on request put aside and fetched from the others',
  async () => {
    const directory = temporaryDirectory()
    const secret = join(directory, 'secret')
    await joineryHere(['node', 'keygen', '--secret', secret])
    const [portA, portB] = await freePorts(2)
    const link = (own: number | undefined, other: number | undefined): string[] => [
      ...['--secret', secret, '--listen', `tcp://127.0.0.1:${own}`, '--peers', `tcp://127.0.0.1:${other}`],
    ]
    const a = await node('a', directory, ...link(portA, portB))
    const b = await node('b', directory, ...link(portB, portA))
    for (let i = 0; i < 20; i += 1) await catalog('add', `images/i${i}`, `{"x":${i}}`, '--peer', a.url)
    await equal(a, b)
    await b.stop()
    const database = join(directory, 'b', 'joinery-leveldb-1')
    for (const name of readdirSync(database)) {
      if (/^(MANIFEST|CURRENT)/.test(name)) writeFileSync(join(database, name), 'not what it was')
    }
    const args = ['catalog', 'serve', '--node-id', 'b', '--data', join(directory, 'b'), '--addr', '127.0.0.1:0']
    const refused = await joinery(args)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('(STORE_IO)')])
    const alone = await joinery([...args, '--rebuild'])
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--peers')])
    const again = await node('b', directory, ...link(portB, portA), '--rebuild')
    await equal(a, again)
    expect(await catalog('ls', 'images', '--peer', again.url)).toContain('images/i19  {"x":19}')
    expect(readdirSync(directory).some((name) => name.startsWith('b.damaged-'))).toBe(true)
    await Promise.all([a.stop(), again.stop()])
  },
  PATIENCE_MS * 2,
)

test('with keys and a certificate, who has neither gets nowhere', async () => {
  const directory = temporaryDirectory()
  const tls = selfSigned()
  for (const [name, text] of Object.entries(tls)) writeFileSync(join(directory, name), text)
  const made = await joineryHere([
    'keys',
    'create',
    '--tenant',
    'catalog',
    '--json',
    '--store',
    `leveldb:${join(directory, 'a')}`,
  ])
  const { key } = JSON.parse(made.stdout) as { readonly key: string }
  const a = await node('a', directory, '--tls-cert', join(directory, 'cert'), '--tls-key', join(directory, 'key'))
  expect(a.url).toMatch(/^https:/)
  const curl = async (path: string, ...more: string[]): Promise<string> => {
    const trusted = ['-s', '--cacert', join(directory, 'cert'), '-o', '/dev/null', '-w', '%{http_code}']
    return (await command('curl', [...trusted, ...more, `${a.url}${path}`])).stdout
  }
  expect(await curl('/healthz')).toBe('200')
  expect(await curl('/images/add/i', '-X', 'POST')).toBe('401')
  expect(await curl('/images/add/i', '-X', 'POST', '-H', `X-API-Key: ${key}`)).toBe('201')
  expect(await curl('/crdt/delta')).toBe('401')
  expect(await curl('/images/i', '-H', `X-API-Key: ${key}`)).toBe('200')
  expect(await a.stop()).toBe(0)
})

/** Resolves when both have the same, and something. */
async function equal(a: Serving, b: Serving): Promise<void> {
  const versions = async ({ url }: Serving): Promise<string> => {
    const status = (await (await fetch(`${url}/catalog/status`)).json()) as { readonly versions: object }
    return JSON.stringify(status.versions)
  }
  const endMs = performance.now() + PATIENCE_MS
  while (performance.now() < endMs) {
    const [one, other] = await Promise.all([a, b].map(versions))
    if (one === other && one !== '{}') return
    await delay(50)
  }
  throw new Error('they stay apart')
}

describe('refuses, and says what to do', () => {
  test.each([
    [['serve'], 'a node has a name'],
    [['serve', '--node-id', 'a', '--peers', 'tcp://127.0.0.1:1'], 'nodes must know each other'],
    [['serve', '--node-id', 'a', '--data', 'x', '--store', 'memory:'], 'both say where the data is'],
    [['serve', '--node-id', 'a', '--store', 'nothing'], 'is not a store'],
    [['get', 'volumes/x'], 'names no entry'],
    [['add', 'images/x', '[1]'], 'metadata is a JSON object'],
    [['ls', '--peer', 'nowhere'], 'is not a URL'],
    [['ls', '--peer', 'http://127.0.0.1:9'], 'nobody answers at http://127.0.0.1:9'],
  ])('joinery catalog %j', async (args, message) => {
    const { code, stderr } = await joineryHere(['catalog', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  test('what a node refuses is told with its code', async () => {
    const a = await node('a', temporaryDirectory())
    const { code, stderr } = await joineryHere(['catalog', 'get', 'images/none', '--peer', a.url])
    expect(code).toBe(1)
    expect(stderr).toContain('CATALOG_NOT_FOUND')
    expect(await a.stop()).toBe(0)
  })
})
