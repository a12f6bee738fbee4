/** The aims beside what was reached. */
import { aims } from './aims.mjs'
import { compare } from './compare.mjs'
import { OURS } from './rows.mjs'

/** Whether a subject counts for an aim; `subjects` says what each is. */
function admitted(against, subjects) {
  const about = (subject) => subjects[subject] ?? {}
  switch (against) {
    case 'best':
      return (subject) => about(subject).runs !== 'floor'
    case 'js':
      return (subject) => about(subject).runs === 'js'
    case 'plain':
      return (subject) =>
        about(subject).runs !== 'floor' && about(subject).history === 'dropped' && !about(subject).compresses
    default:
      return (subject) => subject.startsWith(`${against} `)
  }
}

function amount(rows, metric, atMost) {
  const ours = rows.find((row) => row.subject === OURS && row.metric === metric)
  return { ours, reached: ours?.value ?? undefined, passes: ours?.value != null && ours.value <= atMost }
}

function ratioTo(rows, { metric, against, atMost, subjects }) {
  const ours = rows.find((row) => row.subject === OURS && row.metric === metric)
  const { best, ratio } = compare(rows, metric, admitted(against, subjects)) ?? {}
  const reached = ratio?.value
  // Where no peer can do at all what we can, there is nothing to be better than.
  const alone = ours?.value != null && best === undefined
  return { ours, best, ratio, reached, passes: alone || (reached !== undefined && reached <= atMost) }
}

/** One entry per aim and row that was measured: `{ case, metric, against, atMost, ours, best, ratio, reached, passes }`. */
export function reachedAims({ subjects, cases }) {
  return aims.flatMap(({ cases: names, metrics, against, atMost }) =>
    names.flatMap((name) => {
      const rows = cases[name]?.rows
      if (rows === undefined) return []
      return metrics.map((metric) => {
        const found =
          against === undefined ? amount(rows, metric, atMost) : ratioTo(rows, { metric, against, atMost, subjects })
        return { case: name, metric, against, atMost, ...found }
      })
    }),
  )
}
