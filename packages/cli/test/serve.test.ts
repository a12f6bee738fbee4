/** `joinery serve` as a process: what it prints, where it listens, and that stopping loses nothing. */
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { selfSigned } from '../../server/test/http/self-signed.ts'
import { joineryHere, type Serving, serve, temporaryDirectory } from './joinery.ts'

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone', 'Content-Type': 'application/json' }

function sqlite(): string {
  return `sqlite:${join(temporaryDirectory(), 'a.sqlite')}`
}

describe('SIGTERM under load', () => {
  const WRITERS = 8

  /** Adds distinct elements one after the other until the server is gone; resolves to those it acknowledged. */
  async function write(server: Serving, writer: number, agent: Agent): Promise<string[]> {
    const acknowledged: string[] = []
    for (let i = 0; ; i += 1) {
      const elem = `${writer}-${i}`
      const body = JSON.stringify({ type: 'gset', ops: [{ type: 'add', elem }] })
      const status = await post(`${server.url}/v1/docs/set-${writer % 3}/ops?snapshot=false`, body, agent)
      if (status === 200) acknowledged.push(elem)
      else if (status === undefined) return acknowledged
      else expect(status).toBe(503)
    }
  }

  function post(url: string, body: string, agent: Agent): Promise<number | undefined> {
    return new Promise((resolve) => {
      const asked = request(url, { method: 'POST', headers, agent }, (response) => {
        response
          .resume()
          .once('end', () => resolve(response.statusCode))
          .once('error', () => resolve(undefined))
      })
      asked.once('error', () => resolve(undefined)).end(body)
    })
  }

  test('loses nothing that was acknowledged, and exits with 0', async () => {
    const store = sqlite()
    const server = await serve(['--store', store, '--log-level', 'warn'])
    const agent = new Agent({ keepAlive: true })
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(server, writer, agent))
    await new Promise((resolve) => setTimeout(resolve, 1500))
    server.signal('SIGTERM')
    expect(await server.exited).toEqual({ code: 0, signal: null })
    const acknowledged = (await Promise.all(writers)).flat()
    agent.destroy()
    expect(acknowledged.length).toBeGreaterThan(WRITERS)

    const again = await serve(['--store', store, '--log-level', 'warn'])
    const kept = new Set<string>()
    for (const document of ['set-0', 'set-1', 'set-2']) {
      const answer = await fetch(`${again.url}/v1/docs/${document}`, { headers })
      for (const elem of ((await answer.json()) as { value: string[] }).value) kept.add(elem)
    }
    expect(acknowledged.filter((elem) => !kept.has(elem))).toEqual([])
    expect(await again.stop()).toBe(0)
  })

  test('a second signal does not wait', async () => {
    const server = await serve(['--store', 'memory:'])
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`PUT /v1/docs/d HTTP/1.1\r\nHost: localhost\r\n${head.join('')}Content-Length: 100\r\n\r\n{`)
    await new Promise((resolve) => setTimeout(resolve, 300))
    server.signal('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(server.child.exitCode).toBeNull()
    const before = Date.now()
    server.signal('SIGTERM')
    expect((await server.exited).code).toBe(1)
    expect(Date.now() - before).toBeLessThan(5000)
    expect(server.stderr()).toContain('asked twice')
  })
})

describe('what it prints', () => {
  test('a line for people on stdout, JSON for machines on stderr', async () => {
    const server = await serve(['--store', 'memory:'])
    await fetch(`${server.url}/v1/docs/none`, { headers: { ...headers, 'X-Request-ID': 'find-me' } })
    expect(await server.stop()).toBe(0)
    expect(server.stdout()).toMatch(/^Joinery \d+\.\d+\.\d+ is listening on http:\/\/127\.0\.0\.1:\d+\n/)
    expect(server.stdout()).toContain('this machine only (loopback)')
    expect(server.stdout()).toContain('gone when the server stops')
    const lines = server
      .stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'listening', url: server.url, loopbackOnly: true }))
    expect(lines).toContainEqual(expect.objectContaining({ level: 40, msg: expect.stringContaining('in memory') }))
    expect(lines).toContainEqual(
      expect.objectContaining({ requestId: 'find-me', tenant: 'acme', node: 'phone', document: 'none', status: 404 }),
    )
  })

  test('with a key every interface is open, and it says so', async () => {
    const store = sqlite()
    await joineryHere(['keys', 'create', '--store', store, '--tenant', 'acme'])
    const server = await serve(['--store', store, '--addr', ':0'])
    expect(server.stdout()).toContain('everybody who reaches')
    expect(server.stdout()).toContain('an API key is required')
    expect(await server.stop()).toBe(0)
    expect(server.stderr()).toContain('"loopbackOnly":false')
  })
})

describe('what it refuses', () => {
  test.each([
    [['--addr', '0.0.0.0:0', '--store', 'memory:'], 1, 'START_ADDRESS_EXPOSED', '--insecure'],
    [['--addr', 'nonsense', '--store', 'memory:'], 1, 'START_ADDRESS_INVALID', 'HOST:PORT'],
    [['--addr', '127.0.0.1:0', '--store', 'mongo://x'], 2, 'there is no store of kind "mongo"', 'sqlite:PATH'],
    [['--addr', '127.0.0.1:0', '--store', 'data.db'], 2, '"data.db" is not a store', 'sqlite:PATH'],
    [['--addr', '127.0.0.1:0', '--store', 'sqlite:'], 2, 'needs the path', 'sqlite:PATH'],
    [['--addr', '127.0.0.1:0', '--store', 'leveldb:'], 2, 'needs the path', 'leveldb:DIR'],
    [['--addr', '127.0.0.1:0', '--store', 'memory:', '--allow-origin', '*'], 1, 'START_ORIGIN_INVALID', 'one by one'],
    [['--addr', '127.0.0.1:0', '--store', 'memory:', '--tls-cert', '/none'], 2, 'go together', 'both'],
    [
      ['--addr', '127.0.0.1:0', '--store', 'memory:', '--tls-cert', '/none', '--tls-key', '/none'],
      2,
      'cannot read',
      'PEM',
    ],
    [['--addr', '127.0.0.1:0', '--store', 'memory:', '--log-level', 'loud'], 2, 'no log level', 'info'],
    [['--prot', '1'], 2, "unknown option '--prot'", '--help'],
  ])('%j', async (args, code, message, advice) => {
    const finished = await joineryHere(['serve', ...args])
    expect(finished.stderr).toContain(message)
    expect(finished.stderr).toContain(advice)
    expect(finished.code).toBe(code)
    expect(finished.stdout).toBe('')
  })

  test('a store that another server uses', async () => {
    const store = sqlite()
    const server = await serve(['--store', store])
    const second = await joineryHere(['serve', '--addr', '127.0.0.1:0', '--store', store])
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('STORE_LOCKED') })
    expect(second.stderr).toContain('stop the server')
    expect(await server.stop()).toBe(0)
  })

  test('a file that is no store', async () => {
    const path = join(temporaryDirectory(), 'notes.txt')
    writeFileSync(path, 'These are my notes, and they are long enough to be none of SQLite.\n'.repeat(100))
    const finished = await joineryHere(['serve', '--addr', '127.0.0.1:0', '--store', `sqlite:${path}`])
    expect(finished).toMatchObject({ code: 1, stderr: expect.stringContaining('STORE_FORMAT') })
  })
})

describe('the environment', () => {
  test('stands behind the options', async () => {
    const server = await serve([], {
      ADDR: '127.0.0.1:0',
      STORE: 'memory:',
      LOG_LEVEL: 'silent',
      ALLOW_ORIGIN: 'https://a.example, https://b.example',
    })
    const answer = await fetch(`${server.url}/healthz`, { headers: { Origin: 'https://b.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://b.example')
    expect(await server.stop()).toBe(0)
    expect(server.stderr()).toBe('')
    const overruled = await serve(['--log-level', 'info'], {
      ADDR: '127.0.0.1:0',
      STORE: 'memory:',
      LOG_LEVEL: 'silent',
    })
    expect(await overruled.stop()).toBe(0)
    expect(overruled.stderr()).toContain('listening')
  })

  test('INSECURE is true or false', async () => {
    const args = ['--addr', '0.0.0.0:0', '--store', 'memory:']
    expect((await joineryHere(['serve', ...args], { INSECURE: 'false' })).stderr).toContain('START_ADDRESS_EXPOSED')
    expect((await joineryHere(['serve', ...args], { INSECURE: 'maybe' })).code).toBe(2)
    const server = await serve(args, { INSECURE: 'true' })
    expect(await server.stop()).toBe(0)
    expect(server.stderr()).toContain('there are no API keys')
  })
})

test('TLS 1.3 with a certificate of its own', async () => {
  const { cert, key } = selfSigned()
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'cert.pem'), cert)
  writeFileSync(join(directory, 'key.pem'), key)
  const server = await serve([
    '--store',
    'memory:',
    '--tls-cert',
    join(directory, 'cert.pem'),
    '--tls-key',
    join(directory, 'key.pem'),
  ])
  expect(server.url).toMatch(/^https:/)
  const get = (more: object): Promise<number | string | undefined> =>
    new Promise((resolve) => {
      httpsRequest(`${server.url}/healthz`, { ca: cert, agent: false, ...more }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        .end()
    })
  expect(await get({ minVersion: 'TLSv1.3' })).toBe(200)
  expect(await get({ maxVersion: 'TLSv1.2' })).not.toBe(200)
  expect(await server.stop()).toBe(0)
})
