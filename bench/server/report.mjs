/** `docs/BENCHMARKS-SERVER.md`, written anew from all saved results. */
import { writeFileSync } from 'node:fs'
import { figure, markdown } from '../lib/format.mjs'
import { reachedAims } from './aims.mjs'
import { cases } from './cases/index.mjs'
import { readResults } from './results.mjs'
import { failures, matrix } from './tables.mjs'

const FILE = new URL('../../docs/BENCHMARKS-SERVER.md', import.meta.url)

const INTRO = `# Benchmarks of the sync server

Written by \`npm run bench -- server\`; change nothing here by hand. What each case does and how it is measured is in
[bench/README.md](../bench/README.md). The same figures are in \`bench/results/server.json\`.

Figures are medians of the rounds, with the lowest and the highest. Ratios are ours to Hocuspocus', round by round, and their median:
below 1 is faster or smaller, where the unit does not say that more is better. \`-\`: there is no such thing.

Both servers and the load shared the cores of one machine, with others on it: ratios and CPU time per edit say more than times do.`

const TITLES = {
  fanout: 'One document, 50 clients',
  spread: '200 documents, 2 clients each',
  join: 'Joining a document of 5,264 records',
  memory: 'Memory of the server: 400 clients, 200 documents',
  soak: 'Ten minutes at half the maximum: 200 documents, 2 clients each',
}

function aimsSection(results) {
  const lines = reachedAims(results).map(({ case: name, metric, subject, atMost, atLeast, row, passes }) => [
    name,
    metric,
    subject,
    row.value === null ? 'fails' : `${figure(row.value)} ${row.unit}`,
    atMost === undefined ? `at least ${figure(atLeast)}` : `at most ${figure(atMost)}`,
    passes ? 'yes' : '**no**',
  ])
  return `## Aims\n\n${markdown({ head: ['case', 'metric', 'subject', 'reached', 'aim', 'passes'], lines })}`
}

function runOf({ date, command, quick, machine: { cpu, cores, memoryGB, system, node } }) {
  const looked = quick ? ', a quick look' : ''
  return `${date}, \`${command}\`${looked}; ${cpu}, ${cores} cores, ${memoryGB} GB, ${system}, Node ${node.slice(1)}.`
}

function caseSection(name, { metrics, run, rows }) {
  const failed = failures(rows).map((text) => `- ${text}`)
  const parts = [`## ${TITLES[name]}`, markdown(matrix({ name, metrics, rows })), failed.join('\n'), runOf(run)]
  return parts.filter((part) => part !== '').join('\n\n')
}

export function writeReport() {
  const results = readResults()
  const measured = cases.filter(({ name }) => results.cases[name] !== undefined)
  const sections = measured.map(({ name }) => caseSection(name, results.cases[name]))
  writeFileSync(FILE, `${[INTRO, aimsSection(results), ...sections].join('\n\n')}\n`)
}
