/**
 * The suite `replication`: nodes of the production engine under virtual time. Figures do not depend on the machine; only how long they
 * take does. The cases `processes` alone run in real time, with real processes, and are run where they are named.
 */
import { cases } from './cases.mjs'

export async function run({ wanted, flags, fail }) {
  const matches = (name, pattern) => name === pattern || name.startsWith(`${pattern}.`)
  for (const pattern of wanted) {
    if (!cases.some(({ name }) => matches(name, pattern))) {
      fail(`no case ${pattern}; there are:\n${cases.map(({ name }) => name).join('\n')}`)
    }
  }
  const chosen = cases.filter(({ name, isSlow = false }) =>
    wanted.length === 0 ? !isSlow : wanted.some((pattern) => matches(name, pattern)),
  )
  const out = flags.json ? process.stderr : process.stdout
  for (const each of chosen) {
    for (const row of await each.run(flags.quick)) {
      const { metric, value, unit, runs, atMost, atLeast, note } = row
      if (flags.json) {
        const fields = { suite: 'replication', case: each.name, subject: 'joinery', metric, value, unit, runs }
        process.stdout.write(`${JSON.stringify({ ...fields, min: value, max: value, ...(note && { note }) })}\n`)
      }
      out.write(
        `${each.name.padEnd(18)} ${metric.padEnd(12)} ${shown(value).padStart(9)} ${unit}${aim(value, atMost, atLeast)}\n`,
      )
    }
  }
}

function shown(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}

function aim(value, atMost, atLeast) {
  if (atMost !== undefined) return `  (at most ${atMost}: ${value <= atMost ? 'reached' : 'NOT REACHED'})`
  if (atLeast !== undefined) return `  (at least ${atLeast}: ${value >= atLeast ? 'reached' : 'NOT REACHED'})`
  return ''
}
