/** Suites whose cases answer rows of figures: which are wanted, and how they are shown. */

/** Runs the cases that are wanted, one after the other; answers their rows by case. */
export async function runRows(suite, cases, { wanted, flags, fail }) {
  const matches = (name, pattern) => name === pattern || name.startsWith(`${pattern}.`)
  for (const pattern of wanted) {
    if (!cases.some(({ name }) => matches(name, pattern))) {
      fail(`no case ${pattern}; there are:\n${cases.map(({ name }) => name).join('\n')}`)
    }
  }
  const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((pattern) => matches(name, pattern)))
  const all = new Map()
  for (const each of chosen) {
    const rows = await each.run(flags.quick)
    all.set(each.name, rows)
    for (const row of rows) print(suite, each.name, row, flags)
  }
  return all
}

function print(suite, name, row, flags) {
  const { subject = 'joinery', metric, value, unit, runs, note } = row
  if (flags.json) {
    const fields = { suite, case: name, subject, metric, value, unit, runs }
    process.stdout.write(`${JSON.stringify({ ...fields, min: value, max: value, ...(note && { note }) })}\n`)
  }
  const out = flags.json ? process.stderr : process.stdout
  const who = subject === 'joinery' ? '' : `  (${subject})`
  out.write(`${name.padEnd(18)} ${metric.padEnd(14)} ${shown(value).padStart(9)} ${unit}${aim(row)}${who}\n`)
}

export function shown(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}

export function aim({ value, atMost, atLeast }) {
  if (atMost !== undefined) return `  (at most ${atMost}: ${value <= atMost ? 'reached' : 'NOT REACHED'})`
  if (atLeast !== undefined) return `  (at least ${atLeast}: ${value >= atLeast ? 'reached' : 'NOT REACHED'})`
  return ''
}
