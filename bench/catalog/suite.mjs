/** The suite `catalog`: nodes of the catalog on LevelDB. Its query case fills 1,000,000 entries, which takes minutes; `--quick` 10,000. */
import { reported } from '../lib/reported.mjs'
import { cases } from './cases.mjs'

export const run = (options) => reported('catalog', cases, options)
