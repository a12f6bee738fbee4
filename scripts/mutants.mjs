/**
 * Shows that the tests notice wrong merges: runs them once per mutant of mutants-list.mjs and prints which test failed first.
 * Fails when a mutant survives, when its text is not found exactly once, or when tests fail for another reason than a test.
 *
 *     npm run mutants [-- NAME...]
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { mutants } from './mutants-list.mjs'
import { mutate } from './mutants-plugin.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const unknown = wanted.filter((name) => mutants.every((mutant) => mutant.name !== name))
if (unknown.length > 0) fail(`no mutant ${unknown.join(', ')}`)

for (const mutant of chosen) mutate(mutant, await readFile(`${root}/${mutant.file}`, 'utf8'))

const verdicts = new Map()
const queue = [...chosen]
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))

const width = Math.max(...chosen.map(({ name }) => name.length))
for (const { name } of chosen) console.log(`${name.padEnd(width)}  ${verdicts.get(name).text}`)
const survivors = chosen.filter(({ name }) => !verdicts.get(name).killed)
if (survivors.length > 0) fail(`${survivors.length} of ${chosen.length} mutants were not noticed`)
console.log(`all ${chosen.length} mutants were noticed`)

async function work() {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift())
    verdicts.set(mutant.name, await judge(mutant))
}

/** Runs the tests of a mutant and answers what became of it. */
async function judge(mutant) {
  const only = mutant.only === undefined ? [] : ['-t', mutant.only]
  const output = await vitest(mutant.name, ['run', ...mutant.tests, ...only, '--bail=1', '--reporter=json', '--silent'])
  const report = parse(output)
  if (report === undefined) return { killed: false, text: `no report: ${output.trim().split('\n').at(-1)}` }
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed')
  if (failed !== undefined) return { killed: true, text: `killed by: ${failed.fullName}` }
  const broken = report.testResults.find(({ status }) => status === 'failed')
  if (broken !== undefined) return { killed: false, text: `tests did not run: ${broken.message.split('\n')[0]}` }
  return { killed: false, text: `SURVIVED ${report.numPassedTests} tests` }
}

function parse(output) {
  try {
    return JSON.parse(output.slice(output.indexOf('{"')))
  } catch {
    return undefined
  }
}

function vitest(mutant, args) {
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: root,
    env: { ...process.env, JOINERY_MUTANT: mutant },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.resume()
    child.on('error', reject)
    child.on('close', () => resolve(output))
  })
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
