/** The suite `engines`: Joinery beside its peers. */

import { cases } from './cases/index.mjs'
import { drive } from './driver.mjs'
import { loadPeer, wantedPeers } from './peers/index.mjs'
import { writeReport } from './report.mjs'
import { saveCase } from './results.mjs'
import { rowsOf } from './rows.mjs'
import { caseTable } from './tables.mjs'

/** `b1` stands for `b1.1` and the others, `text` for all traces. */
const matches = (name, pattern) => name === pattern || name.startsWith(`${pattern}.`) || name.startsWith(`${pattern}:`)

function choose(wanted, fail) {
  for (const pattern of wanted) {
    if (!cases.some(({ name }) => matches(name, pattern)))
      fail(`no case ${pattern}; there are:\n${cases.map(({ name }) => name).join('\n')}`)
  }
  return cases.filter(({ name }) => wanted.length === 0 || wanted.some((pattern) => matches(name, pattern)))
}

/** With `--json`, standard output is for programs, and people read the tables beside it. */
function show(found, rows, { json }) {
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  const out = json ? process.stderr : process.stdout
  out.write(`${caseTable(found, rows)}\n\n`)
}

/** A quick look is no result, and ratios need all peers in one run. */
const saves = ({ quick, save }) => (!quick || save) && process.env.JOINERY_BENCH_PEERS === undefined

export async function run({ wanted, flags, fail }) {
  if (flags.report) return writeReport()
  const chosen = choose(wanted, fail)
  const peers = await Promise.all(wantedPeers().map(loadPeer))
  const otherBuild = process.env.JOINERY_BENCH_CORE === undefined ? [] : ['JOINERY_BENCH_CORE=…']
  const command = [...otherBuild, 'npm run bench -- engines', ...wanted, ...(flags.quick ? ['--quick'] : [])].join(' ')
  for (const found of chosen) {
    const progress = () => process.stderr.write('.')
    const runs = await (found.drive ?? drive)(found, peers, {
      quick: flags.quick,
      memory: !flags['no-memory'],
      progress,
    })
    process.stderr.write('\n')
    const rows = rowsOf(found, runs)
    show(found, rows, flags)
    if (!saves(flags)) continue
    saveCase({ found, rows, peers, command, quick: flags.quick })
    writeReport()
  }
}
