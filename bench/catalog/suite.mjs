/** The suite `catalog`: nodes of the catalog on LevelDB. Its query case fills 1,000,000 entries, which takes long; `--quick` 10,000. */
import { runRows } from '../lib/rows.mjs'
import { cases } from './cases.mjs'

export async function run(options) {
  await runRows('catalog', cases, options)
}
