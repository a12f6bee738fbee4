/** The suite `replication`: nodes of the production engine under virtual time. Figures do not depend on the machine; only how long they take does. */
import { runRows } from '../lib/rows.mjs'
import { cases } from './cases.mjs'

export async function run(options) {
  await runRows('replication', cases, options)
}
