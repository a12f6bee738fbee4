/** Figures and tables as text, for the terminal and for reports. */

/** A figure with three digits or so. */
export function figure(value) {
  if (Number.isInteger(value) && value < 1e5) return String(value)
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`
  if (value >= 1e5) return `${(value / 1e3).toFixed(0)}k`
  if (value >= 100) return value.toFixed(0)
  return String(Number(value.toPrecision(3)))
}

/** A ratio with two digits. */
export const times = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2))

/** For a terminal: columns of equal width. */
export function plain({ head, lines }) {
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column].length)))
  const format = (line) => line.map((text, i) => (i < 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ')
  return [format(head), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.map(format)]
    .map((line) => line.trimEnd())
    .join('\n')
}

/** For the report: Markdown. */
export function markdown({ head, lines }) {
  const format = (line) => `| ${line.join(' | ')} |`
  return [format(head), format(head.map((_, i) => (i < 2 ? '---' : '---:'))), ...lines.map(format)].join('\n')
}
