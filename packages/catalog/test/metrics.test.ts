/** Every metric is described, and named by convention. */
import { expect, it } from 'vitest'
import { section } from '../../core/test/source-tables.ts'
import { catalogInstruments } from '../src/metrics/instruments.ts'

it('docs/METRICS.md has all of them (JOINERY_UPDATE_DOCS=1 writes it)', () => {
  const rows = catalogInstruments.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  )
  const lines = ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows]
  const { found, expected } = section('METRICS.md', 'packages/catalog/src/metrics/instruments.ts', lines)
  expect(found).toBe(expected)
})

it.each(catalogInstruments.map((each) => [each.name, each] as const))(
  '%s is named by convention',
  (name, { type, help }) => {
    expect(name).toMatch(/^joinery(_[a-z]+)+$/)
    expect(name.endsWith('_total'), 'counters, and they alone').toBe(type === 'counter')
    expect(help).toMatch(/^[A-Z].*\.$/)
  },
)
