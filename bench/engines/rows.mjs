/** Rows of results: a figure of a subject, or the ratio of ours to another subject's, round by round. */
import { rounded, summarize } from '../lib/statistics.mjs'

export const SUITE = 'engines'
export const OURS = 'joinery'

/** How a peer is called in results. */
export const subjectOf = ({ name, version }) => (name === OURS || version === '' ? name : `${name} ${version}`)

/** @param found a case. @param runs what each peer did in it. */
export function rowsOf(found, runs) {
  const ours = runs.find(({ peer }) => peer.name === OURS)
  return runs.flatMap((run) =>
    Object.entries(found.metrics).flatMap(([metric, unit]) => {
      const row = { suite: SUITE, case: found.name, subject: subjectOf(run.peer), metric }
      const values = run.figures.get(metric)
      const rows = []
      if (values !== undefined) rows.push({ ...row, unit, ...rounded(summarize(values)) })
      else if (run.failures.has(metric))
        rows.push({ ...row, value: null, unit, runs: 0, failure: run.failures.get(metric) })
      const ratio = run === ours ? undefined : ratioOf(ours?.figures.get(metric), values)
      if (ratio !== undefined) {
        const { subject: against } = row
        rows.push({ ...row, subject: OURS, metric: `ratio:${metric}`, against, unit: 'x', ...rounded(ratio) })
      }
      return rows
    }),
  )
}

function ratioOf(ours, theirs) {
  if (ours === undefined || theirs === undefined) return undefined
  const rounds = Math.min(ours.length, theirs.length)
  const ratios = Array.from({ length: rounds }, (_, round) => ours[round] / theirs[round])
  // Nothing is a multiple of no bytes at all.
  return ratios.every(Number.isFinite) ? summarize(ratios) : undefined
}
