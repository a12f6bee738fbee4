/** What rows are to reach: `atMost` or `atLeast`, in the unit of the metric. */
export const aims = [
  { case: 'fanout', metric: 'max', subject: 'joinery-sqlite', atLeast: 8_000 },
  { case: 'fanout', metric: 'overload-delivered', subject: 'joinery-sqlite', atLeast: 98 },
  { case: 'spread', metric: 'cpu', subject: 'joinery-sqlite', atMost: 250 },
  { case: 'join', metric: 'warm', subject: 'joinery-sqlite', atMost: 100 },
  { case: 'join', metric: 'restart', subject: 'joinery-sqlite', atMost: 300 },
  { case: 'memory', metric: 'rss-connection', subject: 'joinery-sqlite', atMost: 40 },
  { case: 'memory', metric: 'left-to-idle', subject: 'joinery-sqlite', atMost: 1.1 },
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
