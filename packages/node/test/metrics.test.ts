/** Every metric is described, named by convention, and there. */
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { section } from '../../core/test/source-tables.ts'
import { nodeLog, nodeMetrics, observers } from '../src/index.ts'
import { type NodeInstrument, nodeCurrent, nodeMeasured } from '../src/metrics/instruments.ts'
import { converged, increment, scheduler, set, testNetwork } from './nodes.ts'

const all: readonly NodeInstrument[] = [...Object.values(nodeMeasured), ...Object.values(nodeCurrent)]

it('docs/METRICS.md has all of them (JOINERY_UPDATE_DOCS=1 writes it)', () => {
  const rows = all.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  )
  const lines = ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows]
  const { found, expected } = section('METRICS.md', 'packages/node/src/metrics/instruments.ts', lines)
  expect(found).toBe(expected)
})

it.each(all.map((each) => [each.name, each] as const))('%s is named by convention', (name, { type, help }) => {
  expect(name).toMatch(/^joinery(_[a-z]+)+$/)
  expect(name.endsWith('_total'), 'counters, and they alone').toBe(type === 'counter')
  expect(help).toMatch(/^[A-Z].*\.$/)
})

it('two nodes that speak to each other count it, and log no more than they may', async () => {
  const network = testNetwork()
  const metrics = nodeMetrics()
  const lines: string[] = []
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  const log = nodeLog({ logger, scheduler, limits: { logLinesBurstMax: 3, logLinesPerSecondMax: 1 } })
  const a = await network.start({ node: 'a', observer: observers([metrics, log]) })
  const b = await network.start({ node: 'b' })
  metrics.watch(() => a.status())
  a.join(b.status().address)
  await set(a, 'page', increment('visits'))
  await converged([a, b], 'page')
  for (let i = 0; i < 10; i += 1) log.refused?.('TRANSPORT_TLS', { remote: 'somewhere' })
  const text = await metrics.text()
  for (const { name, type } of all) expect(text).toContain(`# TYPE ${name} ${type}\n`)
  expect(text).toContain('\njoinery_node_peers 1\n')
  expect(text).toContain('\njoinery_node_connections_total 1\n')
  expect(text).toContain('\njoinery_node_lives 1\n')
  expect(text).toMatch(/\njoinery_node_edits_total\{outcome="admitted"\} [1-9]/)
  expect(text).toMatch(/\njoinery_node_messages_total\{cause="live"\} [1-9]/)
  expect(lines.length).toBeLessThanOrEqual(4)
  expect(lines.join('')).toContain('"peer":"b"')
})
