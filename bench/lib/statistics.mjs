/** The quantile of ascending numbers, interpolated. */
export function quantile(sorted, q) {
  const at = (sorted.length - 1) * q
  const low = Math.floor(at)
  const next = sorted[Math.min(low + 1, sorted.length - 1)]
  return sorted[low] + (next - sorted[low]) * (at - low)
}

/** Median, extremes and quartiles of samples. */
export function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    value: quantile(sorted, 0.5),
    runs: sorted.length,
    min: sorted[0],
    max: sorted.at(-1),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
  }
}

/** By how much values at equal distances grow from one to the next: the line of least squares. */
export function slope(values) {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const rise = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0)
  return rise / values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0)
}

/** Four digits say all that a measurement knows, but whole numbers are kept. */
export function rounded(summary) {
  const round = (value) => (Number.isInteger(value) ? value : Number(value.toPrecision(4)))
  return Object.fromEntries(Object.entries(summary).map(([name, value]) => [name, round(value)]))
}
