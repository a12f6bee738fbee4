/**
 * What is measured: a server process, and the client that its makers ship. Ours is `joinery serve` as users start it, once per
 * kind of store.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SERVE = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
const HOCUSPOCUS = fileURLToPath(new URL('./hocuspocus-server.mjs', import.meta.url))

/** @param store answers the URL of a store in a folder. @param lasts whether what is stored outlives the server. */
const joinery = (store, { lasts = true } = {}) => ({
  client: 'joinery',
  lasts,
  command: (folder) => ({
    script: SERVE,
    args: ['serve', '--addr', '127.0.0.1:0', '--store', store(folder), '--log-level', 'error'],
  }),
})

const known = {
  'joinery-memory': joinery(() => 'memory:', { lasts: false }),
  'joinery-sqlite': joinery((folder) => `sqlite:${join(folder, 'joinery.sqlite')}`),
  'joinery-leveldb': joinery((folder) => `leveldb:${join(folder, 'joinery')}`),
  'joinery-postgres': joinery(() => process.env.JOINERY_BENCH_POSTGRES ?? ''),
  hocuspocus: {
    client: 'hocuspocus',
    lasts: true,
    command: (folder) => ({ script: HOCUSPOCUS, args: [folder] }),
  },
}

/** Those of a run without `JOINERY_BENCH_SUBJECTS`. */
const USUAL = ['joinery-memory', 'joinery-sqlite', 'hocuspocus']
/** What ours is compared with. */
export const PEER = 'hocuspocus'

const [{ version: peerVersion }] = ['../node_modules/@hocuspocus/server/package.json'].map((path) =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')),
)
/** How a subject is called in results. */
export const titleOf = (name) => (name === PEER ? `${name} ${peerVersion}` : name)

/** @returns {{ name: string, client: string, lasts: boolean, command: Function }[]} */
export function wantedSubjects(fail) {
  const names = process.env.JOINERY_BENCH_SUBJECTS?.split(',') ?? USUAL
  return names.map((name) => {
    if (known[name] === undefined) fail(`no subject ${name}; there are: ${Object.keys(known).join(', ')}`)
    return { name, ...known[name] }
  })
}
