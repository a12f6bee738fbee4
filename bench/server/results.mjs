/** The saved results: one file, into which a run of some cases puts only those. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { machine } from '../lib/machine.mjs'

const FILE = new URL('../results/server.json', import.meta.url)

/** @returns {{ cases: Record<string, { metrics: object, run: object, rows: object[] }> }} */
export function readResults() {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { cases: {} }
}

/** Puts the results of one case in the place of its former ones. */
export function saveCase({ found, rows, command, quick }) {
  const results = readResults()
  const run = { date: new Date().toISOString().slice(0, 10), command, quick, machine: machine() }
  results.cases[found.name] = { metrics: found.metrics, run, rows }
  mkdirSync(new URL('.', FILE), { recursive: true })
  writeFileSync(FILE, format(results))
}

/** A row per line, so that a comparison of two versions can be read. */
function format({ cases }) {
  const listed = Object.entries(cases).map(([name, { metrics, run, rows }]) => {
    const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
    const about = `"metrics": ${JSON.stringify(metrics)}, "run": ${JSON.stringify(run)}`
    return `  ${JSON.stringify(name)}: { ${about}, "rows": [\n${lines}\n  ] }`
  })
  return `{ "cases": {\n${listed.join(',\n')}\n} }\n`
}
