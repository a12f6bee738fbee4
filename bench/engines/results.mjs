/** The saved results: one file, into which a run of some cases puts only those. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { machine } from '../lib/machine.mjs'
import { subjectOf } from './rows.mjs'

const FILE = new URL('../results/engines.json', import.meta.url)

/** @returns {{ cases: Record<string, { run: object, rows: object[] }>, subjects: Record<string, object> }} */
export function readResults() {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { subjects: {}, cases: {} }
}

const aboutOf = ({ version, runs, history, compresses = false }) => ({ version, runs, history, compresses })

/** Puts the results of one case in the place of its former ones. */
export function saveCase({ found, rows, peers, command, quick }) {
  const results = readResults()
  for (const peer of peers) {
    results.subjects[subjectOf(peer)] = aboutOf(peer)
  }
  const run = { date: new Date().toISOString().slice(0, 10), command, quick, machine: machine() }
  results.cases[found.name] = { metrics: Object.keys(found.metrics), run, rows }
  forgetUnused(results)
  mkdirSync(new URL('.', FILE), { recursive: true })
  writeFileSync(FILE, format(results))
}

/** A peer that no row is about any more, as after a change of its version. */
function forgetUnused({ subjects, cases }) {
  const used = new Set(Object.values(cases).flatMap(({ rows }) => rows.map(({ subject }) => subject)))
  for (const name of Object.keys(subjects)) if (!used.has(name)) delete subjects[name]
}

/** A row per line, so that a comparison of two versions can be read. */
function format({ subjects, cases }) {
  const listed = Object.entries(cases).map(([name, { metrics, run, rows }]) => {
    const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
    const about = `"metrics": ${JSON.stringify(metrics)}, "run": ${JSON.stringify(run)}`
    return `  ${JSON.stringify(name)}: { ${about}, "rows": [\n${lines}\n  ] }`
  })
  const known = Object.entries(subjects).map(([name, about]) => `  ${JSON.stringify(name)}: ${JSON.stringify(about)}`)
  return `{ "subjects": {\n${known.join(',\n')}\n}, "cases": {\n${listed.join(',\n')}\n} }\n`
}
