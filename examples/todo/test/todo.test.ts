/** The example as a person runs it: its own process, a real server, files on disk. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const todo = fileURLToPath(new URL('../todo.mjs', import.meta.url))
const cli = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url))

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(...args: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [todo, ...args], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('the story ends with two equal lists', () => {
  const { code, out, err } = run('--spawn')
  expect(err).toBe('')
  expect(out).toContain('2 items and 4 edits are still there')
  expect(out).toContain('phone sent 5 edits')
  expect(out).toContain('laptop sent 5 edits')
  const lists = out.slice(out.indexOf('4. Both online again'))
  const rows = lists.split('\n').filter((line) => /^ {4}\[.\] /.test(line))
  expect(rows.map((row) => row.trim().split(/ {2,}/))).toEqual(
    ['[x] Oat milk', '[ ] Rye bread', '[ ] Eggs', '[ ] Coffee', '[ ] Tea'].map((item) => [item, item]),
  )
  expect(out).toContain('The lists are equal')
  expect(code).toBe(0)
})

test('by hand: two devices edit without a server, then sync', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-todo-test-'))
  const server = spawn(process.execPath, [cli, 'serve', '--addr', '127.0.0.1:0', '--store', 'memory:'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      server.once('exit', () => reject(new Error('the server ended; is packages/cli built?')))
      server.stdout.on('data', (chunk) => {
        const found = /listening on (\S+)/.exec(String(chunk))?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    const as = (node: string, ...args: readonly string[]): Run =>
      run(...args, '--node', node, '--dir', directory, '--url', url)
    expect(as('phone', 'sync').out).toContain('(nothing to do)')
    expect(as('phone', 'add', 'Buy', 'milk').out).toContain('1 edit waits for')
    as('phone', 'add', 'Call Ada')
    expect(as('phone', 'sync').out).toContain('at version 2')
    expect(as('laptop', 'sync').out).toContain('2 operations by others')
    as('phone', 'rename', '1', 'Buy oat milk')
    as('laptop', 'done', '1')
    as('laptop', 'rm', '2')
    for (const node of ['phone', 'laptop', 'phone']) expect(as(node, 'sync').code).toBe(0)
    const [onPhone, onLaptop] = [as('phone', 'list').out, as('laptop', 'list').out]
    expect(onPhone).toBe('phone: groceries\n  1  [x] Buy oat milk\n')
    expect(onLaptop).toBe(onPhone.replace('phone', 'laptop'))
  } finally {
    server.kill()
    rmSync(directory, { recursive: true, force: true })
  }
})

test('mistakes are told in a sentence', () => {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-todo-test-'))
  const at = ['--dir', directory] as const
  expect(run('dance')).toMatchObject({ code: 2, err: expect.stringContaining('no command "dance"') })
  expect(run('--dance')).toMatchObject({ code: 2 })
  expect(run('done', '7', ...at)).toMatchObject({ code: 2, err: expect.stringContaining('no item 7') })
  expect(run('add', ...at)).toMatchObject({ code: 2, err: expect.stringContaining('add TITLE') })
  expect(run('http://127.0.0.1:9')).toMatchObject({ code: 2, err: expect.stringContaining('cannot be reached') })
  expect(run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Commands') })
  rmSync(directory, { recursive: true, force: true })
})
