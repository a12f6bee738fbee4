/**
 * What is measured: a server process, and the client that its makers ship. Ours is `joinery serve` as users start it, once per
 * kind of store.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../../packages/storage/dist/testing/postgres.js'

const SERVE = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
const HOCUSPOCUS = fileURLToPath(new URL('./hocuspocus-server.mjs', import.meta.url))

/** A store that needs nothing but a folder. */
const embedded = (url) => (folder) => ({ url: url(folder), remove: () => undefined })

/** A database server of its own, which flushes as it would where power can fail. */
async function postgres() {
  const { url, remove } = await startPostgres({ settings: { fsync: 'on' } })
  return { url, remove }
}

/**
 * @param prepare answers the URL of a store, in a folder where it needs one, and what removes it.
 * @param lasts whether what is stored outlives the server.
 */
const joinery = (prepare, { lasts = true } = {}) => ({
  client: 'joinery',
  lasts,
  prepare,
  command: ({ store }) => ({
    script: SERVE,
    args: ['serve', '--addr', '127.0.0.1:0', '--store', store.url, '--log-level', 'error'],
  }),
})

const known = {
  'joinery-memory': joinery(
    embedded(() => 'memory:'),
    { lasts: false },
  ),
  'joinery-sqlite': joinery(embedded((folder) => `sqlite:${join(folder, 'joinery.sqlite')}`)),
  'joinery-leveldb': joinery(embedded((folder) => `leveldb:${join(folder, 'joinery')}`)),
  'joinery-postgres': joinery(postgres),
  hocuspocus: {
    client: 'hocuspocus',
    lasts: true,
    prepare: embedded(() => ''),
    command: ({ folder }) => ({ script: HOCUSPOCUS, args: [folder] }),
  },
}

/** What ours is compared with. */
export const PEER = 'hocuspocus'

const [{ version: peerVersion }] = ['../node_modules/@hocuspocus/server/package.json'].map((path) =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')),
)
/** How a subject is called in results. */
export const titleOf = (name) => (name === PEER ? `${name} ${peerVersion}` : name)

/** @returns {{ name: string, client: string, lasts: boolean, command: Function }[]} */
export function wantedSubjects(fail) {
  const names = process.env.JOINERY_BENCH_SUBJECTS?.split(',') ?? Object.keys(known)
  return names.map((name) => {
    if (known[name] === undefined) fail(`no subject ${name}; there are: ${Object.keys(known).join(', ')}`)
    return { name, ...known[name] }
  })
}
