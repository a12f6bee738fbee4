/** Everything that the metrics of a catalog tell, by name. The table in `docs/METRICS.md` is made from this one. */
import type { CatalogStatus } from '../catalog.ts'

export interface CatalogInstrument {
  readonly name: `joinery_catalog_${string}`
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly string[]
  readonly help: string
  /** One value per combination of labels. */
  readonly read: (status: CatalogStatus) => readonly (readonly [Readonly<Record<string, string>>, number])[]
}

function byLabel(label: string, values: Readonly<Record<string, number>>): ReturnType<CatalogInstrument['read']> {
  return Object.entries(values).map(([name, value]) => [{ [label]: name }, value])
}

export const catalogInstruments: readonly CatalogInstrument[] = [
  {
    name: 'joinery_catalog_entries',
    type: 'gauge',
    labels: ['type'],
    help: 'Entries, by type (snapshots, images).',
    read: ({ entries }) => byLabel('type', entries),
  },
  {
    name: 'joinery_catalog_consumers',
    type: 'gauge',
    labels: [],
    help: 'Consumers that fetch deltas, or did.',
    read: ({ consumers }) => [[{}, consumers]],
  },
  {
    name: 'joinery_catalog_deltas_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Deltas that were handed over, by outcome (applied, stale, waiting, refused).',
    read: ({ deltas }) => byLabel('outcome', deltas),
  },
]
