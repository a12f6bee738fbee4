/** The result table: one line per case, a ratio with its interquartile range per floor. */

const number = (value) => (value === undefined ? '' : value >= 100 ? value.toFixed(0) : value.toFixed(1))

/** @param rows of one case. @param reference figures measured or claimed elsewhere, ns per operation. */
export function tableLines(rows, reference = {}) {
  const ours = rows[0]
  const ratios = rows.filter(({ metric }) => metric.startsWith('ratio:'))
  return ratios.map((ratio, i) => {
    const subject = ratio.metric.slice('ratio:'.length)
    const floor = rows.find((row) => row.subject === subject)
    return [
      i === 0 ? ours.case : '',
      i === 0 ? number(ours.value) : '',
      subject,
      number(floor.value),
      `${ratio.value.toFixed(2)}x`,
      `${ratio.q1.toFixed(2)}-${ratio.q3.toFixed(2)}`,
      i === 0 ? number(reference.measured) : '',
      i === 0 ? number(reference.claimed) : '',
    ]
  })
}

const HEAD = ['case', 'joinery', 'floor', 'floor ns', 'ratio', 'IQR', 'Go measured', 'Go claimed']
const LEFT = new Set([0, 2])

export function formatTable(lines) {
  const all = [HEAD, ...lines]
  const widths = HEAD.map((_, column) => Math.max(...all.map((line) => line[column].length)))
  const format = (line) =>
    line
      .map((cell, i) => (LEFT.has(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  return [format(HEAD), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.map(format)].join('\n')
}
