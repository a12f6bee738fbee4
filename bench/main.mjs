/**
 * `npm run bench -- SUITE [CASE...] [--json] [--quick] [--shared]`
 *
 * Each case runs in a process of its own, so that what one case teaches the optimising compiler does not change the next;
 * `--shared` runs all of them in one, as an application that uses every type would.
 *
 * The suites `engines` and `server` have drivers of their own, and more flags: see README.md.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measure } from './lib/measure.mjs'
import { formatTable, tableLines } from './lib/table.mjs'

/** One thread, so that what is measured does not depend on free cores; collections between samples. */
const NODE_FLAGS = ['--single-threaded', '--expose-gc']

const suites = {
  bundle: './bundle/suite.mjs',
  catalog: './catalog/suite.mjs',
  client: './client/suite.mjs',
  cluster: './cluster/suite.mjs',
  core: './core/suite.mjs',
  engines: './engines/suite.mjs',
  large: './large/suite.mjs',
  server: './server/suite.mjs',
  replication: './replication/suite.mjs',
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    shared: { type: 'boolean', default: false },
    /** Prints the rows of one case and nothing else: what a case's own process is started with. */
    rows: { type: 'boolean', default: false },
    /** Of `engines` and `server`: saves the results of a quick run too. */
    save: { type: 'boolean', default: false },
    'no-memory': { type: 'boolean', default: false },
    /** Of `engines` and `server`: measures nothing, and writes the report of what is saved. */
    report: { type: 'boolean', default: false },
  },
})
const [suiteName = 'core', ...wanted] = positionals

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

if (suites[suiteName] === undefined) fail(`no suite ${suiteName}; there are: ${Object.keys(suites).join(', ')}`)
const { cases, run } = await import(suites[suiteName])
if (run === undefined) runCases()
else await run({ wanted, flags, fail })

/** A name, or the beginning of one up to a dot. */
function matches(name, pattern) {
  return name === pattern || name.startsWith(`${pattern}.`)
}

function runHere({ name, subjects }) {
  const effort = flags.quick ? { rounds: 3, warmups: 2 } : { rounds: 15, warmups: 5 }
  return measure({ suite: suiteName, name, subjects: subjects() }, effort)
}

/** Runs cases in a process of their own. */
function runApart(some) {
  const self = fileURLToPath(import.meta.url)
  const args = [
    ...NODE_FLAGS,
    self,
    suiteName,
    ...some.map(({ name }) => name),
    '--rows',
    ...(flags.quick ? ['--quick'] : []),
  ]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }))
}

function runCases() {
  for (const name of wanted) {
    if (!cases.some((each) => matches(each.name, name)))
      fail(`no case ${name}; there are:\n${cases.map((each) => each.name).join('\n')}`)
  }
  const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((pattern) => matches(name, pattern)))
  if (flags.rows) {
    process.stdout.write(JSON.stringify(chosen.map(runHere)))
  } else {
    const lines = []
    for (const some of flags.shared ? [chosen] : chosen.map((each) => [each])) {
      runApart(some).forEach((rows, i) => {
        lines.push(...tableLines(rows, some[i].reference))
        if (flags.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
      })
      process.stderr.write('.')
    }
    // With --json, standard output is for programs, and people read the table beside it.
    const table = `\n${formatTable(lines)}\n`
    if (flags.json) process.stderr.write(table)
    else process.stdout.write(table)
  }
}
