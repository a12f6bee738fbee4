/** The suite `cluster`: real processes on this machine. `--save` writes what was measured to `docs/BENCHMARKS-CLUSTER.md`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { aim, runRows, shown } from '../lib/rows.mjs'
import { cases } from './cases.mjs'

const SAVED = fileURLToPath(new URL('../results/cluster.json', import.meta.url))
const PAGE = fileURLToPath(new URL('../../docs/BENCHMARKS-CLUSTER.md', import.meta.url))

export async function run(options) {
  const measured = await runRows('cluster', cases, options)
  if (!options.flags.save) return
  const saved = existsSync(SAVED) ? JSON.parse(readFileSync(SAVED, 'utf8')) : {}
  const [{ model }] = cpus()
  const machine = `${model.replace(/ \d+-Core.*/, '')}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`
  const date = new Date().toISOString().slice(0, 10)
  for (const [name, rows] of measured) saved[name] = { date, machine, quick: options.flags.quick, rows }
  writeFileSync(SAVED, `${JSON.stringify(saved, undefined, 1)}\n`)
  writeFileSync(PAGE, page(saved))
}

function page(saved) {
  const parts = cases
    .filter(({ name }) => saved[name] !== undefined)
    .map(({ name, title }) => part(title, name, saved[name]))
  return [
    '# Benchmarks of a cluster',
    '',
    'Written by `npm run bench -- cluster --save`; change nothing here by hand. Three nodes, a process and a region each, over TLS on one machine,',
    'with SQLite; what is measured shares its cores with what measures. Cases and how to run them: [bench/README.md](../bench/README.md).',
    '',
    ...parts,
  ].join('\n')
}

function part(title, name, { date, machine, quick, rows }) {
  const lines = rows.map((row) => {
    const { subject = 'joinery', metric, value, unit, runs } = row
    return `| ${subject} | ${metric} | ${shown(value)} | ${unit} | ${runs} |${aim(row).replace(/^ +\((.*)\)$/, ' $1')} |`
  })
  return [
    `## ${title}`,
    '',
    '| subject | metric | value | unit | runs | aim |',
    '| --- | --- | ---: | --- | ---: | --- |',
    ...lines,
    '',
    `${date}, \`npm run bench -- cluster ${name}${quick ? ' --quick' : ''}\`; ${machine}.`,
    '',
  ].join('\n')
}
