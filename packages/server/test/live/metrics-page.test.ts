/** Every metric is described, named by convention, and there. */
import { describe, expect, it } from 'vitest'
import { section } from '../../../core/test/source-tables.ts'
import { current, type Instrument, measured } from '../../src/metrics/instruments.ts'
import { type CurrentFigures, serverMetrics } from '../../src/metrics/metrics.ts'

const all: readonly Instrument[] = [...Object.values(measured), ...Object.values(current)]

it('docs/METRICS.md has all of them (JOINERY_UPDATE_DOCS=1 writes it)', () => {
  const rows = all.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  )
  const lines = ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows]
  const { found, expected } = section('METRICS.md', 'packages/server/src/metrics/instruments.ts', lines)
  expect(found).toBe(expected)
})

describe('names and units', () => {
  it.each(all.map((each) => [each.name, each] as const))('%s', (name, { type, labels, help }) => {
    expect(name).toMatch(/^joinery(_[a-z]+)+$/)
    expect(name.endsWith('_total'), 'counters, and they alone').toBe(type === 'counter')
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
    expect(name, 'base units').not.toMatch(/_(ms|millis|milliseconds|kb|mb|percent|count|sum|bucket)(_|$)/)
    expect(help).toMatch(/^[A-Z].*\.$/)
    for (const label of labels) expect(label, 'few values, none made up by callers').toMatch(/^[a-z]+$/)
    expect(labels.filter((label) => ['tenant', 'node', 'document', 'session', 'key', 'le'].includes(label))).toEqual([])
  })

  it('no two are the same', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  })
})

it('the text has each with its type and help, and quantiles can be taken', async () => {
  const metrics = serverMetrics()
  metrics.watch(Object.fromEntries(Object.keys(current).map((name) => [name, () => 7])) as unknown as CurrentFigures)
  for (let i = 1; i <= 100; i += 1) metrics.operation('read', 'done', i <= 95 ? 0.004 : 0.4)
  const text = await metrics.text()
  for (const { name, type, help } of all) {
    expect(text).toContain(`# TYPE ${name} ${type}\n`)
    expect(text).toContain(`# HELP ${name} ${help}\n`)
  }
  for (const { name } of Object.values(current)) expect(text).toContain(`\n${name} 7\n`)
  const buckets = [
    ...text.matchAll(/joinery_operation_duration_seconds_bucket\{le="([^"]+)",operation="read"\} (\d+)/g),
  ]
  const quantile = (q: number): number => Number(buckets.find(([, , count]) => Number(count) >= q * 100)?.[1])
  expect([quantile(0.5), quantile(0.95), quantile(0.99)]).toEqual([0.005, 0.005, 0.5])
})
