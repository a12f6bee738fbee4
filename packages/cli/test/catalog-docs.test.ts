/**
 * docs/CATALOG.md tells the truth: its commands are run in order against two real nodes, and answer what stands below them.
 * `JOINERY_UPDATE_DOCS=1 npx vitest run packages/cli/test/catalog-docs.test.ts` writes the answers.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { printed } from './documented.ts'
import { command, joineryHere, ROOT, type Serving, serve, temporaryDirectory } from './joinery.ts'

const FILE = join(ROOT, 'docs/CATALOG.md')
const BLOCK = /```sh( background)?\n([\s\S]*?)```\n(?:```json status=(\d+)\n([\s\S]*?)```)?/g
const STORY = /(catalog example`[^\n]*\n\n)```txt\n([\s\S]*?)```/

/** The names of the page, and the status after each answer. */
const prelude = `
set -e -o pipefail
J=(-H 'Content-Type: application/json')
curl() { command curl "$@"; }
`

/** What differs from run to run: epochs of actors, times, bytes. */
function settled(value: unknown, name = ''): unknown {
  if (name === 'bytes' || name === 'time' || name === 'requestId') return '…'
  if (name === 'timestamp') return 0
  if (typeof value === 'string') return value.replace(/~[-\w]{16}/g, '~…')
  if (Array.isArray(value)) return value.map((each) => settled(each))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, each]) => [settled(member) as string, settled(each, member)]),
  )
}

test('every command of docs/CATALOG.md answers what the page says', async () => {
  const cwd = temporaryDirectory()
  const page = readFileSync(FILE, 'utf8')
  const blocks = [...page.matchAll(BLOCK)]
  expect(blocks.length).toBeGreaterThan(14)
  expect(page.match(/^```sh/gm)).toHaveLength(blocks.length)
  const nodes: Serving[] = []
  let written = page
  for (const [whole, background, script = '', status, answer = ''] of blocks) {
    if (background !== undefined) {
      const [, , , ...args] = script.trim().split(/\s+/)
      const free = args.map((arg, i) => (args[i - 1] === '--addr' ? '127.0.0.1:0' : arg))
      nodes.push(
        await serve(
          free.map((arg, i) => (free[i - 1] === '--data' ? join(cwd, arg) : arg)),
          {},
          ['catalog', 'serve'],
        ),
      )
      continue
    }
    const [A = '', B = ''] = nodes.map(({ url }) => url)
    // The last curl of a line is the one whose answer the page shows.
    const last = script.lastIndexOf('curl ')
    const asking = `${script.slice(0, last)}curl -w '\\n%{http_code}' ${script.slice(last + 5)}`
    const { stdout, stderr } = await command('bash', ['-c', prelude + asking], { A, B })
    const split = stdout.lastIndexOf('\n')
    const got: unknown = JSON.parse(stdout.slice(0, split) || JSON.stringify(stderr))
    const code = stdout.slice(split + 1)
    if (process.env.JOINERY_UPDATE_DOCS) {
      const fenced = `\`\`\`sh\n${script}\`\`\`\n\`\`\`json status=${code}\n${printed(settled(got))}\n\`\`\``
      written = written.replace(whole, () => fenced)
      continue
    }
    expect(settled(got), script).toEqual(JSON.parse(answer))
    expect(code, script).toBe(status)
  }
  for (const node of nodes) expect(await node.stop()).toBe(0)
  if (process.env.JOINERY_UPDATE_DOCS) writeFileSync(FILE, written)
})

test.each(['docs/CATALOG.md', 'README.md'])('the story in %s is the one that the command tells', async (file) => {
  const path = join(ROOT, file)
  const { code, stdout, stderr } = await joineryHere(['catalog', 'example'])
  expect([code, stderr]).toEqual([0, ''])
  const page = readFileSync(path, 'utf8')
  if (process.env.JOINERY_UPDATE_DOCS)
    writeFileSync(
      path,
      page.replace(STORY, (_, before) => `${before}\`\`\`txt\n${stdout}\`\`\``),
    )
  else expect(STORY.exec(page)?.[2]).toBe(stdout)
})
