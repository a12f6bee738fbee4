/**
 * Paired measurement. In every round each subject takes one sample, right after the others, so that whatever disturbs the
 * machine disturbs all of them; a ratio is the median of the rounds' own ratios.
 *
 * What is measured is CPU time of a process that runs V8 in one thread, garbage collection included: on an idle machine that
 * is the wall-clock time, and on a busy one it still is the work done.
 */

import { summarize } from './statistics.mjs'

/** A sample lasts at least this long: one run, or as many as it takes, each on a value of its own. */
const SAMPLE_MS_MIN = 50

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {number} ops operations in one run
 * @property {() => unknown} prepare what a run starts from; not timed
 * @property {(start: unknown) => unknown} run the timed part
 * @property {(result: unknown) => void} check throws when the result is wrong; not timed
 */

/** One sample: runs on fresh values until the timed parts last long enough. Answers ns per operation. */
function sample({ ops, prepare, run, check }, msMin) {
  let ms = 0
  let runs = 0
  while (ms < msMin) {
    const start = prepare()
    const from = process.cpuUsage()
    const result = run(start)
    const { user, system } = process.cpuUsage(from)
    ms += (user + system) / 1000
    runs += 1
    check(result)
  }
  return (ms * 1e6) / (runs * ops)
}

/**
 * Measures the subjects of a case, the first of which is ours and the others floors or peers.
 * @returns one row per subject and, for the first, one ratio row per other subject.
 */
export function measure({ suite, name, subjects }, { rounds, warmups }) {
  for (let i = 0; i < warmups; i += 1) for (const subject of subjects) sample(subject, 2 * SAMPLE_MS_MIN)
  const times = subjects.map(() => [])
  for (let round = 0; round < rounds; round += 1) {
    subjects.forEach((subject, i) => {
      globalThis.gc?.({ type: 'minor' })
      times[i].push(sample(subject, SAMPLE_MS_MIN))
    })
  }
  const row = (subject, metric, unit, values) => ({ suite, case: name, subject, metric, unit, ...summarize(values) })
  const [ours, ...others] = subjects
  return [
    ...subjects.map((subject, i) => row(subject.name, 'time', 'ns/op', times[i])),
    ...others.map((other, i) =>
      row(
        ours.name,
        `ratio:${other.name}`,
        'x',
        times[0].map((time, round) => time / times[i + 1][round]),
      ),
    ),
  ]
}
