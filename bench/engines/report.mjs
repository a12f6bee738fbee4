/** `docs/BENCHMARKS.md`, written anew from all saved results. */
import { writeFileSync } from 'node:fs'
import { figure, markdown } from '../lib/format.mjs'
import { reachedAims } from './reached.mjs'
import { readResults } from './results.mjs'
import { matrix, ratioText, spread, summary } from './tables.mjs'

const FILE = new URL('../../docs/BENCHMARKS.md', import.meta.url)

const INTRO = `# Benchmarks

Written by \`npm run bench -- engines\`; change nothing here by hand. What each case does, how it is measured and what each peer
keeps is in [bench/README.md](../bench/README.md). The same figures, with their spread, are in \`bench/results/engines.json\`.

Ratios are ours to the other's, round by round, and their median: below 1 is faster or smaller. "Best peer" is the lowest figure of
any peer in the same run, WebAssembly included; floors are no peers. \`-\`: the peer has no such thing. \`> 30 s\`: an
iteration was ended at that limit, and what it would have measured later was not reached.`

/** Families in the order in which they are shown. */
const FAMILIES = [
  { title: 'Text: one author', admits: (name) => name.startsWith('text:') },
  { title: 'Text: two authors at the same time', admits: (name) => name.startsWith('conc:') },
  { title: 'B1: one edits, another follows', admits: (name) => name.startsWith('b1.') },
  { title: 'B2: two edit at the same time', admits: (name) => name.startsWith('b2.') },
  { title: 'B3: 1,540 write once each at the same time', admits: (name) => name.startsWith('b3.') },
  { title: 'Single operations, and maps as a whole', admits: (name) => name.startsWith('micro:') },
  { title: 'Weight of a minimal import', admits: (name) => name.startsWith('weight:') },
]

const AGAINST = { best: 'best peer', js: 'best in JavaScript', plain: 'best that drops deleted text, not compressed' }

function aimLine({ case: name, metric, against, atMost, ours, best, ratio, reached, passes }) {
  const shown = ours === undefined ? '-' : ours.value === null ? 'fails' : figure(ours.value)
  const unit = ours?.unit ?? ''
  const other = best === undefined ? ['-', ''] : [best.subject.split(' ')[0], figure(best.value)]
  const what = against === undefined ? unit : (AGAINST[against] ?? against)
  const value = against === undefined ? shown : ratioText(ratio)
  const range = reached === undefined ? '' : spread(ratio)
  return [name, metric, `${shown} ${unit}`, what, ...other, value, range, figure(atMost), passes ? 'yes' : '**no**']
}

function aimsSection(results) {
  const all = reachedAims(results)
  const passed = all.filter(({ passes }) => passes).length
  const head = ['case', 'metric', 'joinery', 'compared with', 'peer', 'its', 'reached', 'IQR', 'at most', 'passes']
  return `## Aims\n\n${passed} of ${all.length} rows pass.\n\n${markdown({ head, lines: all.map(aimLine) })}`
}

function subjectsSection({ subjects }) {
  const yes = (value) => (value ? 'yes' : 'no')
  const lines = Object.entries(subjects).map(([name, { version, runs, history, compresses }]) => [
    name.split(' ')[0],
    version ?? '',
    { js: 'JavaScript', wasm: 'WebAssembly', floor: 'JavaScript, a floor' }[runs],
    history,
    yes(compresses),
  ])
  const head = ['subject', 'version', 'runs as', 'deleted text in its stored form', 'stored form compressed']
  return `## Subjects\n\n${markdown({ head, lines })}`
}

const quickly = ({ quick }) => (quick ? ', a quick look of 3 rounds' : '')

function runsSection({ cases }) {
  const byRun = new Map()
  for (const [name, { run }] of Object.entries(cases)) {
    const { cpu, cores, memoryGB, system, node } = run.machine
    const machine = `${cpu}, ${cores} cores, ${memoryGB} GB, ${system}, Node ${node.slice(1)}`
    const text = `${run.date}, \`${run.command}\`${quickly(run)}; ${machine}`
    byRun.set(text, [...(byRun.get(text) ?? []), name])
  }
  const lines = [...byRun].map(([text, names]) => `- ${text}: ${names.join(', ')}`)
  return `## Runs\n\n${lines.join('\n')}`
}

function familySection({ title, admits }, { cases }) {
  const groups = Object.entries(cases)
    .filter(([name]) => admits(name))
    .map(([name, { metrics, rows }]) => ({ name, metrics, rows }))
  if (groups.length === 0) return undefined
  const tables = [markdown(summary(groups)), 'All subjects:', markdown(matrix(groups))]
  return [`## ${title}`, ...tables, ...failures(groups)].join('\n\n')
}

function failures(groups) {
  const told = groups.flatMap(({ rows }) =>
    rows.filter(
      ({ failure }) => failure !== undefined && !failure.startsWith('not reached') && !failure.startsWith('>'),
    ),
  )
  if (told.length === 0) return []
  const lines = told.map((row) => `- ${row.case} ${row.metric}, ${row.subject}: ${row.failure}`)
  return [`Failures:\n\n${lines.join('\n')}`]
}

export function writeReport() {
  const results = readResults()
  const sections = [
    INTRO,
    aimsSection(results),
    subjectsSection(results),
    runsSection(results),
    ...FAMILIES.map((family) => familySection(family, results)),
  ]
  writeFileSync(FILE, `${sections.filter((section) => section !== undefined).join('\n\n')}\n`)
}
