/** The suite `server`: our sync server beside a peer, each with its own client. */
import { cases } from './cases/index.mjs'
import { drive } from './drive.mjs'
import { writeReport } from './report.mjs'
import { saveCase } from './results.mjs'
import { rowsOf } from './rows.mjs'
import { wantedSubjects } from './subjects.mjs'
import { caseTable } from './tables.mjs'

function choose(wanted, fail) {
  const names = cases.map(({ name }) => name)
  for (const name of wanted) if (!names.includes(name)) fail(`no case ${name}; there are:\n${names.join('\n')}`)
  return cases.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
}

/** With `--json`, standard output is for programs, and people read the tables beside it. */
function show(found, rows, { json }) {
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  const out = json ? process.stderr : process.stdout
  out.write(`${caseTable(found, rows)}\n\n`)
}

/** A quick look is no result, ratios need all subjects in one run, and a profiled server is a slower one. */
const saves = ({ quick, save }) =>
  (!quick || save) &&
  process.env.JOINERY_BENCH_PROFILE === undefined &&
  process.env.JOINERY_BENCH_SUBJECTS === undefined

export async function run({ wanted, flags, fail }) {
  if (flags.report) return writeReport()
  const chosen = choose(wanted, fail)
  const subjects = wantedSubjects(fail)
  const command = ['npm run bench -- server', ...wanted, ...(flags.quick ? ['--quick'] : [])].join(' ')
  for (const found of chosen) {
    const progress = (text) => process.stderr.write(text)
    const runs = await drive(found, subjects, { quick: flags.quick, progress })
    progress('\n')
    const rows = rowsOf(found, runs)
    show(found, rows, flags)
    if (!saves(flags)) continue
    saveCase({ found, rows, command, quick: flags.quick })
    writeReport()
  }
}
