/**
 * Simulated histories of nodes: `npm run sim -- --seed S --nodes N --regions R --loss 0.3 --scenario NAME --json`
 *
 * `--seeds COUNT` runs so many, from `--seed` on; without `--scenario` every seed runs every one. Ends with 1 if any fails, and
 * says how to run it again. `--list` tells the scenarios. Runs what was built (`npm run build`).
 */
import { parseArgs } from 'node:util'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { scenarios, simulate } from '@joinery/testing'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '5' },
    regions: { type: 'string', default: '2' },
    loss: { type: 'string', default: '0' },
    documents: { type: 'string', default: '2' },
    operations: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '30' },
    scenario: { type: 'string' },
    mode: { type: 'string', default: 'safety' },
    /** Logs are folded after each write, so that snapshots travel. */
    fold: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})

const compression = {
  deflate: (bytes) => new Uint8Array(deflateRawSync(bytes, { level: 1 })),
  inflate: (bytes, length) => new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, length) })),
}

function number(name) {
  const value = Number(values[name])
  if (Number.isFinite(value) && value >= 0) return value
  process.stderr.write(`--${name} is not a number: ${values[name]}\n`)
  process.exit(2)
}

if (values.list) {
  for (const [name, { about }] of Object.entries(scenarios)) process.stdout.write(`${name.padEnd(12)} ${about}\n`)
  process.exit(0)
}
if (values.scenario !== undefined && scenarios[values.scenario] === undefined) {
  process.stderr.write(`no scenario ${values.scenario}; there are: ${Object.keys(scenarios).join(', ')}\n`)
  process.exit(2)
}

const options = Object.fromEntries(
  ['nodes', 'regions', 'loss', 'documents', 'operations', 'seconds'].map((name) => [name, number(name)]),
)
const limits = values.fold ? { foldBytesMin: 1 } : {}
const first = number('seed')
let failed = 0
for (let seed = first; seed < first + number('seeds'); seed += 1) {
  for (const scenario of values.scenario === undefined ? Object.keys(scenarios) : [values.scenario]) {
    const report = simulate({ ...options, seed, scenario, mode: values.mode, limits, compression })
    if (report.failures.length > 0) failed += 1
    if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else if (report.failures.length > 0 || number('seeds') === 1) print(report)
  }
}
if (failed > 0) process.stderr.write(`${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0

function print({ seed, scenario, failures, operations, acknowledged, convergedMs, messages, bytes, trace, replay }) {
  const result = failures.length > 0 ? 'FAILED' : 'good'
  const counts = `${acknowledged}/${operations} acknowledged, equal ${convergedMs} ms after healing, ${messages} messages, ${bytes} bytes`
  process.stdout.write(`${result} seed ${seed} ${scenario}: ${counts}, trace ${trace}\n`)
  for (const failure of failures) process.stdout.write(`  ${failure}\n`)
  if (failures.length > 0) process.stdout.write(`  again: ${replay}\n`)
}
