/** Rows of results: a figure of a subject, or the ratio of one of ours to the peer's, round by round. */
import { rounded, summarize } from '../lib/statistics.mjs'
import { PEER, titleOf } from './subjects.mjs'

export const SUITE = 'server'

export function rowsOf(found, runs) {
  const peer = runs.find(({ subject }) => subject.name === PEER)
  return runs.flatMap((run) =>
    Object.entries(found.metrics).flatMap(([metric, { unit }]) => {
      const row = { suite: SUITE, case: found.name, subject: titleOf(run.subject.name), metric }
      const values = run.figures.get(metric)
      if (values === undefined) {
        return run.failure === undefined ? [] : [{ ...row, value: null, unit, runs: 0, failure: run.failure }]
      }
      const own = { ...row, unit, ...rounded(summarize(values)) }
      const ratio = run === peer ? undefined : ratioOf(values, peer?.figures.get(metric))
      if (ratio === undefined) return [own]
      const against = titleOf(PEER)
      return [own, { ...row, metric: `ratio:${metric}`, against, unit: 'x', ...rounded(ratio) }]
    }),
  )
}

function ratioOf(ours, theirs) {
  if (theirs === undefined) return undefined
  const rounds = Math.min(ours.length, theirs.length)
  const ratios = Array.from({ length: rounds }, (_, round) => ours[round] / theirs[round])
  // Nothing is a multiple of nothing at all.
  return ratios.every(Number.isFinite) ? summarize(ratios) : undefined
}
