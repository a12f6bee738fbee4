/** `joinery docs`: what an operator sees of a running server. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { joineryHere, ROOT, type Serving, serve } from './joinery.ts'

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone', 'Content-Type': 'application/json' }

async function started(): Promise<{ server: Serving; docs: (...args: string[]) => ReturnType<typeof joineryHere> }> {
  const server = await serve(['--store', 'memory:'])
  const docs = (...args: string[]) => joineryHere(['docs', ...args, '--url', server.url, '--tenant', 'acme'])
  const put = (id: string, body: object) =>
    fetch(`${server.url}/v1/docs/${id}`, { method: 'PUT', headers, body: JSON.stringify(body) })
  await put(encodeURIComponent('list/a'), { type: 'orset', value: ['x'] })
  await put('title', { type: 'lww', value: { text: 'Shopping' } })
  await apply(server, 'title', { set: 2 })
  return { server, docs }
}

function apply(server: Serving, id: string, op: object): Promise<Response> {
  const body = JSON.stringify({ type: 'lww', ops: [op] })
  return fetch(`${server.url}/v1/docs/${id}/ops`, { method: 'POST', headers, body })
}

describe('joinery docs', () => {
  test('ls, get and diff', async () => {
    const { docs, server } = await started()
    expect(await docs('ls')).toMatchObject({ code: 0, stdout: '1\torset\tlist/a\n2\tlww\ttitle\n' })
    expect((await docs('ls', 'ti')).stdout).toBe('2\tlww\ttitle\n')
    expect(JSON.parse((await docs('ls', 'ti', '--json')).stdout)).toMatchObject({ id: 'title', version: 2 })
    expect((await docs('get', 'list/a')).stdout).toBe('[\n  "x"\n]\n')
    expect(JSON.parse((await docs('get', 'title', '--json')).stdout)).toMatchObject({ type: 'lww', value: 2 })
    const lines = (await docs('diff', 'title')).stdout.split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^1\t\S+\tphone\t\{"type":"put","value":\{"text":"Shopping"\}\}$/)
    expect((await docs('diff', 'title', '--from', '1')).stdout).toMatch(/^2\t/)
    expect((await docs('diff', 'title', '--from', '0', '--to', '1')).stdout).toMatch(/^1\t[^\n]*\n$/)
    expect(await server.stop()).toBe(0)
  })

  test('tail shows what comes, and ends with a signal', async () => {
    const { server } = await started()
    const main = join(ROOT, 'packages/cli/dist/main.js')
    const child = spawn(process.execPath, [main, 'docs', 'tail', 'title', '--url', server.url, '--tenant', 'acme'])
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    await expect.poll(() => stderr, { timeout: 20_000 }).toContain('title is at version 2')
    await apply(server, 'title', { set: 3 })
    await apply(server, 'title', { set: 4 })
    await expect.poll(() => stdout, { timeout: 20_000 }).toMatch(/^3\t[^\n]*\{"set":3[^\n]*\n4\t/)
    child.kill('SIGINT')
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0)
    await server.stop()
  })

  test('what is wrong is said in two lines', async () => {
    const { docs, server } = await started()
    const wrong = async (promise: ReturnType<typeof joineryHere>): Promise<string> => {
      const { code, stderr, stdout } = await promise
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr.trim().split('\n')).toHaveLength(2)
      return stderr
    }
    expect(await wrong(docs('get', 'nowhere'))).toContain('NOT_FOUND')
    expect(await wrong(docs('diff', 'title', '--from', 'x'))).toContain('not a version')
    expect(await wrong(joineryHere(['docs', 'ls', '--url', server.url]))).toContain('--tenant')
    expect(await wrong(joineryHere(['docs', 'ls', '--url', 'ftp://x', '--tenant', 'a']))).toContain('not the address')
    await server.stop()
    expect(await wrong(docs('ls'))).toContain('no server answers')
  })
})
