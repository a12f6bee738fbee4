/** The suite `client`: the SDK in a real browser, on IndexedDB, with a real server beside it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { figure, markdown, plain } from '../lib/format.mjs'
import { machine } from '../lib/machine.mjs'
import { quantile } from '../lib/statistics.mjs'
import { cases } from './cases.mjs'
import { onStage } from './stage.mjs'

const RESULTS = new URL('../results/client.json', import.meta.url)
const REPORT = new URL('../../docs/BENCHMARKS-CLIENT.md', import.meta.url)
const HEAD = ['case', 'metric', 'p50', 'p99', 'samples', 'aim']

function rowOf({ unit, aim, quantile: q = 0.5 }, metric, samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (each) => Number(quantile(sorted, each).toPrecision(3))
  return { metric, unit, p50: at(0.5), p99: at(0.99), samples: samples.length, ...(aim && { aim: [q, aim] }) }
}

function lineOf(name, { metric, unit, p50, p99, samples, aim }) {
  const reached = aim && (aim[0] === 0.99 ? p99 : p50) <= aim[1]
  const told = aim ? `p${aim[0] * 100} <= ${aim[1]} ${unit}: ${reached ? 'reached' : 'not reached'}` : ''
  return [name, metric, `${figure(p50)} ${unit}`, samples > 1 ? `${figure(p99)} ${unit}` : '', String(samples), told]
}

const linesOf = (results) => Object.entries(results).flatMap(([name, { rows }]) => rows.map((row) => lineOf(name, row)))

function writeReport(results) {
  const parts = cases
    .filter(({ name }) => results[name])
    .map(({ name, title }) => `- \`${name}\`: ${title}. ${results[name].run}`)
  const text = `# Benchmarks of the client

Written by \`npm run bench -- client\` (Chromium, IndexedDB, \`joinery serve\` on SQLite, all on one machine).

${markdown({ head: HEAD, lines: linesOf(results) })}

${parts.join('\n')}

\`key\` is what delays the next frame: the change, listeners and what they put off. The clock of the page is exact to 5 µs.
`
  writeFileSync(REPORT, text)
}

export async function run({ wanted, flags, fail }) {
  const names = cases.map(({ name }) => name)
  for (const name of wanted) if (!names.includes(name)) fail(`no case ${name}; there are:\n${names.join('\n')}`)
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {}
  if (flags.report) return writeReport(results)
  await onStage(async (stage) => {
    for (const found of cases.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
      const samples = await found.run(stage, flags)
      const rows = Object.entries(found.metrics).map(([metric, about]) => rowOf(about, metric, samples[metric]))
      const { cpu, cores } = machine()
      const day = new Date().toISOString().slice(0, 10)
      results[found.name] = { run: `${day}, Chromium ${stage.version}, ${cores} cores of ${cpu}.`, rows }
      const lines = rows.map((row) => lineOf(found.name, row))
      if (flags.json) for (const row of rows) process.stdout.write(`${JSON.stringify({ case: found.name, ...row })}\n`)
      process[flags.json ? 'stderr' : 'stdout'].write(`${plain({ head: HEAD, lines })}\n\n`)
    }
  })
  if (flags.quick && !flags.save) return
  mkdirSync(new URL('.', RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`)
  writeReport(results)
}
