/** Every metric is described, named by convention, and told by a running node. */
import { expect, it } from 'vitest'
import { section } from '../../core/test/source-tables.ts'
import { clusterMetrics } from '../src/index.ts'
import { clusterInstruments } from '../src/metrics/instruments.ts'
import { converged, testNetwork } from './clusters.ts'

it('docs/METRICS.md has all of them (JOINERY_UPDATE_DOCS=1 writes it)', () => {
  const rows = clusterInstruments.map(({ name, type, help }) => `| \`${name}\` | ${type} |  | ${help} |`)
  const lines = ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows]
  const { found, expected } = section('METRICS.md', 'packages/cluster/src/metrics/instruments.ts', lines)
  expect(found).toBe(expected)
})

it.each(clusterInstruments.map((each) => [each.name, each] as const))(
  '%s is named by convention',
  (name, { type, help }) => {
    expect(name).toMatch(/^joinery(_[a-z]+)+$/)
    expect(name.endsWith('_total'), 'counters, and they alone').toBe(type === 'counter')
    expect(help).toMatch(/^[A-Z].*\.$/)
  },
)

it('a node tells what there is', async () => {
  const [a, b] = await testNetwork().several('a', 'b')
  if (a === undefined || b === undefined) throw new Error('two were started')
  await a.updateVm('vm-1', { status: 'running' })
  await b.updateVm('vm-2', { status: 'running' })
  await converged([a, b])
  const text = await clusterMetrics(() => a.stats()).text()
  expect(text).toMatch(/\njoinery_cluster_vms 2\n/)
  for (const { name } of clusterInstruments) expect(text).toMatch(new RegExp(`\\n${name} [\\d.e+-]+\\n`))
})
