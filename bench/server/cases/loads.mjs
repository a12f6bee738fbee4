/** Edits that others see: one document with many clients, and many documents with two. */

const metrics = {
  p50: { unit: 'ms' },
  p99: { unit: 'ms' },
  delivered: { unit: '%', more: true },
  cpu: { unit: 'us/edit' },
  'client-cpu': { unit: 'us/edit' },
  max: { unit: 'edits/s', more: true },
  'cpu-max': { unit: 'us/edit' },
  'load-max': { unit: '%', about: true },
  'overload-delivered': { unit: '%', more: true },
  'overload-recovery': { unit: 'ms' },
}

const LIMIT_MS = 240_000

const loadCase = ({ name, rate, ...clients }) => ({
  name,
  metrics,
  measure: (pair, { quick }) =>
    pair.load(
      { do: 'load', ...clients, fixed: { rate, seconds: quick ? 3 : 8 }, rampSeconds: quick ? 1.5 : 3 },
      LIMIT_MS,
    ),
})

export const fanout = loadCase({ name: 'fanout', groups: 1, size: 50, muted: 47, rate: 100 })
export const spread = loadCase({ name: 'spread', groups: 200, size: 2, muted: 0, rate: 400 })
