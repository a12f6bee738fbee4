/** Ours beside the others in one case: who is best, and how far off we are. */
import { OURS } from './rows.mjs'

/**
 * Ours and the best of some others in one metric; undefined while ours is not known.
 * @param rows of one case
 * @param admits whether a subject counts
 * @returns {{ ours: object, best: object | undefined, ratio: object | undefined } | undefined}
 */
export function compare(rows, metric, admits) {
  const figures = rows.filter((row) => row.metric === metric && row.value !== null)
  const ours = figures.find(({ subject }) => subject === OURS)
  if (ours === undefined) return undefined
  const others = figures.filter(({ subject }) => subject !== OURS && admits(subject))
  if (others.length === 0) return { ours, best: undefined, ratio: undefined }
  const best = others.reduce((least, row) => (row.value < least.value ? row : least))
  const ratio = rows.find((row) => row.metric === `ratio:${metric}` && row.against === best.subject)
  return { ours, best, ratio }
}

export const FLOORS = ['bare-gap', 'bare-gap-slab', 'bare-map']
export const isFloor = (subject) => FLOORS.includes(subject)
export const isPeer = (subject) => !isFloor(subject)
