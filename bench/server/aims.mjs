/**
 * What rows are to reach: `atMost` or `atLeast`, in the unit of the metric. Every aim is one of a durable store, for each of them; the
 * soak is run on SQLite. Of an overload, twice the maximum is offered: 40 % of it is 80 % of the maximum.
 */
const durable = [
  { case: 'fanout', metric: 'ratio:max', atLeast: 2 },
  { case: 'fanout', metric: 'ratio:p99', atMost: 1 },
  { case: 'fanout', metric: 'overload-delivered', atLeast: 40 },
  { case: 'fanout', metric: 'overload-recovery', atMost: 2_000 },
  { case: 'spread', metric: 'ratio:max', atLeast: 2 },
  { case: 'spread', metric: 'overload-delivered', atLeast: 40 },
  { case: 'spread', metric: 'overload-recovery', atMost: 2_000 },
  { case: 'join', metric: 'warm', atMost: 100 },
  { case: 'join', metric: 'restart', atMost: 300 },
  { case: 'memory', metric: 'rss-connection', atMost: 40 },
  { case: 'memory', metric: 'left-to-idle', atMost: 1.3 },
  { case: 'memory', metric: 'heap-left', atMost: 2_000 },
]
const DURABLE = ['joinery-sqlite', 'joinery-leveldb', 'joinery-postgres']

const aims = [
  ...durable.flatMap((aim) => DURABLE.map((subject) => ({ ...aim, subject }))),
  { case: 'soak', metric: 'slope', subject: 'joinery-sqlite', atMost: 1 },
]

/** One entry per aim whose case was measured. */
export function reachedAims({ cases }) {
  return aims.flatMap((aim) => {
    const rows = cases[aim.case]?.rows ?? []
    const row = rows.find(({ subject, metric }) => subject === aim.subject && metric === aim.metric)
    if (row === undefined) return []
    const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = aim
    return [{ ...aim, row, passes: row.value !== null && row.value <= atMost && row.value >= atLeast }]
  })
}
