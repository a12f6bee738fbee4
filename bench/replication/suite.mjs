/**
 * The suite `replication`: nodes of the production engine under virtual time. Figures do not depend on the machine; only how long they
 * take does. The cases `processes` alone run in real time, with real processes, and are run where they are named.
 */
import { runRows } from '../lib/rows.mjs'
import { cases } from './cases.mjs'

export async function run(options) {
  const usual = cases.filter(({ isSlow = false }) => !isSlow)
  await runRows('replication', options.wanted.length === 0 ? usual : cases, options)
}
