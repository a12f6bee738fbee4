/** What a catalog tells of itself, in the text format of Prometheus. */
import type { CatalogStatus } from '../catalog.ts'
import { type CatalogInstrument, catalogInstruments } from './instruments.ts'

export interface CatalogMetrics {
  text(): Promise<string>
}

/** Everything is known by the status, so it is written as it is asked for. */
export function catalogMetrics(status: () => CatalogStatus): CatalogMetrics {
  return {
    async text() {
      const now = status()
      return catalogInstruments.map((instrument) => textOf(instrument, now)).join('')
    },
  }
}

function textOf({ name, type, help, read }: CatalogInstrument, status: CatalogStatus): string {
  const lines = read(status).map(([labels, value]) => {
    const shown = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
    return `${name}${shown.length > 0 ? `{${shown.join(',')}}` : ''} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}
