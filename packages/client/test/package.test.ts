/** What the package promises about itself: it runs in browsers, and its documentation is complete and real. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { clientErrorTable, createHttpClient, defaultClientLimits } from '../src/http.ts'
import { defaultLiveLimits } from '../src/index.ts'
import { defaultFileQueueLimits } from '../src/limits.ts'
import { fakeServer, stateOf } from './support/fake-server.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const design = readFileSync(join(root, 'DESIGN.md'), 'utf8')

/** All files that a file imports, by way of others, too. */
function graph(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g))
    graph(join(dirname(file), path!), seen)
  return seen
}

test.each(['index', 'http'])('the entry %s imports nothing of Node', (entry) => {
  const files = [...graph(join(root, `src/${entry}.ts`))]
  expect(files.length).toBeGreaterThan(20)
  const foreign = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?'([^'.][^']*)'/g)].map(([, name]) => name),
  )
  const allowed = ['@joinery/core', '@joinery/core/system', '@joinery/sync', '@joinery/transport/websocket']
  expect([...new Set(foreign)].filter((name) => !allowed.includes(name as string))).toEqual([])
  const ambient = files.filter((file) =>
    /\b(?:Date\.now|Math\.random|setTimeout|process\.|Buffer)\b/.test(readFileSync(file, 'utf8')),
  )
  expect(ambient.map((file) => file.slice(root.length))).toEqual(['src/host.ts'])
})

test('no source file is longer than it should be', () => {
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    expect([name, readFileSync(join(root, 'src', name), 'utf8').split('\n').length <= 351]).toEqual([name, true])
  }
})

test('every error code and every limit is in DESIGN.md', () => {
  for (const code of Object.keys(clientErrorTable())) expect(design).toContain(`\`${code}\``)
  for (const [name, value] of Object.entries({
    ...defaultClientLimits,
    ...defaultFileQueueLimits,
    ...defaultLiveLimits,
  })) {
    expect(design).toContain(`| \`${name}\` | ${value.toLocaleString('en').replaceAll(',', ' ')} |`)
  }
})

test('the example of createHttpClient does what it says', async () => {
  const server = fakeServer()
  server.otherwise = ({ path }) => ({ status: 200, body: stateOf(path, { snapshot: ['milk'] }) })
  const client = await createHttpClient({
    url: 'http://127.0.0.1:8080',
    tenant: 'home',
    nodeId: 'phone',
    fetch: server.fetch,
  })
  const pushed = await client.pushOps('shopping', 'orset', [{ type: 'add', elem: 'milk' }])
  expect(client.view('shopping')?.value).toEqual(['milk'])
  await pushed.saved()
  await client.close()
})
