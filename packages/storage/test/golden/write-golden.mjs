/**
 * Writes the golden files of the newest formats, with the package built: `node write-golden.mjs sqlite|leveldb`. Those of older
 * formats were written by it as well, when they were the newest, and are never written again.
 */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { levelStore } from '../../dist/leveldb.js'
import { sqliteStore } from '../../dist/sqlite.js'
import { writeGolden } from './golden-content.mjs'

const kinds = {
  sqlite: { open: sqliteStore, name: 'format-2.sqlite', left: ['.fence'] },
  // LevelDB's own diary says when and where it ran, and is not read again.
  leveldb: { open: levelStore, name: 'leveldb-format-1', left: ['/fence', '/joinery-leveldb-1/LOG'] },
}
const { open, name, left } = kinds[process.argv[2]]
const path = fileURLToPath(new URL(name, import.meta.url))
rmSync(path, { force: true, recursive: true })
const store = await open({ path })
await writeGolden(store)
await store.close()
for (const part of left) rmSync(path + part)
