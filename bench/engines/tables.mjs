/** Tables of results, as cells; the terminal and the report lay them out each in its way. */
import { figure, plain, times } from '../lib/format.mjs'
import { compare, isFloor, isPeer } from './compare.mjs'
import { OURS } from './rows.mjs'

const nameOf = (subject) => subject.split(' ')[0]
export const ratioText = (ratio) => (ratio === undefined ? '-' : times(ratio.value))
export const spread = (ratio) => (ratio === undefined ? '' : `${times(ratio.q1)}-${times(ratio.q3)}`)

/** Ours in one metric beside the best peer and the lowest floor. */
function summaryLine(rows, name, metric) {
  const ours = rows.find((row) => row.subject === OURS && row.metric === metric)
  if (ours === undefined) return undefined
  const head = [name, metric, ours.unit]
  if (ours.value === null) return [...head, ours.failure, '', '', '', '', '', '']
  const toPeer = compare(rows, metric, isPeer)
  const toFloor = compare(rows, metric, isFloor)
  const best = toPeer.best === undefined ? ['-', '', '-', ''] : bestCells(toPeer)
  const floor = toFloor.best === undefined ? ['', ''] : [nameOf(toFloor.best.subject), ratioText(toFloor.ratio)]
  return [...head, figure(ours.value), ...best, ...floor]
}

const bestCells = ({ best, ratio }) => [nameOf(best.subject), figure(best.value), ratioText(ratio), spread(ratio)]

/** One line per metric of cases: ours, the best peer, the ratio, and the ratio to the lowest floor. */
export function summary(groups) {
  const lines = groups.flatMap(({ name, metrics, rows }) =>
    metrics.map((metric) => summaryLine(rows, name, metric)).filter((line) => line !== undefined),
  )
  const head = ['case', 'metric', 'unit', OURS, 'best peer', 'its', 'ratio', 'IQR', 'floor', 'ratio']
  return { head, lines }
}

/** One line per metric of cases, one column per subject. */
export function matrix(groups) {
  const subjects = [...new Set(groups.flatMap(({ rows }) => rows.map(({ subject }) => subject)))]
  const lines = groups.flatMap(({ name, metrics, rows }) =>
    metrics.map((metric) => [name, metric, ...subjects.map((subject) => cell(rows, subject, metric))]),
  )
  return { head: ['case', 'metric', ...subjects.map(nameOf)], lines }
}

function cell(rows, subject, metric) {
  const row = rows.find((each) => each.subject === subject && each.metric === metric)
  if (row === undefined) return '-'
  if (row.value !== null) return figure(row.value)
  if (row.failure.startsWith('not reached')) return 'not reached'
  return row.failure.startsWith('>') ? row.failure : 'fails'
}

export function caseTable(found, rows) {
  const groups = [{ name: found.name, metrics: Object.keys(found.metrics), rows }]
  return `${plain(summary(groups))}\n\n${plain(matrix(groups))}${failures(rows)}`
}

function failures(rows) {
  const told = rows.filter(({ failure }) => failure !== undefined && !failure.startsWith('not reached'))
  return told.map(({ subject, metric, failure }) => `\n${nameOf(subject)} ${metric}: ${failure}`).join('')
}
