/** Runs cases that answer rows of their own, and prints each as it comes: a line for people, with `--json` one for programs. */

/**
 * @param cases with a name and `run(isQuick)`, which answers rows of `{ metric, value, unit, runs, min?, max?, atMost?, atLeast?, note? }`,
 * at once or later.
 */
export async function reported(suite, cases, { wanted, flags, fail }) {
  const matches = (name, pattern) => name === pattern || name.startsWith(`${pattern}.`)
  for (const pattern of wanted) {
    if (!cases.some(({ name }) => matches(name, pattern))) {
      fail(`no case ${pattern}; there are:\n${cases.map(({ name }) => name).join('\n')}`)
    }
  }
  const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((pattern) => matches(name, pattern)))
  const out = flags.json ? process.stderr : process.stdout
  const width = Math.max(...chosen.map(({ name }) => name.length))
  for (const each of chosen) {
    for (const row of await each.run(flags.quick)) {
      const { metric, value, unit, runs, min = value, max = value, atMost, atLeast, note } = row
      if (flags.json) {
        const fields = { suite, case: each.name, subject: 'joinery', metric, value, unit, runs, min, max }
        process.stdout.write(`${JSON.stringify({ ...fields, ...(note && { note }) })}\n`)
      }
      const figure = `${shown(value).padStart(9)} ${unit}${aim(value, atMost, atLeast)}`
      out.write(`${each.name.padEnd(Math.max(18, width))} ${metric.padEnd(36)} ${figure}\n`)
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
