/** Tables of results, as cells. */
import { figure, plain, times } from '../lib/format.mjs'

const nameOf = (subject) => subject.split(' ')[0]

function cell(rows, subject, metric) {
  const row = rows.find((each) => each.subject === subject && each.metric === metric)
  if (row === undefined) return '-'
  if (row.value === null) return row.failure.startsWith('>') ? row.failure : 'fails'
  return `${figure(row.value)} (${figure(row.min)}-${figure(row.max)})`
}

function ratioCell(rows, subject, metric) {
  const ratio = rows.find((each) => each.subject === subject && each.metric === `ratio:${metric}`)
  return ratio === undefined ? '-' : times(ratio.value)
}

/** One line per metric, one column per subject, and the ratio of each of ours to the peer's. */
export function matrix({ name, metrics, rows }) {
  const subjects = [...new Set(rows.map(({ subject }) => subject))]
  const ours = subjects.filter((subject) => rows.some((row) => row.subject === subject && row.against !== undefined))
  const lines = Object.entries(metrics).map(([metric, { unit, more }]) => [
    name,
    metric,
    more ? `${unit}, more is better` : unit,
    ...subjects.map((subject) => cell(rows, subject, metric)),
    ...ours.map((subject) => ratioCell(rows, subject, metric)),
  ])
  const head = ['case', 'metric', 'unit', ...subjects.map(nameOf), ...ours.map((subject) => `ratio ${nameOf(subject)}`)]
  return { head, lines }
}

export function failures(rows) {
  const told = new Map()
  for (const { case: name, subject, failure } of rows) {
    if (failure !== undefined) told.set(`${name}, ${nameOf(subject)}: ${failure}`)
  }
  return [...told.keys()]
}

export function caseTable({ name, metrics }, rows) {
  return [plain(matrix({ name, metrics, rows })), ...failures(rows)].join('\n')
}
