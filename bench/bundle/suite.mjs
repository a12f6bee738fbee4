/**
 * The suite `bundle`: what a local-first page loads before its own code, ours and others', bundled the same way: documents, a client
 * that connects by WebSocket, and persistence in IndexedDB.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { figure, markdown, plain } from '../lib/format.mjs'
import { weigh } from '../lib/weigh.mjs'

const REPORT = new URL('../../docs/BENCHMARKS-BUNDLE.md', import.meta.url)
const OURS = fileURLToPath(new URL('../../packages', import.meta.url))
const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version

const ours = (types, client) => `
  export { defineSchema, ${types} } from '${OURS}/core/dist/index.js'
  ${client}`
const CLIENT = `export { createClient } from '${OURS}/client/dist/index.js'`
const STORAGE = `export { browserStorage } from '${OURS}/client/dist/browser.js'`
const ALL_TYPES = 'list, lww, orMap, orSet, pnCounter, struct, text, ewFlag, mvRegister'

/** What brings what: `has` says what a page can do with it. */
const bundles = [
  {
    subject: 'joinery',
    has: 'sets, maps, lists, registers and counters; offline, saved(), refused edits, presence, undo; no storage',
    source: ours('list, lww, orMap, orSet, pnCounter, struct', CLIENT),
  },
  { subject: 'joinery', has: 'the same with text', source: ours(ALL_TYPES, CLIENT) },
  {
    subject: 'joinery',
    has: 'the same with IndexedDB, and one connection for all tabs',
    source: ours(ALL_TYPES, `${CLIENT}\n${STORAGE}`),
  },
  {
    subject: `yjs ${versionOf('yjs')}`,
    has: 'y-websocket, y-indexeddb, undo; a connection per document and tab',
    source: `
      export { Doc, UndoManager } from 'yjs'
      export { WebsocketProvider } from 'y-websocket'
      export { IndexeddbPersistence } from 'y-indexeddb'`,
  },
  {
    subject: `tinybase ${versionOf('tinybase')}`,
    has: 'mergeable store, WebSocket synchronizer, IndexedDB; no text, no lists',
    source: `
      export { createMergeableStore } from 'tinybase'
      export { createWsSynchronizer } from 'tinybase/synchronizers/synchronizer-ws-client'
      export { createIndexedDbPersister } from 'tinybase/persisters/persister-indexed-db'`,
  },
  {
    subject: `automerge-repo ${versionOf('@automerge/automerge-repo')}`,
    has: 'WebSocket, IndexedDB; whole history; WebAssembly',
    source: `
      export { Repo } from '@automerge/automerge-repo'
      export { BrowserWebSocketClientAdapter } from '@automerge/automerge-repo-network-websocket'
      export { IndexedDBStorageAdapter } from '@automerge/automerge-repo-storage-indexeddb'`,
    wasm: ['@automerge/automerge/dist/mjs/wasm_bindgen_output/bundler/automerge_wasm_bg.wasm'],
  },
  {
    subject: `loro ${versionOf('loro-crdt')}`,
    has: 'documents and undo alone: no connection, no storage; WebAssembly',
    source: `export { LoroDoc, UndoManager } from 'loro-crdt'`,
    wasm: ['loro-crdt/browser/loro_wasm_bg.wasm'],
  },
]

const kB = (bytes) => `${figure(bytes / 1000)} kB`

function reportOf(table) {
  return `# What a page loads

Written by \`npm run bench -- bundle\`; change nothing here by hand. Bundled by esbuild, minified, compressed with gzip (level 9), with
the WebAssembly that is loaded. What each brings differs, and is said.

${markdown(table)}
`
}

export async function run({ flags, fail }) {
  const rows = []
  for (const { subject, has, source, wasm } of bundles) {
    const { gzip, raw } = await weigh(source, { wasm }).catch((error) => fail(`${subject}: ${error.message}`))
    rows.push({ subject, has, gzip, raw })
    for (const [metric, value] of Object.entries({ gzip, raw })) {
      const row = { suite: 'bundle', case: has, subject, metric, value, unit: 'bytes', runs: 1, min: value, max: value }
      if (flags.json) process.stdout.write(`${JSON.stringify(row)}\n`)
    }
  }
  const lines = rows.map(({ subject, has, gzip, raw }) => [subject, has, kB(gzip), kB(raw)])
  const table = { head: ['subject', 'with', 'gzip', 'minified'], lines }
  const out = flags.json ? process.stderr : process.stdout
  out.write(`${plain(table)}\n`)
  writeFileSync(REPORT, reportOf(table))
}
