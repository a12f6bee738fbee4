/** Drives one case: in every round each subject has a turn, with a server and a load generator that start anew. */
import { Pair } from './pair.mjs'

const ROUNDS = { full: 3, quick: 1 }

/** What is known of one subject in one case: figures by metric, one per round, and what went wrong. */
class Run {
  subject
  figures = new Map()
  failure

  constructor(subject) {
    this.subject = subject
  }

  note(figures) {
    for (const [metric, value] of Object.entries(figures)) {
      if (!this.figures.has(metric)) this.figures.set(metric, [])
      this.figures.get(metric).push(value)
    }
  }
}

async function turn(run, found, effort) {
  const pair = await Pair.start(run.subject)
  try {
    const figures = await found.measure(pair, effort, run.subject)
    const wanted = Object.entries(figures).filter(([metric]) => found.metrics[metric] !== undefined)
    run.note(Object.fromEntries(wanted))
  } finally {
    await pair.stop()
  }
}

/** What goes wrong is told, and the others go on. */
async function attempt(run, found, { progress, ...effort }) {
  try {
    await turn(run, found, effort)
    progress('.')
  } catch (error) {
    run.failure = withoutPaths(error.message)
    progress('!')
  }
}

/** Results are kept: they say nothing of where they were made. */
const withoutPaths = (text) => text.replace(/(file:\/\/)?(\/[^\s/:]+)+\//g, '')

/** @returns {Promise<Run[]>} */
export async function drive(found, subjects, effort) {
  const runs = subjects.filter(({ name }) => found.only?.includes(name) ?? true).map((subject) => new Run(subject))
  const rounds = effort.quick ? ROUNDS.quick : (found.rounds ?? ROUNDS.full)
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another, so that nobody always comes after the same one.
    const order = runs.map((_, i) => runs[(i + round) % runs.length])
    if (found.together) await Promise.all(order.map((run) => attempt(run, found, effort)))
    else for (const run of order) await attempt(run, found, effort)
  }
  return runs
}
