/**
 * docs/HTTP-API.md tells the truth: its commands are run in order against a real server, and answer what stands below them.
 * `JOINERY_UPDATE_DOCS=1 npx vitest run packages/cli/test/docs.test.ts` writes the answers.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { printed } from './documented.ts'
import { command, ROOT, serve } from './joinery.ts'

const FILE = join(ROOT, 'docs/HTTP-API.md')
const EXAMPLE = /```sh\n([\s\S]*?)```\n```json(?: status=(\d+))?\n([\s\S]*?)```/g

/** The names of the page, and the status after each answer. */
const prelude = `
H=(-H 'X-Tenant-ID: acme' -H 'X-Node-ID: phone' -H 'Content-Type: application/json')
curl() { command curl -w '\\n%{http_code}' "$@"; }
`

/** What differs from run to run. */
const volatile = new Set(['incarnation', 'storeId', 'time', 'requestId', 'ids'])

function settled(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/(incarnation) [\w-]{22}/, '$1 …')
  if (Array.isArray(value)) return value.map(settled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, volatile.has(name) ? '…' : settled(member)]),
  )
}

test('every command of docs/HTTP-API.md answers what the page says', async () => {
  const server = await serve(['--store', 'memory:'])
  const page = readFileSync(FILE, 'utf8')
  const examples = [...page.matchAll(EXAMPLE)]
  expect(examples.length).toBeGreaterThan(35)
  expect(page.match(/^```sh\n/gm)).toHaveLength(examples.length)
  let written = page
  for (const [whole, script = '', status = '', answer = ''] of examples) {
    const { stdout } = await command('bash', ['-c', prelude + script], { BASE: server.url })
    const split = stdout.lastIndexOf('\n')
    const got: unknown = JSON.parse(stdout.slice(0, split))
    if (process.env.JOINERY_UPDATE_DOCS) {
      const fenced = `\`\`\`sh\n${script}\`\`\`\n\`\`\`json status=${stdout.slice(split + 1)}\n${printed(got)}\n\`\`\``
      written = written.replace(whole, () => fenced)
      continue
    }
    expect(settled(got), script).toEqual(settled(JSON.parse(answer)))
    expect(stdout.slice(split + 1), script).toBe(status)
  }
  if (process.env.JOINERY_UPDATE_DOCS) writeFileSync(FILE, written)
})
